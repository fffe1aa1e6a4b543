"""What Schemathesis can't know: how a caller proves who it is, and the names of things that exist.

Half of the requests whose shape is right name a real user, key, token or cursor, so that they get past the first check.
"""

import base64
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
        self.answer = None

    def get(self, case, context):
        login = CALLER["login"]
        if login is None:
            return {}
        if self.answer is None or not self.lives():
            self.answer = post(login["path"], login["body"], login["headers"])
        body = self.answer.json()
        if "access_token" in body:
            return {"Authorization": f"Bearer {body['access_token']}"}
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.answer.cookies.items())}

    def lives(self):
        me = "/v1/portal/developers/me" if "portal" in CALLER["login"]["path"] else "/v1/auth/me"
        body = self.answer.json()
        if "access_token" not in body:
            # The client drops a Secure cookie that came over http, so it is shown by hand.
            cookie = "; ".join(f"{name}={value}" for name, value in self.answer.cookies.items())
            return CLIENT.get(me, headers={"Cookie": cookie}).status_code == 200
        headers = {**CALLER["login"]["headers"], "Authorization": f"Bearer {body['access_token']}"}
        return CLIENT.get(me, headers=headers).status_code == 200

    def set(self, case, data, context):
        case.headers.update({**CALLER["headers"], **data})
        if "basic" in CALLER:
            pair = ":".join(CALLER["basic"])
            case.headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()


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


@schemathesis.hook
def before_call(context, case, **kwargs):
    """Puts names of what exists into requests that were not made to be wrong there."""
    meta = case.meta
    if meta is None:
        return
    if isinstance(case.body, dict) and "password" in case.body and not meta.is_negative_at(ParameterLocation.BODY):
        # What makes a password good no schema can say.
        case.body = {**case.body, "password": f"{secrets.token_hex(8)} otters"}
    if CHANCE.random() < 0.5:
        return
    if case.path_parameters and not meta.is_negative_at(ParameterLocation.PATH):
        case.path_parameters.update(path_names(case))
    if not meta.is_negative_at(ParameterLocation.BODY):
        values = body_values(case)
        if values:
            case.body = {**case.body, **values}
