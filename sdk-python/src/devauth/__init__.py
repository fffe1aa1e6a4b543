"""Client for DevAuth, an authentication service.

`DevAuthClient` and `AsyncDevAuthClient` verify access tokens, locally or by introspection, and call every route that applications
have. `devauth.fastapi`, `devauth.flask` and `devauth.django` protect routes; each is imported on its own and needs its framework.

All errors are `DevAuthError`s; the tree is in the README. The package logs nothing but through the framework modules.
"""

from ._async_client import AsyncDevAuthClient
from ._client import DevAuthClient
from ._errors import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    DevAuthError,
    InternalServerError,
    InvalidApiKeyError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServiceUnavailableError,
    ValidationFailedError,
)
from ._models import (
    ActiveToken,
    FieldError,
    InactiveToken,
    Session,
    TokenIntrospection,
    Tokens,
    User,
    VerifiedToken,
)
from ._time import Clock
from ._version import __version__

__all__ = [
    "ActiveToken",
    "ApiError",
    "AsyncDevAuthClient",
    "AuthenticationError",
    "BadRequestError",
    "Clock",
    "ConfigurationError",
    "ConflictError",
    "DevAuthClient",
    "DevAuthError",
    "FieldError",
    "InactiveToken",
    "InternalServerError",
    "InvalidApiKeyError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "ServiceUnavailableError",
    "Session",
    "TokenIntrospection",
    "Tokens",
    "User",
    "ValidationFailedError",
    "VerifiedToken",
    "__version__",
]

for _name in __all__:
    _item = globals()[_name]
    # So that tracebacks name what users import. (Of models, tools read the documentation of members where they are written.)
    if isinstance(_item, type) and issubclass(_item, Exception):
        _item.__module__ = __name__
del _name, _item
