"""A DevAuth that exists in memory only: keys, tokens, answers, and a clock that stands still."""

import asyncio
import json
from typing import Any, Callable, Dict, List, Optional, Union

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from devauth import AsyncDevAuthClient, Clock, DevAuthClient

URL = "https://auth.example.com"
APP = "app_01ja3vks5re0b8n1q2s4t6v8wx"
KEY = "dvk_sk_0123456789"
START = 1_790_000_000.0
USER = {
    "id": "usr_1",
    "app_id": APP,
    "email": "ada@example.org",
    "email_verified": True,
    "status": "active",
    "metadata": {"plan": "free"},
    "created_at": "2026-11-23T15:14:56.515661Z",
    "updated_at": "2026-11-23T15:14:56.515661Z",
    "last_login_at": None,
}
TOKENS = {
    "access_token": "access-1",
    "token_type": "Bearer",
    "expires_in": 900,
    "refresh_token": "refresh-1",
    "refresh_expires_in": 604800,
    "user": USER,
}


class ManualClock(Clock):
    """Moves when it is told to, and by what somebody sleeps."""

    def __init__(self) -> None:
        self.wall = START
        self.steady = 1000.0
        self.slept: List[float] = []

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)

    def advance(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


class SigningKey:
    """An RSA key with an id."""

    def __init__(self, kid: str, bits: int = 2048) -> None:
        self.kid = kid
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=bits)

    def jwk(self, **changes: Any) -> Dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key()))
        public.pop("key_ops", None)
        return {**public, "kid": self.kid, "alg": "RS256", "use": "sig", **changes}


FIRST = SigningKey("first")
SECOND = SigningKey("second")

Answer = Union[httpx.Response, Exception, Callable[[], Union[httpx.Response, Exception]]]


def problem(status: int, code: str, **more: Any) -> httpx.Response:
    headers = more.pop("headers", {})
    body = {
        "type": f"{URL}/problems/{code}",
        "title": code,
        "status": status,
        "code": code,
        "detail": f"About {code}.",
        "request_id": "request-12345",
        **more,
    }
    return httpx.Response(status, content=json.dumps(body), headers={"content-type": "application/problem+json", **headers})


class FakeService:
    """Answers what it is told to; remembers what it was asked."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.keys = [FIRST]
        self.max_age: Optional[int] = 300
        self.away = False
        self.ended: List[str] = []
        self.requests: List[httpx.Request] = []
        self.answers: Dict[str, List[Answer]] = {}

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.handle)

    def will_answer(self, path: str, *answers: Answer) -> None:
        """The next answers of a path; the last one stays."""
        self.answers[path] = list(answers)

    def asked(self, path: str) -> List[httpx.Request]:
        return [request for request in self.requests if request.url.path == path]

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.away:
            raise httpx.ConnectError("connection refused")
        path = request.url.path
        if path in self.answers:
            queue = self.answers[path]
            answer = queue.pop(0) if len(queue) > 1 else queue[0]
            if callable(answer):
                answer = answer()
            if isinstance(answer, Exception):
                raise answer
            # A copy: an answer that was read by one kind of client can't be read by the other.
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        if path == "/.well-known/jwks.json":
            headers = {} if self.max_age is None else {"cache-control": f"public, max-age={self.max_age}"}
            return httpx.Response(200, json={"keys": [key.jwk() for key in self.keys]}, headers=headers)
        if path == "/v1/auth/introspect":
            return httpx.Response(200, json=self._introspected(json.loads(request.content)["token"]))
        return problem(404, "not_found")

    def _introspected(self, token: str) -> Dict[str, Any]:
        claims = jwt.decode(token, options={"verify_signature": False})
        if claims["sid"] in self.ended or claims["exp"] <= self.clock.time():
            return {"active": False}
        now = {"token_type": "Bearer", "username": "new@example.org", "email": "new@example.org"}
        return {"active": True, **claims, **now}

    def token(
        self,
        key: SigningKey = FIRST,
        *,
        headers: Optional[Dict[str, Any]] = None,
        without: str = "",
        **changes: Any,
    ) -> str:
        """A good access token but for `changes`."""
        now = int(self.clock.time())
        claims = {
            "iss": URL,
            "aud": APP,
            "app_id": APP,
            "client_id": APP,
            "sub": "usr_1",
            "sid": "ses_1",
            "jti": "jti-1",
            "iat": now,
            "exp": now + 900,
            "email": "ada@example.org",
            "email_verified": True,
            **changes,
        }
        claims.pop(without, None)
        return jwt.encode(
            claims,
            key.private,
            algorithm="RS256",
            headers={"typ": "at+jwt", "kid": key.kid, **(headers or {})},
        )


class Waited:
    """An `AsyncDevAuthClient` whose methods are waited for, so that one test serves for both clients."""

    def __init__(self, client: AsyncDevAuthClient, loop: asyncio.AbstractEventLoop) -> None:
        self.client = client
        self._loop = loop

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.client, name)
        if name == "on_behalf_of":
            return lambda *args, **kwargs: Waited(method(*args, **kwargs), self._loop)
        return lambda *args, **kwargs: self._loop.run_until_complete(method(*args, **kwargs))


AnyClient = Union[DevAuthClient, Waited]
