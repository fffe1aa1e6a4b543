"""DevAuth for FastAPI: `DevAuthMiddleware` brings a client to the routes, `get_current_user` demands a good token.

```python
app = FastAPI()
app.add_middleware(DevAuthMiddleware, client=AsyncDevAuthClient(...))

@app.get("/me")
async def me(user: CurrentUser):
    return {"id": user.sub}
```

A request without a good token is answered 401 with `WWW-Authenticate`; if DevAuth can't be asked, 503.
"""

# No `from __future__ import annotations` here: older versions of FastAPI then take a dependency for a query parameter.

from typing import Annotated, NamedTuple, NoReturn, Optional

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPBearer
from starlette.types import ASGIApp, Receive, Scope, Send

from ._async_client import AsyncDevAuthClient
from ._bearer import MissingTokenError, bearer_token, refusal
from ._errors import DevAuthError
from ._models import VerifiedToken

__all__ = [
    "CurrentUser",
    "DevAuthMiddleware",
    "OptionalUser",
    "StrictUser",
    "get_current_user",
    "get_current_user_strict",
    "get_optional_user",
]

_KEY = "devauth"

# It puts the scheme into the OpenAPI document (and a button on /docs); the header itself is read by us.
_documented = Depends(HTTPBearer(auto_error=False, scheme_name="DevAuth", bearerFormat="JWT"))


class _Installed(NamedTuple):
    client: AsyncDevAuthClient
    strict: bool


class DevAuthMiddleware:
    """Brings a client to the routes. It refuses nothing by itself: routes demand a token with `get_current_user`."""

    def __init__(self, app: ASGIApp, client: AsyncDevAuthClient, strict: bool = False) -> None:
        """Called by `app.add_middleware`.

        Args:
            app: The application inside.
            client: The client; who made it closes it.
            strict: Whether `get_current_user` introspects tokens too, so that they end with a logout. Takes a secret API key.
        """
        self._app = app
        self._installed = _Installed(client, strict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request."""
        if scope["type"] == "http":
            scope[_KEY] = self._installed
        await self._app(scope, receive, send)


async def get_current_user(request: Request, _: Annotated[object, _documented]) -> VerifiedToken:
    """The claims of the request's token, verified as the middleware was told to. Use with `Depends`.

    Raises:
        HTTPException: 401 or 503.
    """
    return await _verified(request, strict=False)


async def get_current_user_strict(request: Request, _: Annotated[object, _documented]) -> VerifiedToken:
    """The same by introspection, whatever the middleware was told: a token is refused from the moment of a logout.

    Raises:
        HTTPException: 401 or 503.
    """
    return await _verified(request, strict=True)


async def get_optional_user(request: Request, _: Annotated[object, _documented]) -> Optional[VerifiedToken]:
    """None for a request without a token. One with a bad token is refused like everywhere, so that the client refreshes.

    Raises:
        HTTPException: 401 or 503.
    """
    try:
        bearer_token(request.headers.get("authorization"))
    except MissingTokenError:
        return None
    except DevAuthError as error:
        _refuse(error)
    return await _verified(request, strict=False)


CurrentUser = Annotated[VerifiedToken, Depends(get_current_user)]
"""Short for a parameter that depends on `get_current_user`."""
StrictUser = Annotated[VerifiedToken, Depends(get_current_user_strict)]
"""Short for a parameter that depends on `get_current_user_strict`."""
OptionalUser = Annotated[Optional[VerifiedToken], Depends(get_optional_user)]
"""Short for a parameter that depends on `get_optional_user`."""


async def _verified(request: Request, *, strict: bool) -> VerifiedToken:
    installed = request.scope.get(_KEY)
    if not isinstance(installed, _Installed):
        raise RuntimeError("Add DevAuthMiddleware to the application.")
    try:
        token = bearer_token(request.headers.get("authorization"))
        return await installed.client.verify_token(token, strict=strict or installed.strict)
    except DevAuthError as error:
        _refuse(error)


def _refuse(error: DevAuthError) -> NoReturn:
    status, detail, headers = refusal(error)
    raise HTTPException(status, detail, headers) from error
