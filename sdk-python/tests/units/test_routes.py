"""What each method sends and gives back; the OpenAPI document has the last word on routes and bodies."""

import json

import httpx
import pytest

from ..fake import APP, KEY, TOKENS, USER, problem
from .openapi import DOCUMENT, document_only

SESSION = {
    "id": "ses_1",
    "created_at": "2026-11-23T15:14:56.515661Z",
    "last_used_at": "2026-11-23T15:14:56.515661Z",
    "expires_at": "2026-11-30T15:14:56.515661Z",
    "client_address": "192.0.2.1",
    "user_agent": None,
    "device": None,
    "current": True,
}
USER_ANSWER = httpx.Response(200, json={"user": USER})
TOKENS_ANSWER = httpx.Response(200, json=TOKENS)
NOTHING = httpx.Response(204)
ACCEPTED = httpx.Response(202)

# operation id: path, answer, call, what comes out, by what it is recognised
CALLS = {
    "signup": ("signup", httpx.Response(201, json={"user": USER}), lambda c: c.signup("a@b.c", "pw", metadata={"a": 1}).id, "usr_1"),
    "login": ("login", TOKENS_ANSWER, lambda c: c.login("a@b.c", "pw").refresh_token, "refresh-1"),
    "refresh": ("refresh", TOKENS_ANSWER, lambda c: c.refresh("r").access_token, "access-1"),
    "logout": ("logout", NOTHING, lambda c: c.logout("r"), None),
    "logoutEverywhere": ("logout/all", NOTHING, lambda c: c.logout_all("access"), None),
    "getMe": ("me", USER_ANSWER, lambda c: c.get_user("access").metadata, {"plan": "free"}),
    "listSessions": ("sessions", httpx.Response(200, json={"data": [SESSION], "next_cursor": None}), lambda c: c.list_sessions("access")[0].id, "ses_1"),
    "revokeSession": ("sessions/ses_1", NOTHING, lambda c: c.revoke_session("access", "ses_1"), None),
    "requestEmailVerification": ("email/verify/request", ACCEPTED, lambda c: c.request_email_verification("a@b.c"), None),
    "confirmEmailVerification": ("email/verify/confirm", USER_ANSWER, lambda c: c.verify_email("t").email_verified, True),
    "requestPasswordReset": ("password/reset/request", ACCEPTED, lambda c: c.request_password_reset("a@b.c"), None),
    "confirmPasswordReset": ("password/reset/confirm", USER_ANSWER, lambda c: c.confirm_password_reset("t", "pw").id, "usr_1"),
    "changePassword": ("password/change", NOTHING, lambda c: c.change_password("access", "old", "new"), None),
    "introspect": ("introspect", httpx.Response(200, json={"active": False}), lambda c: c.introspect_token("t").active, False),
}  # fmt: skip


@pytest.mark.parametrize("operation", CALLS)
def test_a_method_sends_what_the_document_describes(client, service, operation):
    path, answer, call, expected = CALLS[operation]
    service.will_answer(f"/v1/auth/{path}", answer)
    assert call(client) == expected
    (request,) = service.requests
    assert request.headers["x-app-id"] == APP
    assert request.headers["x-api-key"] == KEY
    assert request.headers["user-agent"].startswith("devauth-python/")
    described = document_only(operation)
    assert request.method == described.method
    assert described.matches(request.url.path)
    assert request.headers.get("authorization") == ("Bearer access" if described.bearer else None)
    described.check_body(json.loads(request.content) if request.content else None)


def test_every_route_for_applications_has_a_method():
    operations = {
        operation["operationId"]
        for path, methods in DOCUMENT["paths"].items()
        if path.startswith("/v1/auth/")
        for operation in methods.values()
    }
    assert operations == set(CALLS)


def test_a_strict_signup_tells_nobody_whether_the_address_was_free(client, service):
    service.will_answer("/v1/auth/signup", ACCEPTED)
    assert client.signup("a@b.c", "pw") is None


def test_ids_can_not_leave_their_place_in_the_path(client, service):
    client_path = "../../portal/applications?x=#y"
    service.will_answer("/v1/auth/sessions/" + client_path, NOTHING)
    client.revoke_session("access", client_path)
    assert service.requests[0].url.raw_path == b"/v1/auth/sessions/..%2F..%2Fportal%2Fapplications%3Fx%3D%23y"


def test_a_client_can_speak_for_an_end_user(client, service):
    service.will_answer("/v1/auth/login", TOKENS_ANSWER)
    client.on_behalf_of("192.0.2.7", user_agent="Firefox\r\nx-api-key: evil").login("a@b.c", "pw")
    client.login("a@b.c", "pw")
    named, plain = service.requests
    assert named.headers["x-devauth-client-ip"] == "192.0.2.7"
    assert named.headers["user-agent"] == "Firefoxx-api-key: evil"
    assert "x-devauth-client-ip" not in plain.headers


def test_unknown_members_and_codes_are_taken(client, service):
    service.will_answer("/v1/auth/me", httpx.Response(200, json={"user": {**USER, "new": 1, "status": "new"}}))
    assert client.get_user("access").status == "new"
    service.will_answer("/v1/auth/me", problem(418, "brand_new", extra=1))
    with pytest.raises(Exception, match="brand_new") as caught:
        client.get_user("access")
    assert caught.value.code == "brand_new"
