"""A real DevAuth for a test run: `devauth serve` over a database of its own, with keys of its own and a mailbox."""

import base64
import json
import os
import re
import secrets
import socket
import subprocess
import threading
import time
from contextlib import closing, suppress
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pg8000.dbapi
from aiosmtpd.controller import Controller

PATIENCE = 30.0
PASSWORD = "nine-otters-drink-tea"


class Mailbox:
    """Takes every mail, and lets tests wait for one."""

    def __init__(self):
        self._mails = []
        self._arrived = threading.Condition()
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self._controller.start()
        self.url = f"smtp://127.0.0.1:{self._controller.port}"

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        with self._arrived:
            self._mails.append((message["to"], message.get_body(("plain",)).get_content()))
            self._arrived.notify_all()
        return "250 taken"

    def token(self, address, page):
        """The token of the newest link to `page` that was mailed to an address; waits for one, and takes it away."""
        found = []

        def look():
            for index in reversed(range(len(self._mails))):
                to, text = self._mails[index]
                link = re.search(rf"/{page}\?token=([\w-]+)", text)
                if to == address and link:
                    found.append(link.group(1))
                    del self._mails[index]
                    return True
            return False

        with self._arrived:
            assert self._arrived.wait_for(look, PATIENCE), f"no {page} mail came"
        return found[0]

    def close(self):
        self._controller.stop()


class Deployment:
    """The service, which can be stopped and started again, and an application with keys."""

    def __init__(self, directory, program, administration, redis):
        self.program = program
        self._administration = administration
        self._database = f"sdk_python_{os.getpid()}_{secrets.token_hex(4)}"
        self._node = None
        self.log = Path(directory) / "devauth.log"
        self.url = f"http://127.0.0.1:{free_port()}"
        self.mailbox = Mailbox()
        keys = Path(directory) / "keys"
        encryption = base64.b64encode(secrets.token_bytes(32)).decode()
        subprocess.run([program, "keys", "generate", "--dir", keys], check=True, capture_output=True)
        self._run_sql(f'CREATE DATABASE "{self._database}"')
        self._environment = {
            "PATH": os.environ["PATH"],
            "DEVAUTH_ENV": "test",
            # By hand: urllib drops the empty host of postgres:///name?host=/a/socket.
            "DATABASE_URL": re.sub(r"(://[^/]*)/[^?]*", rf"\1/{self._database}", administration, count=1),
            "SMTP_URL": self.mailbox.url,
            "DEVAUTH_MAIL_FROM": "DevAuth <no-reply@example.com>",
            "DEVAUTH_PUBLIC_URL": self.url,
            "DEVAUTH_ENCRYPTION_KEY": encryption,
            "DEVAUTH_JWT_PRIVATE_KEY_FILE": str(keys / "jwt.pem"),
            "DEVAUTH_BIND": self.url[len("http://") :],
            "DEVAUTH_ADMIN_BIND": "127.0.0.1:0",
            "DEVAUTH_BCRYPT_COST": "4",
            "DEVAUTH_RATE_LIMIT_PER_MINUTE": "100000",
            "DEVAUTH_LOG": "info",
            **({"REDIS_URL": redis} if redis else {}),
        }

    def set(self, variable, value):
        """Configures the service, for its next start."""
        self._environment[variable] = value

    def environment(self, **changes):
        """The environment of the service, with changes."""
        return {**self._environment, **changes}

    def start(self):
        """Starts the service and waits until it can serve."""
        with self.log.open("ab") as log:
            self._node = subprocess.Popen(
                [self.program, "serve"], env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        until = time.monotonic() + PATIENCE
        while True:
            assert self._node.poll() is None, f"it ended:\n{self.log.read_text()}"
            assert time.monotonic() < until, f"it does not get ready:\n{self.log.read_text()}"
            try:
                if httpx.get(f"{self.url}/health/ready", timeout=PATIENCE).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.02)

    def stop(self):
        """Asks it to end, and waits."""
        if self._node is not None:
            self._node.terminate()
            try:
                self._node.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._node.kill()
                self._node.wait()
            self._node = None

    def command(self, *arguments):
        """Runs another command of the program, with the service's environment."""
        done = subprocess.run(
            [self.program, *arguments], env=self._environment, capture_output=True, text=True, timeout=PATIENCE * 2
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def close(self):
        """Takes all of it down."""
        self.stop()
        self.mailbox.close()
        self._run_sql(f'DROP DATABASE IF EXISTS "{self._database}" WITH (FORCE)')

    def application(self, name="Bookshop", **settings):
        """A new application with a secret and a publishable key."""
        developer = {"email": f"dev-{secrets.token_hex(4)}@example.com", "password": PASSWORD}
        with httpx.Client(base_url=f"{self.url}/v1/portal", timeout=PATIENCE) as portal:

            def call(method, path, **body):
                answer = portal.request(method, path, json=body)
                assert answer.is_success, answer.text
                return answer.json()

            call("POST", "/developers/signup", **developer)
            token = call("POST", "/developers/login", **developer)["access_token"]
            portal.headers["authorization"] = f"Bearer {token}"
            app = call("POST", "/applications", name=name, environment="development")["app_id"]
            if settings:
                call("PATCH", f"/applications/{app}", settings=settings)
            keys = {
                kind: call("POST", f"/applications/{app}/api-keys", label=kind, type=kind)["key"]
                for kind in ("secret", "publishable")
            }
        return Application(self, app, keys["secret"], keys["publishable"])

    def _run_sql(self, statement):
        url = urlsplit(self._administration)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        host = query.get("host") or url.hostname or "127.0.0.1"
        port = int(query.get("port") or url.port or 5432)
        where = {"unix_sock": f"{host}/.s.PGSQL.{port}"} if host.startswith("/") else {"host": host, "port": port}
        user = query.get("user") or url.username
        database = url.path.lstrip("/") or "postgres"
        with closing(pg8000.dbapi.connect(user=user, password=url.password, database=database, **where)) as connection:
            connection.autocommit = True
            connection.cursor().execute(statement)


class Application:
    """An application of the deployment: what its clients are made with."""

    def __init__(self, deployment, app_id, secret, publishable):
        self.deployment = deployment
        self.app_id = app_id
        self.secret = secret
        self.publishable = publishable

    def options(self, **changes):
        """A client's arguments."""
        return {"app_id": self.app_id, "api_key": self.secret, "base_url": self.deployment.url, **changes}


def address():
    """An address that nobody has."""
    return f"ada-{secrets.token_hex(6)}@example.org"


def free_port():
    """A port that nobody listens on, below those that the system gives to clients: none of them takes it meanwhile."""
    while True:
        port = 12_000 + secrets.randbelow(18_000)
        with closing(socket.socket()) as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def key_id(token):
    """The key id in a token's header."""
    header = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]
