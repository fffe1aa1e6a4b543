"""Local verification: what is refused, whatever its signature says."""

import base64
import hashlib
import hmac
import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from devauth import AuthenticationError

from ..fake import APP, FIRST, SECOND, URL, SigningKey


def test_a_good_token_gives_its_claims(client, service):
    verified = client.verify_token(service.token())
    assert (verified.sub, verified.sid, verified.app_id, verified.email) == (
        "usr_1",
        "ses_1",
        APP,
        "ada@example.org",
    )


def test_no_api_key_goes_with_the_request_for_public_keys(client, service):
    client.verify_token(service.token())
    (request,) = service.requests
    assert "x-api-key" not in request.headers


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example.com"},
        {"iss": URL + "/"},
        {"aud": "app_other"},
        {"aud": [APP]},
        {"aud": [APP, "app_other"]},
        {"app_id": "app_other"},
        {"client_id": "app_other"},
        {"sub": 7},
        {"email_verified": "true"},
        {"email_verified": 1},
        {"exp": "9999999999"},
        {"exp": None},
        {"iat": 1.5},
    ],
    ids=str,
)
def test_wrong_claims_are_refused(client, service, changes):
    with pytest.raises(AuthenticationError) as caught:
        client.verify_token(service.token(**changes))
    assert (caught.value.code, caught.value.status_code) == ("invalid_token", 401)


@pytest.mark.parametrize("claim", ["iss", "aud", "app_id", "sub", "sid", "jti", "iat", "exp", "email", "email_verified"])
def test_every_claim_must_be_there(client, service, claim):
    with pytest.raises(AuthenticationError):
        client.verify_token(service.token(without=claim))


@pytest.mark.parametrize(
    "headers",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"typ": "refresh+jwt"},
        {"crit": ["exp"]},
        {"kid": None},
        {"kid": 7},
        {"kid": "../../etc/passwd"},
    ],
    ids=str,
)
def test_other_kinds_are_refused(client, service, headers):
    token = resigned(service.token(), headers)
    with pytest.raises(AuthenticationError):
        client.verify_token(token)
    if headers != {"kid": "../../etc/passwd"}:
        assert service.requests == [], "the header alone is enough"


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_a_type_is_a_media_type(client, service, typ):
    assert client.verify_token(service.token(headers={"typ": typ})).sub == "usr_1"


def test_hmac_with_the_public_key_as_its_secret_is_refused(client, service):
    """The classic confusion of algorithms."""
    pem = FIRST.private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    payload = service.token().split(".")[1]
    signed = encoded({"alg": "HS256", "typ": "at+jwt", "kid": "first"}) + "." + payload
    forged = base64.urlsafe_b64encode(hmac.new(pem, signed.encode(), hashlib.sha256).digest()).rstrip(b"=")
    with pytest.raises(AuthenticationError):
        client.verify_token(f"{signed}.{forged.decode()}")


@pytest.mark.parametrize("alg", ["none", "None", "RS384", "PS256", "HS256", None, ["RS256"]])
def test_other_algorithms_are_refused(client, service, alg):
    payload = service.token().split(".")[1]
    for signature in ("", service.token().split(".")[2]):
        with pytest.raises(AuthenticationError):
            client.verify_token(f"{encoded({'alg': alg, 'typ': 'at+jwt', 'kid': 'first'})}.{payload}.{signature}")
    assert service.requests == [], "the header alone is enough"


def test_other_algorithms_are_refused_with_the_right_key_too(client, service):
    claims = jwt.decode(service.token(), options={"verify_signature": False})
    for alg in ("RS384", "RS512", "PS256"):
        token = jwt.encode(claims, FIRST.private, algorithm=alg, headers={"typ": "at+jwt", "kid": "first"})
        with pytest.raises(AuthenticationError):
            client.verify_token(token)


def test_another_key_under_a_known_id_is_refused(client, service):
    with pytest.raises(AuthenticationError):
        client.verify_token(service.token(SECOND, headers={"kid": "first"}))


def test_a_key_that_is_too_short_is_no_key(client, service):
    weak = SigningKey("weak", bits=1024)
    service.keys = [FIRST, weak]
    with pytest.raises(AuthenticationError, match="unknown key"):
        client.verify_token(resigned(service.token(), {"kid": "weak"}, weak))


def test_a_changed_payload_is_refused(client, service):
    header, _, signature = service.token().split(".")
    payload = service.token(sub="usr_2").split(".")[1]
    with pytest.raises(AuthenticationError):
        client.verify_token(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "a.b.c", "Bearer x", "ä.ö.ü", "\x00", "e30.e30.", "x" * 9000, None, 7, b"e30.e30.e30"],
    ids=lambda token: repr(token)[:20],
)
def test_whatever_is_no_token_is_refused_without_asking(client, service, token):
    with pytest.raises(AuthenticationError):
        client.verify_token(token)
    assert service.requests == []


def test_a_token_ends_at_its_time_within_the_leeway(client, service, clock):
    token = service.token()
    clock.advance(900 + 4.9)
    assert client.verify_token(token)
    clock.advance(0.1)
    with pytest.raises(AuthenticationError, match="expired"):
        client.verify_token(token)


def test_a_token_from_the_future_is_refused_but_for_the_leeway(client, service):
    assert client.verify_token(service.token(iat=int(service.clock.time()) + 5))
    with pytest.raises(AuthenticationError, match="clock"):
        client.verify_token(service.token(iat=int(service.clock.time()) + 6))


def test_the_issuer_may_be_another_url_than_the_address(make_client, service):
    client = make_client(base_url="http://devauth.internal:8080/", issuer=URL)
    assert client.verify_token(service.token()).iss == URL
    assert str(service.requests[0].url) == "http://devauth.internal:8080/.well-known/jwks.json"


def test_neither_token_nor_address_is_in_errors_or_reprs(client, service):
    token = service.token(aud="app_other")
    with pytest.raises(AuthenticationError) as caught:
        client.verify_token(token)
    assert caught.value.__cause__ is None
    assert token.split(".")[1] not in str(caught.value)
    assert "ada@" not in repr(client.verify_token(service.token()))


def encoded(part):
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def resigned(token, changes, key=FIRST):
    """The same claims under another header, with a signature that holds."""
    header = {**jwt.get_unverified_header(token), **changes}
    message = (encoded({k: v for k, v in header.items() if v is not None}) + "." + token.split(".")[1]).encode()
    signature = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(message, key.private)
    return message.decode() + "." + base64.urlsafe_b64encode(signature).decode().rstrip("=")
