"""From an answer to an error: its class and what it carries."""

import pickle
import re

import httpx
import pytest

import devauth
from devauth import _errors
from devauth._errors import BY_STATUS

from ..fake import APP, KEY, URL, problem

ME = "/v1/auth/me"


@pytest.mark.parametrize(("status", "kind"), [*BY_STATUS.items(), (405, devauth.ApiError), (418, devauth.ApiError)])
def test_each_status_has_its_class(make_client, service, status, kind):
    service.will_answer(ME, problem(status, "some_code"))
    with pytest.raises(devauth.DevAuthError) as caught:
        make_client(max_retries=0).get_user("token")
    error = caught.value
    assert type(error) is kind
    assert (error.status_code, error.code, error.request_id) == (status, "some_code", "request-12345")
    assert "some_code" in str(error)
    assert "request-12345" in str(error)


def test_validation_names_the_members(client, service):
    errors = [{"pointer": "/password", "code": "too_short", "message": "must be at least 8 characters long"}]
    service.will_answer("/v1/auth/signup", problem(422, "validation_failed", errors=errors))
    with pytest.raises(devauth.ValidationFailedError, match=r"/password: too_short") as caught:
        client.signup("a@b.c", "short")
    assert caught.value.errors[0].message == "must be at least 8 characters long"


def test_a_bad_api_key_is_not_the_users_fault(client, service):
    service.will_answer(ME, problem(401, "invalid_api_key"))
    with pytest.raises(devauth.InvalidApiKeyError) as caught:
        client.get_user("token")
    assert not isinstance(caught.value, devauth.AuthenticationError)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, text="a proxy"),
        httpx.Response(401, json={"code": "invalid_token"}),
        httpx.Response(401, content=b"{", headers={"content-type": "application/problem+json"}),
        httpx.Response(302, headers={"location": "https://evil.example.com"}),
        httpx.Response(200, text="hello"),
        httpx.Response(200, json={"user": {}}),
        httpx.Response(200, content=b"\xff"),
        httpx.Response(502),
    ],
    ids=lambda answer: f"{answer.status_code} {answer.content[:8]!r}",
)
def test_what_devauth_did_not_say_is_trouble_and_no_refusal(client, service, answer):
    service.will_answer(ME, answer)
    with pytest.raises(devauth.ServiceUnavailableError) as caught:
        client.get_user("token")
    assert caught.value.code == "unreadable_answer"
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (httpx.ConnectError("refused"), "connection_failed"),
        (httpx.ConnectTimeout("slow"), "timeout"),
        (httpx.ReadTimeout("slow"), "timeout"),
        (httpx.ReadError("reset"), "connection_failed"),
    ],
)
def test_no_answer_is_trouble(client, service, error, code):
    service.will_answer(ME, error)
    with pytest.raises(devauth.ServiceUnavailableError) as caught:
        client.get_user("token")
    assert (caught.value.code, caught.value.status_code, caught.value.__cause__) == (code, None, error)


@pytest.mark.parametrize("token", ["", "a b", "a\r\nx-api-key: b", "tökén", None])
def test_a_token_that_can_not_be_sent_is_no_token(client, service, token):
    for call in (client.get_user, client.list_sessions, client.logout_all):
        with pytest.raises(devauth.AuthenticationError):
            call(token)
    assert service.requests == []


def test_errors_can_be_pickled():
    error = devauth.RateLimitError("Too many.", status_code=429, code="rate_limited", retry_after=3.0)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.retry_after) == (type(error), str(error), 3.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"app_id": ""},
        {"app_id": "usr_1"},
        {"app_id": None},
        {"api_key": None},
        {"api_key": "dvk_sk_1\n"},
        {"api_key": "secret"},
        {"base_url": ""},
        {"base_url": "auth.example.com"},
        {"base_url": "ftp://auth.example.com"},
        {"base_url": "https://user:password@auth.example.com"},
        {"base_url": "https://auth.example.com?a=b"},
        {"base_url": "https://auth.example.com:port"},
        {"issuer": "auth"},
        {"timeout": 0},
        {"timeout": None},
        {"keys_max_age": -1},
        {"keys_max_age": float("inf")},
        {"introspection_cache_seconds": -0.5},
        {"max_retries": -1},
        {"max_retries": 1.5},
    ],
    ids=str,
)
def test_what_can_not_work_is_said_when_the_client_is_made(make_client, wrong):
    with pytest.raises(devauth.ConfigurationError) as caught:
        make_client(**wrong)
    assert isinstance(caught.value, ValueError)
    assert "password" not in str(caught.value)
    assert next(iter(wrong)) in str(caught.value)


def test_neither_key_nor_token_is_in_a_repr(make_client):
    client = make_client()
    assert repr(getattr(client, "client", client)).endswith(f"(app_id='{APP}', base_url='{URL}')")
    assert KEY not in repr(getattr(client, "client", client))


def test_the_tree_in_the_docstring_is_the_tree():
    drawn = {}
    path = []
    for line in _errors.__doc__.splitlines():
        name = re.search(r"\b[A-Z]\w+Error\b", line)
        if name is None or not line.startswith("    "):
            continue
        depth = (name.start() - 4) // 4
        path[depth:] = [name.group()]
        drawn[name.group()] = path[depth - 1] if depth else "Exception"
    real = {
        name: item.__bases__[0].__name__
        for name, item in vars(_errors).items()
        if isinstance(item, type) and issubclass(item, _errors.DevAuthError)
    }
    assert drawn == real
