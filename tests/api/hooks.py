"""What Schemathesis can't know: how a caller proves who it is, and the names of things that exist.

Half of the requests whose shape is right name a real user, key, token or cursor, so that they get past the first check.
"""

import json
import os
import random
import secrets
from pathlib import Path

import httpx
import schemathesis
from schemathesis.core.parameters import ParameterLocation

WORLD = json.loads(Path(os.environ["API_WORLD"]).read_text())
CALLER = WORLD["caller"]
CHANCE = random.Random(int(os.environ["API_SEED"]))
CLIENT = httpx.Client(base_url=WORLD["url"], timeout=30)


def post(path, body=None, headers=None, method="POST"):
    CLIENT.cookies.clear()
    answer = CLIENT.request(method, path, json=body, headers=headers)
    assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
    return answer


@schemathesis.auth(refresh_interval=None)
class Proof:
    """The caller's headers, with a session that lives: many routes end sessions."""

    def __init__(self):
        self.shown = None

    def get(self, case, context):
        login = CALLER["login"]
        if login is None:
            return {}
        if case.operation.path.endswith("password/change"):
            # Who changes their password could not log in again.
            return self.log_in(login, {**login["body"], "email": register(login)})
        if self.shown is None or not self.lives(login):
            self.shown = self.log_in(login, login["body"])
        return self.shown

    def log_in(self, login, body):
        answer = post(login["path"], body, login["headers"])
        token = answer.json().get("access_token")
        if token:
            return {"headers": {"Authorization": f"Bearer {token}"}}
        # By hand, as no client keeps a Secure cookie that came over http.
        name, value = answer.headers["set-cookie"].split(";")[0].split("=", 1)
        return {"cookies": {name: value}}

    def lives(self, login):
        me = login["path"].replace("login", "me")
        headers = {**login["headers"], **self.shown.get("headers", {})}
        cookies = {"Cookie": f"{name}={value}" for name, value in self.shown.get("cookies", {}).items()}
        return CLIENT.get(me, headers={**headers, **cookies}).status_code == 200

    def set(self, case, data, context):
        case.headers.update({**CALLER["headers"], **data.get("headers", {})})
        if data.get("cookies"):
            case.cookies = {**(case.cookies or {}), **data["cookies"]}


def register(login):
    """A new account like the caller's; answers its address."""
    email = f"new-{secrets.token_hex(6)}@example.org"
    post(login["path"].replace("login", "signup"), {"email": email, "password": WORLD["password"]}, login["headers"])
    return email


def portal(method, path, body=None):
    token = post("/v1/portal/developers/login", WORLD["portal"]).json()["access_token"]
    return post(f"/v1/portal{path}", body, {"Authorization": f"Bearer {token}"}, method).json()


def sign_up():
    email = f"ada-{secrets.token_hex(6)}@example.org"
    body = {"email": email, "password": WORLD["password"]}
    return post("/v1/auth/signup", body, WORLD["secret"]).json()["user"]["id"]


def session_of(user):
    body = {"email": user["email"], "password": WORLD["password"]}
    return post("/v1/auth/login", body, WORLD["secret"]).json()


def key():
    path = f"/applications/{WORLD['app_id']}/api-keys"
    return portal("POST", path, {"label": "to be revoked", "type": "secret"})["id"]


def path_names(case):
    """Real ids. What would take the world down gets something made for it."""
    path, method = case.operation.path, case.operation.method.upper()
    names = {"app_id": WORLD["app_id"], "key_id": WORLD["key_id"], "id": WORLD["users"][1]["id"]}
    if method == "DELETE" and path.endswith("{app_id}"):
        names["app_id"] = portal("POST", "/applications", {"name": "Short", "environment": "staging"})["app_id"]
    elif method == "DELETE" and path.endswith("{key_id}"):
        names["key_id"] = key()
    elif method == "DELETE" and path.endswith("/users/{id}"):
        names["id"] = sign_up()
    elif path.endswith("/suspend"):
        names["id"] = sign_up()
    return {name: value for name, value in names.items() if name in (case.path_parameters or {})}


def body_values(case):
    body, path = case.body, case.operation.path
    if not isinstance(body, dict):
        return {}
    caller = WORLD["users"][0]
    values = {}
    if path.endswith("/login") and "developers" not in path:
        values = {"email": caller["email"], "password": WORLD["password"]}
    elif path.endswith("developers/login"):
        values = dict(WORLD["portal"])
    elif path.endswith("password/change"):
        values = {"current_password": WORLD["password"]}
    elif path.endswith(("/refresh", "auth/logout")):
        values = {"refresh_token": session_of(caller)["refresh_token"]}
    elif path.endswith("/introspect"):
        values = {"token": session_of(caller)["access_token"]}
    elif path.endswith("/confirm"):
        links = WORLD["links"]["verify" if "verify" in path else "reset"]
        values = {"token": links.pop()} if links else {}
    elif path.endswith("/request"):
        values = {"email": caller["email"]}
    return {name: value for name, value in values.items() if name in body}


def acceptable(body):
    """The same body where no schema can say what makes a value good: then 422 would be no surprise."""
    if isinstance(body, dict):
        return {name: GOOD[name]() if name in GOOD and value else acceptable(value) for name, value in body.items()}
    # JSON Schema calls 7.0 an integer; the service calls it a number of another type.
    return int(body) if isinstance(body, float) and body.is_integer() else body


GOOD = {
    "password": lambda: f"{secrets.token_hex(8)} otters",
    "name": lambda: "Bookshop",
    "label": lambda: "web server",
    "allowed_origins": lambda: ["https://shop.example.com"],
    "app_url": lambda: "https://shop.example.com",
}


@schemathesis.hook
def before_call(context, case, **kwargs):
    """Puts names of what exists into requests that were not made to be wrong there."""
    meta = case.meta
    if meta is None:
        return
    if not meta.is_negative_at(ParameterLocation.BODY):
        case.body = acceptable(case.body)
    if case.query and not meta.is_negative_at(ParameterLocation.QUERY):
        # Only what was answered before is a cursor.
        case.query.pop("cursor", None)
    if "Idempotency-Key" in (case.headers or {}) and not meta.is_negative_at(ParameterLocation.HEADER):
        # One that was used before would answer for another request.
        case.headers["Idempotency-Key"] = secrets.token_hex(16)
    if CHANCE.random() < 0.5:
        return
    if case.path_parameters and not meta.is_negative_at(ParameterLocation.PATH):
        case.path_parameters.update(path_names(case))
    if not meta.is_negative_at(ParameterLocation.BODY):
        values = body_values(case)
        if values:
            case.body = {**case.body, **values}


@schemathesis.check
def nobody_gets_at_another_tenants_objects(ctx, response, case):
    """What is named is ours; another tenant is told that there is nothing."""
    if CALLER["name"].startswith("another tenant") and WORLD["app_id"] in response.request.url:
        assert response.status_code >= 400, f"{response.status_code} for an object of {WORLD['app_id']}"


@schemathesis.check
def no_answer_repeats_a_secret(ctx, response, case):
    """Neither the password nor the key that was sent, in whatever answer."""
    text = response.content.decode("utf-8", "replace")
    for value in [WORLD["password"], CALLER["headers"].get("x-api-key", WORLD["password"])]:
        assert value not in text, "the answer has a secret of its request in it"
