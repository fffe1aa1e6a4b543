"""The public keys of access tokens, and how long they are kept. No I/O.

Three times matter. While a set is *fresh* (as long as the service's `Cache-Control` says) it is used without asking. After that
it is *stale*: the service is asked again, and if it can't be reached the old set still serves. At its *bound* it is dropped, and
without the service nobody is authenticated any more.
"""

import re
from typing import Any, Dict, NamedTuple, Optional

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ._errors import AuthenticationError, ServiceUnavailableError
from ._time import Moment

UNKNOWN_KEY_PAUSE = 10.0
"""Seconds after a fetch in which an unknown key id is refused without another: made-up ids can't make us flood the service."""
FAILURE_PAUSE = 1.0
"""Seconds after a failed fetch without a try, while there is no key."""
STALE_FAILURE_PAUSE = 10.0
"""The same while a stale set serves: nobody waits for the service often."""
USUAL_MAX_AGE = 300.0
"""Seconds a set is fresh if the service doesn't say."""
SMALLEST_MODULUS = 2048


class PublicKeys(NamedTuple):
    """A fetched set: usable keys by their ids, and the seconds they are fresh."""

    keys: Dict[str, RSAPublicKey]
    max_age: float

    @staticmethod
    def read(response: httpx.Response) -> "PublicKeys":
        """Reads a JWK set (RFC 7517). Keys of other kinds are passed over: they are not for us.

        Raises:
            ValueError: if there is no usable key in it.
        """
        document = response.json()
        listed = document.get("keys") if isinstance(document, dict) else None
        keys = {}
        for entry in listed if isinstance(listed, list) else []:
            key = _usable(entry)
            if key is not None:
                keys[entry["kid"]] = key
        if not keys:
            raise ValueError("no usable key")
        age = re.search(r"(?:^|[,\s])max-age=(\d{1,9})\b", response.headers.get("cache-control", ""))
        return PublicKeys(keys, float(age.group(1)) if age else USUAL_MAX_AGE)


def _usable(entry: Any) -> Optional[RSAPublicKey]:
    if not isinstance(entry, dict) or entry.get("kty") != "RSA" or not isinstance(entry.get("kid"), str):
        return None
    if entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
        return None
    try:
        key = jwt.PyJWK(entry, algorithm="RS256").key
    except (jwt.PyJWTError, ValueError):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= SMALLEST_MODULUS else None


class Lookup(NamedTuple):
    """What is known of a key id. Without a key the set must be fetched; with one it should be, if `fetch` says so."""

    key: Optional[RSAPublicKey]
    fetch: bool


class KeyCache:
    """The newest set, and what became of the last fetch."""

    def __init__(self, bound: float) -> None:
        """`bound`: seconds after its fetch in which a set may be used at most."""
        self._bound = bound
        self._keys: Dict[str, RSAPublicKey] = {}
        self._fresh_for = 0.0
        self._fetched: Optional[Moment] = None
        self._failed: Optional[Moment] = None

    def find(self, kid: str, now: Moment) -> Lookup:
        """Looks a key up.

        Raises:
            AuthenticationError: the service was asked a moment ago and has no such key.
            ServiceUnavailableError: it could not be asked a moment ago.
        """
        age = now.since(self._fetched) if self._fetched else float("inf")
        key = self._keys.get(kid) if age < self._bound else None
        if key is not None:
            return Lookup(key, age >= self._fresh_for and not self._failed_within(STALE_FAILURE_PAUSE, now))
        if self._failed_within(FAILURE_PAUSE, now):
            raise ServiceUnavailableError(
                "DevAuth's public keys could not be fetched, so the token can't be verified.",
                code="connection_failed",
            )
        if age < min(UNKNOWN_KEY_PAUSE, self._bound):
            raise AuthenticationError("The token was signed with an unknown key.", status_code=401, code="invalid_token")
        return Lookup(None, True)

    def replace(self, fetched: PublicKeys, now: Moment) -> None:
        """Takes a new set; keys that are not in it any more are gone. `now`: when it was asked for."""
        self._keys = fetched.keys
        self._fresh_for = max(fetched.max_age, UNKNOWN_KEY_PAUSE)
        self._fetched = now
        self._failed = None

    def failed(self, now: Moment) -> None:
        """A fetch came to nothing. `now`: when that was clear."""
        self._failed = now

    def _failed_within(self, seconds: float, now: Moment) -> bool:
        return self._failed is not None and now.since(self._failed) < seconds
