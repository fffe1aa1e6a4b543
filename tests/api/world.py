"""Two developers with an application each, users in them, and what every kind of caller shows of itself."""

import base64

import httpx
from deployment import PASSWORD, address

# What the proxy in front would answer to: cookies are Secure, and browsers stay with https.
PUBLIC_URL = "https://auth.example.com"
ORIGIN = "https://shop.example.com"
LINKS = 25


class Caller:
    """Who makes the requests of a run: headers that stay, and how to get the one that does not last."""

    def __init__(self, name, headers=None, login=None, paths="/v1/auth", thorough=False):
        self.paths, self.thorough = paths, thorough
        self.description = {"name": name, "headers": headers or {}, "login": login}

    def __str__(self):
        return self.description["name"]


class Tenant:
    """A developer with an application, two keys and two users: one to call as, one to act upon."""

    def __init__(self, deployment, email):
        self.url, self.deployment = deployment.url, deployment
        self.developer = {"email": email, "password": PASSWORD}
        self.portal = httpx.Client(base_url=f"{self.url}/v1/portal", timeout=30)
        self.call("POST", "/developers/signup", self.developer)
        self.log_in()
        self.app = self.call("POST", "/applications", {"name": "Bookshop", "environment": "development"})
        self.call("PATCH", self.path(""), {"settings": {"allowed_origins": [ORIGIN], "password_min_strength": 0}})
        self.keys = {kind: self.key(kind) for kind in ("secret", "publishable")}
        self.auth = httpx.Client(base_url=f"{self.url}/v1/auth", headers=self.headers("secret"), timeout=30)
        self.caller, self.bystander = self.sign_up(), self.sign_up()

    def path(self, rest):
        return f"/applications/{self.app['app_id']}{rest}"

    def log_in(self):
        token = self.call("POST", "/developers/login", self.developer)["access_token"]
        self.portal.headers["authorization"] = f"Bearer {token}"

    def call(self, method, path, body=None):
        answer = self.portal.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def key(self, kind):
        # Schemathesis asks faster than anybody may by default.
        limit = {"rate_limit_per_minute": 1_000_000}
        return self.call("POST", self.path("/api-keys"), {"label": kind, "type": kind, **limit})

    def headers(self, kind):
        origin = {"Origin": ORIGIN} if kind == "publishable" else {}
        return {"x-app-id": self.app["app_id"], "x-api-key": self.keys[kind]["key"], **origin}

    def sign_up(self):
        email = address()
        answer = self.auth.post("/signup", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return {"id": answer.json()["user"]["id"], "email": email}

    def links(self):
        """Tokens of mailed links that have not been used."""
        fresh = [self.sign_up()["email"] for _ in range(LINKS)]
        for email in fresh:
            assert self.auth.post("/password/reset/request", json={"email": email}).status_code == 202
        pages = {"verify": "verify-email", "reset": "reset-password"}
        return {name: [self.deployment.mailbox.token(email, page) for email in fresh] for name, page in pages.items()}

    def as_user(self, kind):
        login = {"path": "/v1/auth/login", "body": {"email": self.caller["email"], "password": PASSWORD}}
        return {"headers": self.headers(kind), "login": {**login, "headers": self.headers(kind)}}

    def as_developer(self, **cookie):
        login = {"path": "/v1/portal/developers/login", "body": {**self.developer, **cookie}, "headers": {}}
        headers = {"Origin": PUBLIC_URL} if cookie else {}
        return {"headers": headers, "login": {**login, "headers": headers}}

    def describe(self):
        """What hooks.py puts where a request must name something that exists."""
        return {
            "app_id": self.app["app_id"],
            "users": [self.caller, self.bystander],
            "key_id": self.keys["publishable"]["id"],
            "password": PASSWORD,
            "secret": self.headers("secret"),
            "portal": self.developer,
            "links": self.links(),
        }


def callers(ours, theirs):
    """Every kind of caller. What they name is ours, so "another tenant's" must not get at it."""
    basic = base64.b64encode(f"{ours.app['app_id']}:{ours.app['app_secret']}".encode()).decode()
    return [
        Caller("anonymous", paths="/"),
        Caller("secret key", ours.headers("secret"), thorough=True),
        Caller("publishable key", ours.headers("publishable")),
        Caller("application secret", {"Authorization": f"Basic {basic}"}, paths="/v1/auth/introspect"),
        Caller("user, through a server", **ours.as_user("secret"), thorough=True),
        Caller("user, in a browser", **ours.as_user("publishable")),
        Caller("developer, by token", **ours.as_developer(), paths="/v1/portal", thorough=True),
        Caller("developer, by cookie", **ours.as_developer(cookie=True), paths="/v1/portal"),
        Caller("another tenant's key and user", **theirs.as_user("secret")),
        Caller("another tenant", **theirs.as_developer(), paths="/v1/portal"),
    ]


NAMES = [
    "anonymous",
    "secret key",
    "publishable key",
    "application secret",
    "user, through a server",
    "user, in a browser",
    "developer, by token",
    "developer, by cookie",
    "another tenant's key and user",
    "another tenant",
]
