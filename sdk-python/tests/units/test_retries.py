"""What is sent again, after how long, and what never is."""

import httpx
import pytest

from devauth import AuthenticationError, ConflictError, RateLimitError, ServiceUnavailableError

from ..fake import TOKENS, USER, problem

ME = "/v1/auth/me"
LOGIN = "/v1/auth/login"
SIGNUP = "/v1/auth/signup"
REFRESH = "/v1/auth/refresh"

GOOD_USER = httpx.Response(200, json={"user": USER})
GOOD_TOKENS = httpx.Response(200, json=TOKENS)
LIMITED = problem(429, "rate_limited", headers={"retry-after": "2"})
BUSY = problem(503, "busy", headers={"retry-after": "1"})
UNAVAILABLE = problem(503, "unavailable", headers={"retry-after": "1"})
REFUSED = httpx.ConnectError("refused")
CUT = httpx.RemoteProtocolError("cut")
SLOW = httpx.ReadTimeout("slow")


@pytest.mark.parametrize("trouble", [LIMITED, BUSY, UNAVAILABLE, REFUSED, CUT, SLOW], ids=repr)
def test_a_read_is_repeated(client, service, trouble):
    service.will_answer(ME, trouble, trouble, GOOD_USER)
    assert client.get_user("token").id == "usr_1"
    assert len(service.requests) == 3


@pytest.mark.parametrize("trouble", [LIMITED, BUSY, REFUSED], ids=repr)
def test_a_login_that_was_refused_before_any_work_is_repeated(client, service, trouble):
    service.will_answer(LOGIN, trouble, GOOD_TOKENS)
    assert client.login("ada@example.org", "nine-otters").access_token == "access-1"


@pytest.mark.parametrize("trouble", [UNAVAILABLE, CUT, SLOW], ids=repr)
def test_a_login_that_may_have_happened_is_not_repeated(client, service, trouble):
    service.will_answer(LOGIN, trouble, GOOD_TOKENS)
    with pytest.raises(ServiceUnavailableError):
        client.login("ada@example.org", "nine-otters")
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.verify_email("t"),
        lambda client: client.confirm_password_reset("t", "p"),
        lambda client: client.change_password("t", "old", "new"),
        lambda client: client.request_password_reset("a@b.c"),
        lambda client: client.request_email_verification("a@b.c"),
        lambda client: client.logout_all("t"),
        lambda client: client.revoke_session("t", "ses_1"),
    ],
)
def test_what_is_good_once_is_not_repeated_after_a_broken_connection(client, service, call):
    for path in (
        "email/verify/confirm",
        "password/reset/confirm",
        "password/change",
        "password/reset/request",
    ):
        service.will_answer(f"/v1/auth/{path}", CUT)
    for path in ("email/verify/request", "logout/all", "sessions/ses_1"):
        service.will_answer(f"/v1/auth/{path}", CUT)
    with pytest.raises(ServiceUnavailableError):
        call(client)
    assert len(service.requests) == 1


@pytest.mark.parametrize("code", ["account_locked", "account_protected"])
def test_a_locked_account_is_not_tried_again(client, service, code):
    service.will_answer(LOGIN, problem(429, code, headers={"retry-after": "1"}))
    with pytest.raises(RateLimitError) as caught:
        client.login("ada@example.org", "nine-otters")
    assert (len(service.requests), caught.value.retry_after) == (1, 1.0)


def test_a_signup_is_repeated_under_one_idempotency_key(client, service):
    service.will_answer(SIGNUP, CUT, UNAVAILABLE, httpx.Response(201, json={"user": USER}))
    assert client.signup("ada@example.org", "nine-otters").id == "usr_1"
    keys = {request.headers["idempotency-key"] for request in service.requests}
    assert len(service.requests) == 3
    assert len(keys) == 1
    assert 16 <= len(keys.pop()) <= 64


def test_two_signups_have_two_idempotency_keys(client, service):
    service.will_answer(SIGNUP, httpx.Response(201, json={"user": USER}))
    client.signup("ada@example.org", "nine-otters")
    client.signup("ada@example.org", "nine-otters")
    client.signup("ada@example.org", "nine-otters", idempotency_key="my-own-key-0123456789")
    keys = [request.headers["idempotency-key"] for request in service.requests]
    assert len(set(keys)) == 3
    assert keys[2] == "my-own-key-0123456789"


def test_a_refresh_is_repeated_soon_but_not_later(client, service, clock):
    service.will_answer(REFRESH, CUT, GOOD_TOKENS)
    assert client.refresh("refresh-0").refresh_token == "refresh-1"

    def late():
        clock.advance(6)
        return SLOW

    service.requests.clear()
    service.will_answer(REFRESH, late, GOOD_TOKENS)
    with pytest.raises(ServiceUnavailableError):
        client.refresh("refresh-0")
    assert len(service.requests) == 1


def test_retry_after_is_respected_with_jitter_on_top(client, service, clock):
    service.will_answer(ME, LIMITED, GOOD_USER)
    client.get_user("token")
    (pause,) = clock.slept
    assert 2.0 < pause < 2.5


def test_pauses_grow_and_differ(make_client, service, clock):
    client = make_client(max_retries=4)
    service.will_answer(ME, CUT)
    for _ in range(10):
        with pytest.raises(ServiceUnavailableError):
            client.get_user("token")
    assert len(service.requests) == 50
    for number, longest in enumerate([0.2, 0.4, 0.8, 1.6]):
        pauses = clock.slept[number::4]
        assert all(longest / 2 <= pause <= longest for pause in pauses)
        assert len(set(pauses)) == 10


def test_a_long_retry_after_is_the_callers_to_wait_for(client, service, clock):
    service.will_answer(ME, problem(429, "rate_limited", headers={"retry-after": "42"}))
    with pytest.raises(RateLimitError) as caught:
        client.get_user("token")
    assert caught.value.retry_after == 42.0
    assert (len(service.requests), clock.slept) == (1, [])


def test_retries_can_be_switched_off(make_client, service):
    client = make_client(max_retries=0)
    service.will_answer(ME, REFUSED, GOOD_USER)
    with pytest.raises(ServiceUnavailableError):
        client.get_user("token")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(401, "invalid_token", AuthenticationError), (409, "conflict", ConflictError)],
)
def test_other_refusals_are_final(client, service, status, code, kind):
    service.will_answer(ME, problem(status, code, headers={"retry-after": "1"}))
    with pytest.raises(kind):
        client.get_user("token")
    assert len(service.requests) == 1
