"""What both clients are made of. They differ only in how they do I/O."""

import copy
import math
import re
from typing import Any, Dict, Optional, TypeVar
from urllib.parse import urlsplit

from . import _tokens
from ._attempts import Attempts
from ._calls import Call
from ._errors import ConfigurationError
from ._introspections import IntrospectionCache
from ._keys import KeyCache
from ._models import ActiveToken, TokenIntrospection, VerifiedToken
from ._time import Clock
from ._version import __version__

Self = TypeVar("Self", bound="BaseClient")

_VISIBLE = re.compile(r"[\x21-\x7e]+")


class BaseClient:
    """Configuration, caches and everything else that is not I/O."""

    def __init__(
        self,
        app_id: str,
        api_key: str,
        base_url: str,
        *,
        issuer: Optional[str],
        timeout: float,
        max_retries: int,
        keys_max_age: float,
        introspection_cache_seconds: float,
        clock: Optional[Clock],
    ) -> None:
        self._app_id = _credential("app_id", app_id, "app_")
        self._api_key = _credential("api_key", api_key, "dvk_")
        self._base_url = _url("base_url", base_url)
        self._issuer = _url("issuer", issuer) if issuer is not None else self._base_url
        self._timeout = _seconds("timeout", timeout)
        self._max_retries = _count("max_retries", max_retries)
        self._clock = clock or Clock()
        self._keys = KeyCache(_seconds("keys_max_age", keys_max_age))
        self._introspections = IntrospectionCache(_seconds("introspection_cache_seconds", introspection_cache_seconds, zero=True))
        self._caller: Dict[str, str] = {"User-Agent": f"devauth-python/{__version__}"}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(app_id={self._app_id!r}, base_url={self._base_url!r})"

    def on_behalf_of(self: Self, client_ip: str, user_agent: Optional[str] = None) -> Self:
        """The same client, naming the end user to DevAuth in every call.

        Use it for `signup`, `login` and the like when your server stands between the user and DevAuth: otherwise all of your
        users seem to come from your server, and the failed logins of one lock out the others. Takes a secret key. Connections
        and caches are shared; there is nothing to close.

        Args:
            client_ip: The user's address, as your server knows it. Behind a proxy, the one your proxy vouches for.
            user_agent: The user's `User-Agent`, for the list of sessions.
        """
        named = copy.copy(self)
        named._caller = {**self._caller, "x-devauth-client-ip": _credential("client_ip", client_ip)}
        if user_agent is not None:
            # It comes from a request: what can't be sent on is left out, and is no reason to fail.
            named._caller["User-Agent"] = re.sub(r"[^\x20-\x7e]", "", user_agent)
        return named

    def _attempts(self, call: Call[Any], max_retries: Optional[int]) -> Attempts:
        return Attempts(call.repeat, self._max_retries if max_retries is None else max_retries, self._clock)

    def _request(self, call: Call[Any]) -> Dict[str, Any]:
        headers = {**self._caller, **call.headers, "Accept": "application/json"}
        if call.with_key:
            headers.update({"x-app-id": self._app_id, "x-api-key": self._api_key})
        request: Dict[str, Any] = {
            "method": call.method,
            "url": self._base_url + call.path,
            "headers": headers,
        }
        if call.body is not None:
            request["json"] = call.body
        return request

    def _verify(self, token: str, key: Any, *, strict: bool) -> VerifiedToken:
        # Verified strictly, the service's clock decides, not ours.
        now = None if strict else self._clock.time()
        return _tokens.verify(token, key, issuer=self._issuer, app_id=self._app_id, now=now)

    def _confirmed(self, local: VerifiedToken, answer: TokenIntrospection) -> VerifiedToken:
        """The claims as the service knows them now, if it finds the token good and means the same one."""
        if not isinstance(answer, ActiveToken):
            raise _tokens.invalid("The token has expired, or its session has ended.")
        if (answer.sub, answer.sid, answer.jti) != (local.sub, local.sid, local.jti):
            raise _tokens.invalid("The service answered for another token.")
        return local.model_copy(update={"email": answer.email, "email_verified": answer.email_verified})


def _credential(name: str, value: str, prefix: str = "") -> str:
    # Neither an environment variable that is not set nor a pasted line break should come up at the first request.
    if not isinstance(value, str) or not _VISIBLE.fullmatch(value) or not value.startswith(prefix):
        expected = f" that begins with {prefix}" if prefix else ""
        raise ConfigurationError(f"{name} must be a text{expected}, without spaces.")
    return value


def _url(name: str, value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and parts.hostname and not parts.username
        good = good and not parts.query and not parts.fragment and parts.port != 0
    except (ValueError, TypeError, AttributeError):
        good = False
    if not good or not _VISIBLE.fullmatch(value):
        raise ConfigurationError(f"{name} must be DevAuth's URL, such as https://auth.example.com.")
    return value.rstrip("/")


def _seconds(name: str, value: float, *, zero: bool = False) -> float:
    if not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0 or (value == 0 and not zero):
        raise ConfigurationError(f"{name} must be a number of seconds.")
    return float(value)


def _count(name: str, value: int) -> int:
    if not isinstance(value, int) or value < 0:
        raise ConfigurationError(f"{name} must be a whole number, 0 or more.")
    return value
