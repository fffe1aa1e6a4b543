"""With the real Django."""

import asyncio
import sys
import types

import django
import pytest
from django.conf import settings

if not settings.configured:
    settings.configure(
        DEBUG=False,
        SECRET_KEY="only for tests",
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF="shop_urls",
        MIDDLEWARE=["devauth.django.DevAuthMiddleware"],
        LOGGING_CONFIG=None,
    )
    django.setup()

from django.http import JsonResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View

from devauth import AuthenticationError, ConfigurationError
from devauth.django import client, current_user, require_auth

from .conftest import BAD_HEADERS


@require_auth
def me(request):
    return JsonResponse({"sub": current_user(request).sub})


@require_auth
async def waiting(request):
    return JsonResponse({"sub": current_user(request).sub})


@require_auth(strict=True)
def strict(request):
    return JsonResponse({"email": current_user(request).email})


@require_auth
def guarded(request):
    return JsonResponse({"sub": "usr_1"})


@require_auth
async def guarded_async(request):
    return JsonResponse({"sub": "usr_1"})


def by_hand(request):
    return JsonResponse({"sub": current_user(request).sub})


@method_decorator(require_auth, name="dispatch")
class Account(View):
    def get(self, request):
        return JsonResponse({"sub": current_user(request).sub})


def public(request):
    return JsonResponse({"hello": True})


def logging_in(request):
    raise AuthenticationError("The address or the password is wrong.", status_code=401)


urls = types.ModuleType("shop_urls")
urls.urlpatterns = [
    path("me", me),
    path("async", waiting),
    path("guarded", guarded),
    path("guarded_async", guarded_async),
    path("strict", strict),
    path("by_hand", by_hand),
    path("class", Account.as_view()),
    path("public", public),
    path("logging_in", logging_in),
]
sys.modules["shop_urls"] = urls

PROTECTED = ["/me", "/async", "/guarded", "/guarded_async", "/by_hand", "/class", "/strict"]


@pytest.fixture
def setting(options):
    return {name.upper(): value for name, value in options.items()}


@pytest.fixture
def web(setting):
    with override_settings(DEVAUTH=setting):
        yield Client()
        client().close()


@pytest.mark.parametrize("path", PROTECTED[:-1])
def test_a_good_token_comes_in(web, bearer, path):
    answer = web.get(path, headers=bearer())
    assert (answer.status_code, answer.json()) == (200, {"sub": "usr_1"})


@pytest.mark.parametrize("path", PROTECTED)
@pytest.mark.parametrize(("headers", "challenge"), BAD_HEADERS)
def test_others_do_not(web, path, headers, challenge):
    answer = web.get(path, headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, challenge)


def test_under_asgi_too(web, bearer):
    async def ask():
        web = AsyncClient()
        return [(await web.get(path, headers=bearer())).status_code for path in PROTECTED] + [
            (await web.get(path)).status_code for path in PROTECTED
        ]

    assert asyncio.run(ask()) == [200] * 7 + [401] * 7


def test_a_strict_view_notices_a_logout(web, bearer, service):
    headers = bearer()
    assert web.get("/strict", headers=headers).json() == {"email": "new@example.org"}
    service.ended.append("ses_1")
    assert web.get("/strict", headers=headers).status_code == 401
    assert web.get("/me", headers=headers).status_code == 200


def test_a_strict_setting_makes_all_views_strict(setting, bearer, service):
    with override_settings(DEVAUTH={**setting, "STRICT": True}):
        service.ended.append("ses_1")
        assert Client().get("/me", headers=bearer()).status_code == 401


def test_a_token_is_verified_once_for_a_request(setting, bearer, service):
    with override_settings(DEVAUTH={**setting, "STRICT": True}):
        assert Client().get("/me", headers=bearer()).status_code == 200
    assert len(service.asked("/v1/auth/introspect")) == 1


@pytest.mark.parametrize("path", PROTECTED)
def test_trouble_is_503_and_authenticates_nobody(web, bearer, service, path):
    service.away = True
    answer = web.get(path, headers=bearer())
    assert answer.status_code == 503
    assert "www-authenticate" not in answer.headers


def test_public_views_ask_nobody(web, service):
    assert web.get("/public", headers={"Authorization": "Bearer garbage"}).status_code == 200
    assert service.requests == []


def test_a_views_own_errors_are_its_own(web):
    with pytest.raises(AuthenticationError):
        web.get("/logging_in")


@pytest.mark.parametrize("wrong", [{}, {"APP_ID": "app_1"}, {"APPID": "app_1"}])
def test_a_wrong_setting_is_said_at_the_start(setting, wrong):
    with override_settings(DEVAUTH={**(setting if "APPID" in wrong else {}), **wrong}), pytest.raises(ConfigurationError):
        Client().get("/public")
