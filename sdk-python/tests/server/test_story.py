"""From signup to logout, and what is refused on the way."""

import asyncio

import pytest

from devauth import (
    AsyncDevAuthClient,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    DevAuthClient,
    InvalidApiKeyError,
    NotFoundError,
    PermissionDeniedError,
    ValidationFailedError,
)

from .deployment import PASSWORD, address

OTHER = "ten-badgers-bake-bread"


def test_from_signup_to_logout(client, application, deployment):
    email = address()
    user = client.signup(email, PASSWORD, metadata={"plan": "free"})
    assert (user.email, user.email_verified, user.status, user.metadata) == (email, False, "active", {"plan": "free"})
    assert user.app_id == application.app_id

    assert client.verify_email(deployment.mailbox.token(email, "verify-email")).email_verified

    tokens = client.login(email, PASSWORD)
    verified = client.verify_token(tokens.access_token)
    assert (verified.sub, verified.email, verified.email_verified) == (user.id, email, True)
    assert client.verify_token(tokens.access_token, strict=True) == verified
    assert client.introspect_token(tokens.access_token).sid == verified.sid
    assert client.get_user(tokens.access_token).last_login_at is not None

    renewed = client.refresh(tokens.refresh_token)
    assert renewed.refresh_token != tokens.refresh_token
    assert client.verify_token(renewed.access_token, strict=True).sid == verified.sid

    other = client.on_behalf_of("192.0.2.7", "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0")
    second = other.login(email, PASSWORD)
    sessions = client.list_sessions(renewed.access_token)
    assert [session.current for session in sessions] == [False, True]
    assert (sessions[0].client_address, sessions[0].device) == ("192.0.2.7", "Firefox on Linux")
    client.revoke_session(renewed.access_token, sessions[0].id)
    with pytest.raises(NotFoundError):
        client.revoke_session(renewed.access_token, sessions[0].id)
    with pytest.raises(AuthenticationError):
        client.verify_token(second.access_token, strict=True)

    client.change_password(renewed.access_token, PASSWORD, OTHER)
    client.logout(renewed.refresh_token)
    client.logout(renewed.refresh_token)
    assert not client.introspect_token(renewed.access_token).active
    with pytest.raises(AuthenticationError):
        client.verify_token(renewed.access_token, strict=True)
    assert client.verify_token(renewed.access_token).sub == user.id
    with pytest.raises(AuthenticationError) as caught:
        client.login(email, PASSWORD)
    assert caught.value.code == "invalid_credentials"


def test_a_forgotten_password(client, deployment):
    email = address()
    client.signup(email, PASSWORD)
    tokens = client.login(email, PASSWORD)
    client.request_password_reset(email)
    reset = deployment.mailbox.token(email, "reset-password")
    with pytest.raises(ValidationFailedError) as caught:
        client.confirm_password_reset(reset, "short")
    assert caught.value.errors[0].pointer == "/password"
    client.confirm_password_reset(reset, OTHER)
    with pytest.raises(BadRequestError) as used:
        client.confirm_password_reset(reset, OTHER)
    assert (used.value.code, used.value.status_code) == ("token_invalid", 400)
    with pytest.raises(AuthenticationError):
        client.refresh(tokens.refresh_token)
    assert client.login(email, OTHER)


def test_every_session_can_be_ended_at_once(client, tokens):
    client.logout_all(tokens.access_token)
    with pytest.raises(AuthenticationError) as caught:
        client.get_user(tokens.access_token)
    assert caught.value.code == "invalid_token"
    assert caught.value.request_id


def test_a_verification_mail_can_be_asked_for_again(client, deployment):
    email = address()
    client.signup(email, PASSWORD)
    first = deployment.mailbox.token(email, "verify-email")
    client.request_email_verification(email)
    assert client.verify_email(deployment.mailbox.token(email, "verify-email")).email == email
    with pytest.raises(BadRequestError):
        client.verify_email(first)


def test_a_repeated_signup_is_one_signup(client):
    email, key = address(), "signup-of-ada-0123456789"
    first = client.signup(email, PASSWORD, idempotency_key=key + email[4:16])
    assert client.signup(email, PASSWORD, idempotency_key=key + email[4:16]) == first
    with pytest.raises(ConflictError) as caught:
        client.signup(email, PASSWORD)
    assert caught.value.code == "email_taken"


def test_a_strict_application_tells_nobody_who_is_there(deployment):
    with DevAuthClient(**deployment.application(signup_mode="strict").options()) as client:
        email = address()
        assert client.signup(email, PASSWORD) is None
        assert client.signup(email, PASSWORD) is None


def test_a_token_of_another_application_is_refused(deployment, tokens):
    with DevAuthClient(**deployment.application().options()) as stranger:
        for strict in (False, True):
            with pytest.raises(AuthenticationError, match="another application"):
                stranger.verify_token(tokens.access_token, strict=strict)
        assert not stranger.introspect_token(tokens.access_token).active


def test_a_publishable_key_verifies_locally_only(application, tokens):
    with DevAuthClient(**application.options(api_key=application.publishable)) as client:
        assert client.verify_token(tokens.access_token).sub == tokens.user.id
        with pytest.raises(PermissionDeniedError) as caught:
            client.verify_token(tokens.access_token, strict=True)
        assert caught.value.code == "key_type_not_allowed"


def test_a_wrong_key_is_said_to_be_one(application, tokens):
    with (
        DevAuthClient(**application.options(api_key="dvk_sk_wrong")) as client,
        pytest.raises(InvalidApiKeyError),
    ):
        client.get_user(tokens.access_token)


def test_the_same_story_with_asyncio(application, deployment):
    async def story():
        email = address()
        async with AsyncDevAuthClient(**application.options()) as client:
            user = await client.signup(email, PASSWORD)
            await client.verify_email(await asyncio.to_thread(deployment.mailbox.token, email, "verify-email"))
            tokens = await client.login(email, PASSWORD)
            assert (await client.verify_token(tokens.access_token)).sub == user.id
            assert (await client.verify_token(tokens.access_token, strict=True)).email_verified
            tokens = await client.refresh(tokens.refresh_token)
            assert (await client.list_sessions(tokens.access_token))[0].current
            await client.logout(tokens.refresh_token)
            with pytest.raises(AuthenticationError):
                await client.verify_token(tokens.access_token, strict=True)

    asyncio.run(story())
