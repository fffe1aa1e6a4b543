"""Everything that the package raises.

    DevAuthError
    ├── ConfigurationError            the client was made with something that can't work; a ValueError too
    ├── ServiceUnavailableError       no usable answer: nothing is known, so nobody is authenticated
    │   └── InternalServerError       500
    └── ApiError                      DevAuth said no (405, 408, 413, 415 and 431 have no class of their own)
        ├── BadRequestError           400
        ├── AuthenticationError       401: a token, or an address with its password, is not good
        ├── InvalidApiKeyError        401 `invalid_api_key`: this program's credentials, not the user's
        ├── PermissionDeniedError     403
        ├── NotFoundError             404
        ├── ConflictError             409
        ├── ValidationFailedError     422: `errors` says which members
        └── RateLimitError            429: `retry_after` says how long

All carry the same attributes, so there is nothing to look up. No message contains a token, a key or anything else that was sent.
"""

from typing import Dict, Optional, Sequence, Type

from ._models import FieldError


class DevAuthError(Exception):
    """What all errors of this package have in common.

    Attributes:
        status_code: The answer's HTTP status; None if there was no answer. An invalid token found by local verification
            has 401 as if the service had answered.
        code: What programs act on: a code of DevAuth's (`docs/errors.md` of the service), or, without a usable answer,
            `timeout`, `connection_failed` or `unreadable_answer`. New codes may appear.
        request_id: Finds the request in DevAuth's logs; None if there was no answer.
        errors: The unacceptable members of the request; empty unless `code` is `validation_failed`.
        retry_after: Seconds to wait before another try, if DevAuth said so.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: Optional[int] = None,
        code: str = "",
        request_id: Optional[str] = None,
        errors: Sequence[FieldError] = (),
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.code = code
        self.request_id = request_id
        self.errors = tuple(errors)
        self.retry_after = retry_after

    def __str__(self) -> str:
        facts = [self.code] if self.code else []
        facts += [f"{error.pointer or '/'}: {error.code}" for error in self.errors]
        if self.request_id:
            facts.append(f"request {self.request_id}")
        message = super().__str__()
        return f"{message} ({', '.join(facts)})" if facts else message


class ConfigurationError(DevAuthError, ValueError):
    """The client was made with something that can't work."""


class ServiceUnavailableError(DevAuthError):
    """DevAuth could not be reached in time, or its answer can't be used. Nothing is known about the token."""


class InternalServerError(ServiceUnavailableError):
    """500: a bug in DevAuth; report it with the `request_id`."""


class ApiError(DevAuthError):
    """DevAuth answered and refused."""


class BadRequestError(ApiError):
    """400: the request can never work as it is, or a mailed token (`token_invalid`) is no longer good."""


class AuthenticationError(ApiError):
    """401: the token is bad, expired or its session ended; or the address or the password is wrong."""


class InvalidApiKeyError(ApiError):
    """401 `invalid_api_key`: the app id and API key of this client are not good.

    Not an `AuthenticationError`: a login by the user would not help.
    """


class PermissionDeniedError(ApiError):
    """403: the API key is of the wrong type for this, or the user's address must be verified first."""


class NotFoundError(ApiError):
    """404: it is not there, or it is not yours."""


class ConflictError(ApiError):
    """409: the address is taken, or the request does not fit the present state."""


class ValidationFailedError(ApiError):
    """422: some values are not acceptable; `errors` lists them."""


class RateLimitError(ApiError):
    """429: too many requests, or too many failed logins; `retry_after` has the seconds to wait."""


BY_STATUS: Dict[int, Type[ApiError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: ValidationFailedError,
    429: RateLimitError,
}
"""The class of each status that has one."""
