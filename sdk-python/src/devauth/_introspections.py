"""Introspections that are kept for a while, if the client is told to. No I/O."""

from collections import OrderedDict
from hashlib import sha256
from threading import Lock
from typing import NamedTuple, Optional

from ._models import VerifiedToken
from ._time import Moment

CAPACITY = 10_000


class _Kept(NamedTuple):
    claims: VerifiedToken
    asked: Moment


class IntrospectionCache:
    """Good tokens by their SHA-256; none is kept beyond its own end, nor longer than the bound."""

    def __init__(self, bound: float) -> None:
        """`bound`: seconds after the question; 0 keeps nothing."""
        self._bound = bound
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, token: str, now: Moment) -> Optional[VerifiedToken]:
        """What was answered for this token, if that still counts."""
        if self._bound <= 0:
            return None
        digest = _digest(token)
        with self._lock:
            kept = self._kept.get(digest)
            if kept is None:
                return None
            # No leeway here: the service said until when.
            if now.since(kept.asked) >= self._bound or kept.claims.exp <= now.wall:
                del self._kept[digest]
                return None
            return kept.claims

    def put(self, token: str, claims: VerifiedToken, asked: Moment) -> None:
        """Keeps an answer; the oldest one goes when there are too many."""
        if self._bound <= 0:
            return
        with self._lock:
            self._kept[_digest(token)] = _Kept(claims, asked)
            if len(self._kept) > CAPACITY:
                self._kept.popitem(last=False)


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
