"""DevAuth for Flask: the extension `DevAuth`, the decorator `require_auth`, and `current_user`.

```python
app = Flask(__name__)
DevAuth(app, client=DevAuthClient(...))

@app.get("/me")
@require_auth
def me():
    return {"id": current_user.sub}
```

A request without a good token is answered 401 with `WWW-Authenticate`; if DevAuth can't be asked, 503. Both are raised as
werkzeug's exceptions, so error handlers of the application apply.
"""

from functools import wraps
from typing import Any, Callable, NamedTuple, Optional, TypeVar, Union, cast, overload

from flask import Flask, current_app, g, make_response, request
from werkzeug.exceptions import ServiceUnavailable, Unauthorized
from werkzeug.local import LocalProxy

from ._bearer import bearer_token, refusal
from ._client import DevAuthClient
from ._errors import DevAuthError
from ._models import VerifiedToken

__all__ = ["DevAuth", "current_user", "require_auth"]

View = TypeVar("View", bound=Callable[..., Any])

_KEY = "devauth"


class _Installed(NamedTuple):
    client: DevAuthClient
    strict: bool


class DevAuth:
    """Brings a client to an application."""

    def __init__(self, app: Optional[Flask] = None, client: Optional[DevAuthClient] = None, *, strict: bool = False) -> None:
        """With an application, `init_app` is called at once.

        Args:
            app: The application.
            client: The client; without one it is made of the settings `DEVAUTH_APP_ID`, `DEVAUTH_API_KEY` and
                `DEVAUTH_BASE_URL`.
            strict: Whether `require_auth` introspects tokens too, so that they end with a logout. Takes a secret API key.
        """
        self._client = client
        self._strict = strict
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Installs it.

        Raises:
            ConfigurationError: there is neither a client nor usable settings.
        """
        client = self._client or DevAuthClient(
            app_id=app.config.get("DEVAUTH_APP_ID", ""),
            api_key=app.config.get("DEVAUTH_API_KEY", ""),
            base_url=app.config.get("DEVAUTH_BASE_URL", ""),
            issuer=app.config.get("DEVAUTH_ISSUER"),
        )
        app.extensions[_KEY] = _Installed(client, self._strict)


@overload
def require_auth(view: View) -> View: ...
@overload
def require_auth(*, strict: bool = False) -> Callable[[View], View]: ...
def require_auth(view: Optional[View] = None, *, strict: bool = False) -> Union[View, Callable[[View], View]]:
    """Lets requests with a good token through, and gives their claims to `current_user`.

    Put it under the route's decorator. It serves `async` views too.

    Args:
        view: The view.
        strict: Whether to introspect in any case: `@require_auth(strict=True)`.
    """

    def decorated(view: View) -> View:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            g.devauth_user = _verified(strict)
            return current_app.ensure_sync(view)(*args, **kwargs)

        return cast(View, checked)

    return decorated if view is None else decorated(view)


def _current() -> VerifiedToken:
    user = g.get("devauth_user")
    if user is None:
        raise RuntimeError("current_user exists in views with @require_auth only.")
    return cast(VerifiedToken, user)


current_user = cast(VerifiedToken, LocalProxy(_current))
"""The claims of the request's token, in views with `require_auth`."""


def _verified(strict: bool) -> VerifiedToken:
    installed = current_app.extensions.get(_KEY)
    if not isinstance(installed, _Installed):
        raise RuntimeError("Install DevAuth in the application: DevAuth(app).")
    try:
        token = bearer_token(request.headers.get("Authorization"))
        return installed.client.verify_token(token, strict=strict or installed.strict)
    except DevAuthError as error:
        status, detail, headers = refusal(error)
        # With an answer of its own, because werkzeug would write the challenge in its own way.
        answer = make_response({"detail": detail}, status, headers)
        kind = Unauthorized if status == 401 else ServiceUnavailable
        raise kind(detail, answer) from error
