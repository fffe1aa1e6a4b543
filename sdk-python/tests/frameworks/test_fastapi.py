"""With the real FastAPI."""

from typing import Optional

import pytest
from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.testclient import TestClient

from devauth import AsyncDevAuthClient, VerifiedToken
from devauth.fastapi import (
    CurrentUser,
    DevAuthMiddleware,
    OptionalUser,
    StrictUser,
    get_current_user,
)

from .conftest import BAD_HEADERS


def build(client, **middleware):
    app = FastAPI()
    app.add_middleware(DevAuthMiddleware, client=client, **middleware)
    app.add_middleware(CORSMiddleware, allow_origins=["http://localhost:5173"], allow_headers=["authorization"])

    @app.get("/me")
    async def me(user: CurrentUser):
        return {"sub": user.sub}

    @app.get("/blocking")
    def blocking(user: VerifiedToken = Depends(get_current_user)):
        return {"sub": user.sub}

    @app.get("/strict")
    async def strict(user: StrictUser):
        return {"email": user.email}

    @app.get("/optional")
    async def optional(user: OptionalUser):
        return {"sub": user.sub if user else None}

    @app.get("/public")
    async def public(name: Optional[str] = None):
        return {"hello": name}

    return TestClient(app)


@pytest.fixture
def web(options):
    with build(AsyncDevAuthClient(**options)) as web:
        yield web


@pytest.mark.parametrize("path", ["/me", "/blocking", "/optional"])
def test_a_good_token_comes_in(web, bearer, path):
    answer = web.get(path, headers=bearer())
    assert (answer.status_code, answer.json()) == (200, {"sub": "usr_1"})


@pytest.mark.parametrize("path", ["/me", "/blocking", "/strict"])
@pytest.mark.parametrize(("headers", "challenge"), BAD_HEADERS)
def test_others_do_not(web, path, headers, challenge):
    answer = web.get(path, headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, challenge)


def test_a_strict_route_notices_a_logout(web, bearer, service):
    headers = bearer()
    assert web.get("/strict", headers=headers).json() == {"email": "new@example.org"}
    service.ended.append("ses_1")
    assert web.get("/strict", headers=headers).status_code == 401
    assert web.get("/me", headers=headers).status_code == 200


def test_a_strict_middleware_makes_all_routes_strict(options, bearer, service):
    with build(AsyncDevAuthClient(**options), strict=True) as web:
        service.ended.append("ses_1")
        assert web.get("/me", headers=bearer()).status_code == 401


@pytest.mark.parametrize("path", ["/me", "/strict", "/optional"])
def test_trouble_is_503_and_authenticates_nobody(web, bearer, service, path):
    service.away = True
    answer = web.get(path, headers=bearer())
    assert answer.status_code == 503
    assert "www-authenticate" not in answer.headers


def test_an_optional_user_may_be_missing_but_not_bad(web):
    assert web.get("/optional").json() == {"sub": None}
    assert web.get("/optional", headers={"Authorization": "Bearer garbage"}).status_code == 401


def test_public_routes_ask_nobody(web, service):
    assert web.get("/public", headers={"Authorization": "Bearer garbage"}).status_code == 200
    assert service.requests == []


def test_a_page_may_read_a_refusal(web):
    answer = web.get("/me", headers={"Origin": "http://localhost:5173"})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"


def test_the_document_has_the_scheme_and_no_parameters(web):
    document = web.get("/openapi.json").json()
    assert document["components"]["securitySchemes"]["DevAuth"]["scheme"] == "bearer"
    assert document["paths"]["/me"]["get"]["security"] == [{"DevAuth": []}]
    assert "parameters" not in document["paths"]["/me"]["get"]


def test_without_the_middleware_it_fails_closed():
    app = FastAPI()

    @app.get("/me")
    async def me(user: CurrentUser):
        return {"sub": user.sub}

    with TestClient(app, raise_server_exceptions=False) as web:
        assert web.get("/me", headers={"Authorization": "Bearer x"}).status_code == 500
