"""The token in a header, and what is answered."""

import logging

import pytest

from devauth import (
    ApiError,
    AuthenticationError,
    InvalidApiKeyError,
    PermissionDeniedError,
    RateLimitError,
    ServiceUnavailableError,
)
from devauth._bearer import MissingTokenError, bearer_token, refusal


@pytest.mark.parametrize("header", ["Bearer a.b-c_d~e+f/g==", "bearer a.b-c_d~e+f/g==", "BEARER   a.b-c_d~e+f/g=="])
def test_a_token_is_taken_out(header):
    assert bearer_token(header) == "a.b-c_d~e+f/g=="


@pytest.mark.parametrize("header", [None, "", "Basic x", "Token x"])
def test_no_token_is_told_apart(header):
    with pytest.raises(MissingTokenError):
        bearer_token(header)


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearerx", "Bearer a b", "Bearer ä", "Bearer =", "Bearer a\n"])
def test_a_malformed_header_is_refused(header):
    with pytest.raises(AuthenticationError) as caught:
        bearer_token(header)
    assert type(caught.value) is AuthenticationError


@pytest.mark.parametrize("kind", [ServiceUnavailableError, InvalidApiKeyError, PermissionDeniedError, RateLimitError, ApiError])
def test_everything_but_a_bad_token_is_our_trouble_and_is_logged(kind, caplog):
    with caplog.at_level(logging.ERROR, logger="devauth"):
        answer = refusal(kind("Why.", code="some_code", request_id="request-1", retry_after=7.0))
    assert (answer.status, answer.headers) == (503, {"Retry-After": "7"})
    assert "Why" not in answer.detail
    assert "some_code" in caplog.text


def test_a_bad_token_is_not_logged(caplog):
    assert refusal(AuthenticationError("Why.")).status == 401
    assert caplog.text == ""
