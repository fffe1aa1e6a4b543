"""One function per route: what is sent, how its answer is read, and whether it may be sent again. No I/O."""

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Callable, Dict, Generic, List, Optional, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx
from pydantic import TypeAdapter

from ._keys import PublicKeys
from ._models import Session, SessionList, TokenIntrospection, Tokens, User, UserAnswer
from ._tokens import invalid

T = TypeVar("T")

_introspection: TypeAdapter[TokenIntrospection] = TypeAdapter(TokenIntrospection)


class Repeat(Enum):
    """Whether a request may be sent again when nobody knows if the first one was carried out."""

    NEVER = "never"
    ALWAYS = "always"
    SOON = "soon"
    """Only within seconds: after that DevAuth takes a refresh token shown twice for a stolen one."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request, and how to read its answer."""

    method: str
    path: str
    read: Callable[[httpx.Response], T]
    repeat: Repeat = Repeat.NEVER
    body: Optional[Dict[str, Any]] = field(default=None, repr=False)
    headers: Dict[str, str] = field(default_factory=dict, repr=False)
    with_key: bool = True


def _bearer(access_token: str) -> Dict[str, str]:
    # Whatever it is, it is a bad token and not a bug; httpx would fail in other ways.
    if not isinstance(access_token, str) or not re.fullmatch(r"[\x21-\x7e]+", access_token):
        raise invalid("The token is malformed.")
    return {"Authorization": f"Bearer {access_token}"}


def _nothing(_: httpx.Response) -> None:
    return None


def _user(response: httpx.Response) -> User:
    return UserAnswer.model_validate_json(response.content).user


def _user_if_told(response: httpx.Response) -> Optional[User]:
    return None if response.status_code == 202 else _user(response)


def _tokens(response: httpx.Response) -> Tokens:
    return Tokens.model_validate_json(response.content)


def _sessions(response: httpx.Response) -> List[Session]:
    return SessionList.model_validate_json(response.content).data


def _introspected(response: httpx.Response) -> TokenIntrospection:
    return _introspection.validate_json(response.content)


def key_set() -> Call[PublicKeys]:
    """The public keys. No API key goes with the request."""
    return Call("GET", "/.well-known/jwks.json", PublicKeys.read, Repeat.ALWAYS, with_key=False)


def signup(email: str, password: str, metadata: Optional[Dict[str, Any]], idempotency_key: Optional[str]) -> Call[Optional[User]]:
    """Repeated under the same key, it is carried out once."""
    body: Dict[str, Any] = {"email": email, "password": password}
    if metadata is not None:
        body["metadata"] = metadata
    headers = {"Idempotency-Key": idempotency_key or uuid4().hex}
    return Call("POST", "/v1/auth/signup", _user_if_told, Repeat.ALWAYS, body, headers=headers)


def login(email: str, password: str) -> Call[Tokens]:
    """Never repeated: a second one would be a second session, or count as a second failure."""
    return Call("POST", "/v1/auth/login", _tokens, body={"email": email, "password": password})


def refresh(refresh_token: str) -> Call[Tokens]:
    """Shown again within DevAuth's grace (10 s), the token answers with the same successor."""
    return Call("POST", "/v1/auth/refresh", _tokens, Repeat.SOON, {"refresh_token": refresh_token})


def logout(refresh_token: str) -> Call[None]:
    """An ended session answers like a living one."""
    return Call("POST", "/v1/auth/logout", _nothing, Repeat.ALWAYS, {"refresh_token": refresh_token})


def logout_all(access_token: str) -> Call[None]:
    """Never repeated: its own token is dead afterwards, and a success would look like a failure."""
    return Call("POST", "/v1/auth/logout/all", _nothing, headers=_bearer(access_token))


def get_user(access_token: str) -> Call[User]:
    """Reads only."""
    return Call("GET", "/v1/auth/me", _user, Repeat.ALWAYS, headers=_bearer(access_token))


def request_email_verification(email: str) -> Call[None]:
    """Never repeated: each one is a mail."""
    return Call("POST", "/v1/auth/email/verify/request", _nothing, body={"email": email})


def verify_email(token: str) -> Call[User]:
    """Never repeated: the token is good once."""
    return Call("POST", "/v1/auth/email/verify/confirm", _user, body={"token": token})


def request_password_reset(email: str) -> Call[None]:
    """Never repeated: each one is a mail."""
    return Call("POST", "/v1/auth/password/reset/request", _nothing, body={"email": email})


def confirm_password_reset(token: str, password: str) -> Call[User]:
    """Never repeated: the token is good once."""
    body = {"token": token, "password": password}
    return Call("POST", "/v1/auth/password/reset/confirm", _user, body=body)


def change_password(access_token: str, current_password: str, password: str) -> Call[None]:
    """Never repeated: the current password is another one afterwards."""
    body = {"current_password": current_password, "password": password}
    return Call("POST", "/v1/auth/password/change", _nothing, body=body, headers=_bearer(access_token))


def list_sessions(access_token: str) -> Call[List[Session]]:
    """Reads only."""
    return Call("GET", "/v1/auth/sessions", _sessions, Repeat.ALWAYS, headers=_bearer(access_token))


def revoke_session(access_token: str, session_id: str) -> Call[None]:
    """Never repeated: it is not found afterwards, or its own token is dead."""
    path = f"/v1/auth/sessions/{quote(session_id, safe='')}"
    return Call("DELETE", path, _nothing, headers=_bearer(access_token))


def introspect_token(token: str) -> Call[TokenIntrospection]:
    """Reads only."""
    return Call("POST", "/v1/auth/introspect", _introspected, Repeat.ALWAYS, {"token": token})
