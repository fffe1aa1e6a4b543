"""DevAuth for Django: the decorator `require_auth`, `current_user(request)`, and a middleware.

```python
# settings.py
DEVAUTH = {"APP_ID": "app_…", "API_KEY": os.environ["DEVAUTH_API_KEY"], "BASE_URL": "https://auth.example.com"}
MIDDLEWARE = [..., "devauth.django.DevAuthMiddleware"]

# views.py
@require_auth
def me(request):
    return JsonResponse({"id": current_user(request).sub})
```

A request without a good token is answered 401 with `WWW-Authenticate`; if DevAuth can't be asked, 503.

`DEVAUTH` may also have `STRICT` (introspect every token, so that it ends with a logout), `ISSUER`, `TIMEOUT`, `MAX_RETRIES`,
`KEYS_MAX_AGE` and `INTROSPECTION_CACHE_SECONDS`, which mean what the arguments of `DevAuthClient` mean.
"""

from functools import cache, wraps
from inspect import iscoroutinefunction
from typing import Any, Callable, Dict, Optional, TypeVar, Union, cast, overload

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.deprecation import MiddlewareMixin

from ._bearer import bearer_token, refusal
from ._client import DevAuthClient
from ._errors import ConfigurationError, DevAuthError
from ._models import VerifiedToken

__all__ = ["DevAuthMiddleware", "client", "current_user", "require_auth"]

View = TypeVar("View", bound=Callable[..., Any])

_REFUSED = "_devauth_refused"
_OPTIONS = {
    "APP_ID",
    "API_KEY",
    "BASE_URL",
    "ISSUER",
    "TIMEOUT",
    "MAX_RETRIES",
    "KEYS_MAX_AGE",
    "INTROSPECTION_CACHE_SECONDS",
    "CLOCK",
    "TRANSPORT",
}


@cache
def client() -> DevAuthClient:
    """The client that the setting `DEVAUTH` describes; one per process.

    Raises:
        ConfigurationError: the setting is missing or can't work.
    """
    options = dict(_setting())
    options.pop("STRICT", None)
    if not {"APP_ID", "API_KEY", "BASE_URL"} <= set(options) <= _OPTIONS:
        raise ConfigurationError(f"The setting DEVAUTH takes APP_ID, API_KEY, BASE_URL, and of {sorted(_OPTIONS)} what you want.")
    return DevAuthClient(**{name.lower(): value for name, value in options.items()})


def current_user(request: HttpRequest, *, strict: bool = False) -> VerifiedToken:
    """The claims of the request's token; verified once for a request, however often it is called.

    Args:
        request: The request.
        strict: Whether to introspect in any case.

    Raises:
        AuthenticationError: the request has no good token.
        DevAuthError: that can't be found out. `DevAuthMiddleware` turns both into answers.
    """
    strict = strict or bool(_setting().get("STRICT"))
    known: Dict[bool, VerifiedToken] = request.__dict__.setdefault("_devauth", {})
    if True in known:
        return known[True]
    if strict not in known:
        try:
            known[strict] = client().verify_token(bearer_token(request.headers.get("Authorization")), strict=strict)
        except DevAuthError as error:
            request.__dict__[_REFUSED] = error
            raise
    return known[strict]


@overload
def require_auth(view: View) -> View: ...
@overload
def require_auth(*, strict: bool = False) -> Callable[[View], View]: ...
def require_auth(view: Optional[View] = None, *, strict: bool = False) -> Union[View, Callable[[View], View]]:
    """Lets requests with a good token through. For functions, `async` ones too.

    For classes: `@method_decorator(require_auth, name="dispatch")`.

    Args:
        view: The view.
        strict: Whether to introspect in any case: `@require_auth(strict=True)`.
    """

    def decorated(view: View) -> View:
        if iscoroutinefunction(view):
            # The blocking client in a thread: an asyncio client belongs to one loop, and Django makes many.
            verify = sync_to_async(current_user, thread_sensitive=False)

            @wraps(view)
            async def checked_async(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                try:
                    await verify(request, strict=strict)
                except DevAuthError as error:
                    return _answer(error)
                return await view(request, *args, **kwargs)

            return cast(View, checked_async)

        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                current_user(request, strict=strict)
            except DevAuthError as error:
                return _answer(error)
            return view(request, *args, **kwargs)

        return cast(View, checked)

    return decorated if view is None else decorated(view)


class DevAuthMiddleware(MiddlewareMixin):
    """Answers 401 or 503 when `current_user` raises in a view without `require_auth`, and checks the setting at the start."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        client()

    def process_exception(self, request: HttpRequest, exception: Exception) -> Optional[HttpResponse]:
        """Called by Django with what a view raised."""
        # Not every error of ours: a view that logs users in has its own to handle.
        refused = request.__dict__.get(_REFUSED)
        return _answer(exception) if isinstance(exception, DevAuthError) and exception is refused else None


def _answer(error: DevAuthError) -> HttpResponse:
    status, detail, headers = refusal(error)
    return JsonResponse({"detail": detail}, status=status, headers=headers)


def _setting() -> Dict[str, Any]:
    return cast(Dict[str, Any], getattr(settings, "DEVAUTH", {}))


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "DEVAUTH":
        client.cache_clear()


# Tests override settings.
setting_changed.connect(_forget)
