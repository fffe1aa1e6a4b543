"""Local verification of access tokens (RFC 9068). No I/O, and the time is a parameter."""

from typing import Optional

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pydantic import ValidationError

from ._errors import AuthenticationError
from ._models import VerifiedToken

ALGORITHM = "RS256"
TYPE = "at+jwt"
LEEWAY = 5
"""Seconds that two clocks may differ."""
MAX_LENGTH = 8 * 1024
"""Characters; longer ones are not looked at."""

_jws = jwt.PyJWS(algorithms=[ALGORITHM])


def key_id_of(token: str) -> str:
    """The id of the key that a token says it was signed with. Nothing is verified yet.

    Raises:
        AuthenticationError: it is no access token by its header alone.
    """
    # Callers hand on what came in a request; whatever it is, it is a bad token and not a bug.
    if not isinstance(token, str) or not token.isascii() or len(token) > MAX_LENGTH:
        raise invalid("The token is malformed.")
    try:
        header = _jws.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError):
        raise invalid("The token is malformed.") from None
    # The header's word on the algorithm chooses nothing; extensions that we don't understand must be refused (RFC 7515 4.1.11).
    if header.get("alg") != ALGORITHM or not _is_access_token(header.get("typ")) or "crit" in header:
        raise invalid("The token is of another kind.")
    kid = header.get("kid")
    if not isinstance(kid, str):
        raise invalid("The token does not name its key.")
    return kid


def verify(token: str, key: RSAPublicKey, *, issuer: str, app_id: str, now: Optional[float]) -> VerifiedToken:
    """The claims of a token that `key` signed, for this application, valid at `now` (any time if None).

    Raises:
        AuthenticationError: whatever is wrong with it.
    """
    try:
        claims = VerifiedToken.model_validate_json(_jws.decode(token, key, algorithms=[ALGORITHM]))
    except (jwt.PyJWTError, ValidationError):
        raise invalid("The token's signature or claims are wrong.") from None
    if claims.iss != issuer:
        raise invalid("The token is from another issuer.")
    if not claims.aud == claims.app_id == (claims.client_id or app_id) == app_id:
        raise invalid("The token is for another application.")
    if now is not None:
        if claims.exp <= now - LEEWAY:
            raise invalid("The token has expired.")
        if claims.iat > now + LEEWAY:
            raise invalid("The token is from the future: check this machine's clock.")
    return claims


def invalid(message: str) -> AuthenticationError:
    """A token that is not good. The message is for logs; tell the client no more than `invalid_token`."""
    return AuthenticationError(message, status_code=401, code="invalid_token")


def _is_access_token(typ: object) -> bool:
    # Media types don't know capitals, and `application/` may be left out (RFC 7515 4.1.9).
    return isinstance(typ, str) and typ.lower() in (TYPE, f"application/{TYPE}")
