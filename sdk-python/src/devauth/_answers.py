"""From an HTTP answer, or its absence, to a result or an error. No I/O."""

from typing import Optional, Type, TypeVar

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pydantic import ValidationError

from ._calls import Call
from ._errors import (
    BY_STATUS,
    ApiError,
    DevAuthError,
    InternalServerError,
    InvalidApiKeyError,
    ServiceUnavailableError,
)
from ._models import Problem

T = TypeVar("T")


def read(call: Call[T], response: httpx.Response) -> T:
    """The result of a call.

    Raises:
        DevAuthError: of the class that fits the status.
    """
    if not response.is_success:
        raise error_of(response)
    try:
        return call.read(response)
    except ValueError:
        # Without its cause: what does not fit could be shown in it.
        raise unreadable(response) from None


def error_of(response: httpx.Response) -> DevAuthError:
    """The error that an answer other than a success stands for."""
    status = response.status_code
    problem = problem_of(response)
    if problem is None and status < 500 and status != 429:
        # Only DevAuth can refuse somebody: a proxy's own 401 or 404 says nothing about a token.
        return unreadable(response)
    kind: Type[DevAuthError] = BY_STATUS.get(status, ApiError)
    if status >= 500:
        kind = InternalServerError if status == 500 else ServiceUnavailableError
    elif problem and problem.code == "invalid_api_key":
        kind = InvalidApiKeyError
    return kind(
        problem.detail if problem else f"DevAuth, or something before it, answered {status}.",
        status_code=status,
        code=problem.code if problem else "unreadable_answer",
        request_id=problem.request_id if problem else response.headers.get("x-request-id"),
        errors=problem.errors if problem else (),
        retry_after=retry_after(response),
    )


def problem_of(response: httpx.Response) -> Optional[Problem]:
    """The body that DevAuth gives every refusal; None if it is something else."""
    if not response.headers.get("content-type", "").startswith("application/problem+json"):
        return None
    try:
        return Problem.model_validate_json(response.content)
    except ValidationError:
        return None


def retry_after(response: httpx.Response) -> Optional[float]:
    """The seconds in `Retry-After`. DevAuth never sends its other form, a date."""
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def unreadable(response: httpx.Response) -> ServiceUnavailableError:
    """Something answered that does not speak like DevAuth: a proxy, or the wrong address."""
    return ServiceUnavailableError(
        f"The answer (status {response.status_code}) is not one of DevAuth's. Check base_url.",
        status_code=response.status_code,
        code="unreadable_answer",
        request_id=response.headers.get("x-request-id"),
    )


def unreachable(error: httpx.RequestError) -> ServiceUnavailableError:
    """There was no answer."""
    if isinstance(error, httpx.TimeoutException):
        return ServiceUnavailableError("DevAuth did not answer in time.", code="timeout")
    return ServiceUnavailableError("DevAuth could not be reached.", code="connection_failed")


def present(key: Optional[RSAPublicKey]) -> RSAPublicKey:
    """The key that a fetch brought. There is none if a set expired the moment it came, which only a leaping clock can do."""
    if key is None:
        raise ServiceUnavailableError("DevAuth's public keys could not be fetched.", code="connection_failed")
    return key
