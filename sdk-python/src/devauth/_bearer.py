"""What the framework modules share: the token in a request, and what to answer when it is not good. No framework in here."""

import logging
import re
from typing import Dict, NamedTuple, Optional

from ._errors import AuthenticationError, DevAuthError

_logger = logging.getLogger("devauth")

# RFC 6750 2.1; schemes don't know capitals.
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*) *", re.IGNORECASE)


class MissingTokenError(AuthenticationError):
    """The request has no bearer token."""


class Refusal(NamedTuple):
    """An answer instead of the protected one."""

    status: int
    detail: str
    headers: Dict[str, str]


def bearer_token(authorization: Optional[str]) -> str:
    """The token in an `Authorization` header.

    Raises:
        AuthenticationError: there is none.
    """
    if not authorization or not authorization[:7].lower().startswith("bearer"):
        raise MissingTokenError("The request has no bearer token.", status_code=401, code="invalid_token")
    match = _BEARER.fullmatch(authorization)
    if match is None:
        raise AuthenticationError("The Authorization header is malformed.", status_code=401, code="invalid_token")
    return match.group(1)


def refusal(error: DevAuthError) -> Refusal:
    """What the client is told: 401 if its token is not good, 503 if that can't be found out."""
    if isinstance(error, AuthenticationError):
        # RFC 6750 3.1: who sent no token is not told of an error.
        challenge = "Bearer" if isinstance(error, MissingTokenError) else 'Bearer error="invalid_token"'
        return Refusal(401, "A valid access token is needed.", {"WWW-Authenticate": challenge})
    # Anything else is trouble of ours: the service is away, our API key is wrong, our introspections are used up.
    _logger.error("tokens can't be verified: %s: %s", type(error).__name__, error)
    headers = {} if error.retry_after is None else {"Retry-After": str(round(error.retry_after))}
    return Refusal(503, "Tokens can't be verified right now.", headers)
