"""With the real Flask."""

import pytest
from flask import Flask, jsonify

from devauth import ConfigurationError
from devauth.flask import DevAuth, current_user, require_auth

from .conftest import BAD_HEADERS


def build(client, **extension):
    app = Flask("shop")
    app.testing = True
    DevAuth(app, client=client, **extension)

    @app.get("/me")
    @require_auth
    def me():
        """My account."""
        return {"sub": current_user.sub, "name": me.__doc__}

    @app.get("/async/<thing>")
    @require_auth
    async def waiting(thing):
        return {"sub": current_user.sub, "name": thing}

    @app.get("/strict")
    @require_auth(strict=True)
    def strict():
        return {"email": current_user.email}

    @app.get("/public")
    def public():
        return {"hello": True}

    @app.get("/forgotten")
    def forgotten():
        return {"sub": current_user.sub}

    return app


@pytest.fixture
def web(blocking):
    return build(blocking).test_client()


@pytest.mark.parametrize(("path", "name"), [("/me", "My account."), ("/async/book", "book")])
def test_a_good_token_comes_in(web, bearer, path, name):
    answer = web.get(path, headers=bearer())
    assert (answer.status_code, answer.json) == (200, {"sub": "usr_1", "name": name})


@pytest.mark.parametrize("path", ["/me", "/async/book", "/strict"])
@pytest.mark.parametrize(("headers", "challenge"), BAD_HEADERS)
def test_others_do_not(web, path, headers, challenge):
    answer = web.get(path, headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, challenge)
    assert answer.is_json


def test_a_strict_view_notices_a_logout(web, bearer, service):
    headers = bearer()
    assert web.get("/strict", headers=headers).json == {"email": "new@example.org"}
    service.ended.append("ses_1")
    assert web.get("/strict", headers=headers).status_code == 401
    assert web.get("/me", headers=headers).status_code == 200


def test_a_strict_extension_makes_all_views_strict(blocking, bearer, service):
    service.ended.append("ses_1")
    assert build(blocking, strict=True).test_client().get("/me", headers=bearer()).status_code == 401


@pytest.mark.parametrize("path", ["/me", "/strict"])
def test_trouble_is_503_and_authenticates_nobody(web, bearer, service, path):
    service.away = True
    answer = web.get(path, headers=bearer())
    assert answer.status_code == 503
    assert "www-authenticate" not in answer.headers


def test_public_views_ask_nobody(web, service):
    assert web.get("/public", headers={"Authorization": "Bearer garbage"}).status_code == 200
    assert service.requests == []


def test_error_handlers_of_the_application_apply(blocking):
    app = build(blocking)
    app.register_error_handler(401, lambda error: (jsonify(mine=True), 401, {"x-mine": "1"}))
    assert app.test_client().get("/me").json == {"mine": True}


def test_current_user_without_the_decorator_fails_closed(web, bearer):
    with pytest.raises(RuntimeError, match="require_auth"):
        web.get("/forgotten", headers=bearer())


def test_without_the_extension_it_fails_closed(bearer):
    app = Flask("shop")
    app.testing = True
    app.add_url_rule("/me", view_func=require_auth(lambda: "secret"))
    with pytest.raises(RuntimeError, match="Install DevAuth"):
        app.test_client().get("/me", headers=bearer())


def test_the_settings_make_a_client(options):
    extension = DevAuth()
    app = Flask("shop")
    with pytest.raises(ConfigurationError, match="app_id"):
        extension.init_app(app)
    app.config.update(DEVAUTH_APP_ID=options["app_id"], DEVAUTH_API_KEY=options["api_key"], DEVAUTH_BASE_URL=options["base_url"])
    extension.init_app(app)
    assert options["app_id"] in repr(app.extensions["devauth"].client)
    app.extensions["devauth"].client.close()
