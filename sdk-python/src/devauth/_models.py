"""What DevAuth answers, as pydantic models. A test compares them with the OpenAPI document.

They are frozen, and members that a newer service adds are ignored. Their `repr` leaves out tokens and personal data, so that
logging one does no harm.
"""

from datetime import datetime
from typing import Any, Dict, List, Literal, Optional, Union

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """What all models have in common."""

    # An answer that does not fit must not bring its tokens and addresses into an error's text.
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, hide_input_in_errors=True)


class User(Model):
    """A user of the application."""

    id: str
    """`usr_…`"""
    app_id: str
    """`app_…`"""
    email: str = Field(repr=False)
    """The address as it was typed."""
    email_verified: bool
    """Whether the user proved that the address is theirs."""
    status: str
    """`active` or `suspended`."""
    metadata: Dict[str, Any] = Field(repr=False)
    """What the application keeps with the user."""
    created_at: datetime
    """When they signed up."""
    updated_at: datetime
    """When something about them changed last."""
    last_login_at: Optional[datetime]
    """Their last login."""


class UserAnswer(Model):
    """How the service wraps a user."""

    user: User
    """The user."""


class Tokens(Model):
    """What a user holds after a login or a refresh."""

    access_token: str = Field(repr=False)
    """A JWT (RFC 9068), to be sent as `Authorization: Bearer …`."""
    token_type: str
    """Always `Bearer`."""
    expires_in: int
    """Seconds until the access token ends."""
    refresh_token: str = Field(repr=False)
    """Good for one refresh; a new one comes with each."""
    refresh_expires_in: int
    """Seconds until the session ends, however often it is refreshed."""
    user: User
    """The user."""


class Session(Model):
    """A session, as its user sees it."""

    id: str
    """`ses_…`"""
    created_at: datetime
    """The login."""
    last_used_at: datetime
    """The last refresh, or the login."""
    expires_at: datetime
    """When it ends by itself."""
    client_address: Optional[str] = Field(repr=False)
    """Address that the login came from."""
    user_agent: Optional[str] = Field(repr=False)
    """What the client called itself."""
    device: Optional[str]
    """The same in short, such as `Firefox on Linux`."""
    current: bool
    """Whether the access token of this request belongs to it."""


class SessionList(Model):
    """How the service wraps sessions."""

    data: List[Session]
    """Newest first."""
    next_cursor: Optional[str]
    """Always None: all are here."""


class VerifiedToken(Model):
    """The claims of an access token that was found good."""

    iss: str
    """The issuer: DevAuth's public URL."""
    aud: str
    """Whom the token is for: the application, `app_…`."""
    app_id: str
    """The application again."""
    sub: str
    """The user, `usr_…`."""
    sid: str
    """The session, `ses_…`."""
    jti: str
    """The token's own id."""
    iat: int
    """When it was issued, seconds since 1970."""
    exp: int
    """When it ends, seconds since 1970."""
    email: str = Field(repr=False)
    """The user's address: when the token was issued, or, verified strictly, as it is now."""
    email_verified: bool
    """Whether that address was verified by then."""
    client_id: Optional[str] = None
    """The application under its name in OAuth (RFC 9068)."""


class ActiveToken(VerifiedToken):
    """An introspected token that is good now (RFC 7662)."""

    active: Literal[True]
    """True."""
    client_id: str
    """The application under its name in OAuth."""
    token_type: str
    """`Bearer`"""
    username: str = Field(repr=False)
    """The user's address, as it is now."""


class InactiveToken(Model):
    """An introspected token that is good for nothing, and not a word more."""

    active: Literal[False]
    """False."""


TokenIntrospection = Union[ActiveToken, InactiveToken]
"""An introspection's answer. After `if introspection.active:` type checkers know that the claims are there."""


class FieldError(Model):
    """One unacceptable member of a request."""

    pointer: str
    """Where it is: a JSON pointer into the body (RFC 6901); empty for the body itself."""
    code: str
    """What is wrong with it, for programs, such as `too_short`."""
    message: str
    """What is wrong with it, for people; never contains what was sent."""


class Problem(Model):
    """The body of every answer that is not a success (RFC 9457)."""

    type: str
    """A page that explains the code."""
    title: str
    """The kind of problem in a few words."""
    status: int
    """The HTTP status again."""
    code: str
    """What programs act on."""
    detail: str
    """This occurrence in a sentence."""
    request_id: str
    """The request's id, as in `X-Request-Id`."""
    errors: List[FieldError] = []
    """The unacceptable members; with `validation_failed` only."""
