"""Strict verification, and its cache."""

import httpx
import pytest

from devauth import (
    AuthenticationError,
    InvalidApiKeyError,
    PermissionDeniedError,
    RateLimitError,
    ServiceUnavailableError,
)

from ..fake import problem

INTROSPECT = "/v1/auth/introspect"


def test_the_service_has_the_last_word(client, service):
    token = service.token()
    assert client.verify_token(token, strict=True).email == "new@example.org"
    service.ended.append("ses_1")
    with pytest.raises(AuthenticationError):
        client.verify_token(token, strict=True)
    assert client.verify_token(token).sub == "usr_1", "locally it goes on until it expires"


def test_a_forged_token_never_costs_an_introspection(client, service):
    for token in ("garbage", service.token(aud="app_other"), service.token(headers={"kid": "made-up"})):
        with pytest.raises(AuthenticationError):
            client.verify_token(token, strict=True)
    assert service.asked(INTROSPECT) == []


def test_the_services_clock_decides_not_ours(client, service, clock):
    answer = client.introspect_token(service.token()).model_dump()
    service.will_answer(INTROSPECT, httpx.Response(200, json=answer))
    token = service.token()
    clock.advance(10_000)
    assert client.verify_token(token, strict=True).sub == "usr_1"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        problem(503, "unavailable"),
        problem(500, "internal"),
        httpx.Response(502, text="bad gateway"),
        httpx.Response(401, text="a proxy wants a password"),
        httpx.Response(200, text="active"),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"active": "true"}),
        httpx.Response(200, json={"active": 1}),
        httpx.Response(200, json={"active": True}),
        httpx.Response(204),
    ],
    ids=lambda answer: str(getattr(answer, "status_code", type(answer).__name__)),
)
def test_trouble_authenticates_nobody(client, service, answer):
    service.will_answer(INTROSPECT, answer)
    with pytest.raises(ServiceUnavailableError):
        client.verify_token(service.token(), strict=True)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (problem(401, "invalid_api_key"), InvalidApiKeyError),
        (problem(403, "key_type_not_allowed"), PermissionDeniedError),
        (problem(429, "rate_limited", headers={"retry-after": "60"}), RateLimitError),
    ],
)
def test_our_own_trouble_is_not_the_users(client, service, answer, kind):
    service.will_answer(INTROSPECT, answer)
    with pytest.raises(kind) as caught:
        client.verify_token(service.token(), strict=True)
    assert not isinstance(caught.value, AuthenticationError)


def test_an_answer_for_another_token_is_refused(client, service):
    other = client.introspect_token(service.token(sub="usr_2", jti="jti-2")).model_dump()
    service.will_answer(INTROSPECT, httpx.Response(200, json=other))
    with pytest.raises(AuthenticationError):
        client.verify_token(service.token(), strict=True)


def test_introspection_tells_active_from_inactive(client, service):
    token = service.token()
    assert client.introspect_token(token).sub == "usr_1"
    service.ended.append("ses_1")
    assert client.introspect_token(token).model_dump() == {"active": False}


def test_by_default_every_verification_asks(client, service):
    token = service.token()
    for _ in range(3):
        client.verify_token(token, strict=True)
    assert len(service.asked(INTROSPECT)) == 3


def test_a_kept_answer_counts_until_its_bound(make_client, service, clock):
    client = make_client(introspection_cache_seconds=30)
    token = service.token()
    client.verify_token(token, strict=True)
    service.ended.append("ses_1")
    clock.advance(29.9)
    assert client.verify_token(token, strict=True).sub == "usr_1"
    assert len(service.asked(INTROSPECT)) == 1
    clock.advance(0.1)
    with pytest.raises(AuthenticationError):
        client.verify_token(token, strict=True)


def test_a_kept_answer_never_outlives_its_token(make_client, service, clock):
    client = make_client(introspection_cache_seconds=3600)
    token = service.token(exp=int(clock.time()) + 60)
    client.verify_token(token, strict=True)
    clock.advance(59.9)
    client.verify_token(token, strict=True)
    assert len(service.asked(INTROSPECT)) == 1
    clock.advance(0.1)
    with pytest.raises(AuthenticationError):
        client.verify_token(token, strict=True)


def test_a_kept_answer_saves_nobody_from_the_loss_of_the_service_for_long(make_client, service, clock):
    client = make_client(introspection_cache_seconds=10)
    token = service.token()
    client.verify_token(token, strict=True)
    service.away = True
    clock.advance(10)
    with pytest.raises(ServiceUnavailableError):
        client.verify_token(token, strict=True)


def test_a_refusal_is_not_kept(make_client, service):
    client = make_client(introspection_cache_seconds=30)
    token = service.token()
    service.ended.append("ses_1")
    with pytest.raises(AuthenticationError):
        client.verify_token(token, strict=True)
    service.ended.clear()
    assert client.verify_token(token, strict=True).sub == "usr_1"
