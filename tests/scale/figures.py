"""The figures of docs/scaling.md: processor time of requests, and bytes an event.

Run it in the services of the tests, with the program to measure:

    target/release/examples/services python3 tests/scale/figures.py target/release/devauth

Passwords are hashed cheaply but for the last line. Times are those of the node and of Postgres with everything that follows
the log, from /proc (Linux); waiting does not count.
"""

import base64
import http.client
import json
import os
import socketserver
import subprocess
import sys
import threading
import time

PROGRAM, PEOPLE, CALLERS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000, 8
DATABASE = os.environ["DEVAUTH_TEST_DATABASE_URL"]
ROOT = os.path.join(os.path.dirname(__file__), "../..")
PASSWORD = "violet tractor lagoon 77"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
TICKS = os.sysconf("SC_CLK_TCK")


class Relay(socketserver.StreamRequestHandler):
    """Takes every mail."""

    def handle(self):
        self.wfile.write(b"220 ready\r\n")
        in_data = False
        for line in self.rfile:
            if in_data and line != b".\r\n":
                continue
            verb = line[:4].upper()
            in_data = not in_data and verb == b"DATA"
            self.wfile.write(b"354 go on\r\n" if in_data else b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


relay = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Relay)
relay.daemon_threads = True
threading.Thread(target=relay.serve_forever, daemon=True).start()


def sql(query):
    done = subprocess.run(["psql", DATABASE, "-Atc", query], capture_output=True, text=True, check=True)
    return done.stdout.strip()


class Node:
    key = base64.b64encode(os.urandom(32)).decode()

    def __init__(self, cost):
        environment = {
            "DEVAUTH_ENV": "test",
            "DATABASE_URL": DATABASE,
            "REDIS_URL": os.environ["DEVAUTH_TEST_REDIS_URL"],
            "SMTP_URL": f"smtp://127.0.0.1:{relay.server_address[1]}",
            "DEVAUTH_MAIL_FROM": "no-reply@example.com",
            "DEVAUTH_PUBLIC_URL": "https://auth.example.com",
            "DEVAUTH_ENCRYPTION_KEY": self.key,
            "DEVAUTH_JWT_PRIVATE_KEY_FILE": os.path.join(ROOT, "src/config/testdata/rsa-2048.pem"),
            "DEVAUTH_BIND": "127.0.0.1:0",
            "DEVAUTH_ADMIN_BIND": "127.0.0.1:0",
            "DEVAUTH_BCRYPT_COST": str(cost),
            "DEVAUTH_RATE_LIMIT_PER_MINUTE": "1000000",
            "DEVAUTH_INTROSPECT_LIMIT_PER_MINUTE": "1000000",
            "DEVAUTH_TRUSTED_PROXIES": "127.0.0.1",
            "DEVAUTH_DRAIN_TIME": "0s",
        }
        self.process = subprocess.Popen([PROGRAM, "serve"], env=environment, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            said = json.loads(line)
            if said["message"] == "listening":
                self.address = said["address"]
                break
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


class Caller:
    def __init__(self, node, headers):
        self.connection = http.client.HTTPConnection(node.address)
        self.headers = {"content-type": "application/json", "user-agent": AGENT, **headers}

    def send(self, method, path, body=None, **headers):
        body = None if body is None else json.dumps(body)
        self.connection.request(method, path, body, {**self.headers, **headers})
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status in (200, 201), (path, answer.status, text)
        return json.loads(text)

    def log_in(self, person):
        credentials = {"email": f"somebody.{person}@example.com", "password": PASSWORD}
        return self.send("POST", "/v1/auth/login", credentials, **{"x-forwarded-for": address_of(person)})

    def refresh(self, tokens):
        return self.send("POST", "/v1/auth/refresh", {"refresh_token": tokens["refresh_token"]})


def address_of(person):
    return f"203.{person >> 16 & 255}.{person >> 8 & 255}.{person & 255}"


def application(node):
    caller = Caller(node, {})
    developer = {"email": "grace@example.org", "password": PASSWORD}
    caller.send("POST", "/v1/portal/developers/signup", developer)
    token = caller.send("POST", "/v1/portal/developers/login", developer)["access_token"]
    bearing = {"authorization": f"Bearer {token}"}
    made = caller.send("POST", "/v1/portal/applications", {"name": "Acme", "environment": "development"}, **bearing)
    path = f"/v1/portal/applications/{made['app_id']}/api-keys"
    key = caller.send("POST", path, {"label": "figures"}, **bearing)["key"]
    return {"x-app-id": made["app_id"], "x-api-key": key}


def processor_times(node):
    """Seconds of the node, and of Postgres with the sessions that have ended."""
    with open(sql("SHOW data_directory") + "/postmaster.pid") as file:
        postmaster = file.readline().strip()
    own = postgres = 0
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if process == str(node.process.pid):
            own += sum(map(int, fields[11:13]))
        if process == postmaster:
            postgres += sum(map(int, fields[11:15]))
        elif fields[1] == postmaster:
            postgres += sum(map(int, fields[11:13]))
    return own / TICKS, postgres / TICKS


def measure(what, node, headers, count, request):
    """Sends so many requests, several at a time."""
    failures = []

    def call(first):
        caller = Caller(node, headers)
        try:
            for number in range(first, count, CALLERS):
                request(caller, number)
        except Exception as error:  # a thread's own would only be printed
            failures.append(error)

    before = processor_times(node)
    threads = [threading.Thread(target=call, args=(first,)) for first in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    after = processor_times(node)
    own, postgres = ((now - then) / count * 1e3 for now, then in zip(after, before))
    print(f"{what:38} node {own:8.2f} ms   Postgres {postgres:6.2f} ms")


def total():
    return int(
        sql(
            "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE nspname IN ('public', 'secrets') AND relkind = 'r'"
        )
    )


def come_and_go(caller, person):
    body = {"email": f"somebody.{person}@example.com", "password": PASSWORD, "metadata": {"plan": "basic"}}
    caller.send("POST", "/v1/auth/signup", body, **{"x-forwarded-for": address_of(person)})
    for _ in range(2):
        tokens = caller.log_in(person)
        for _ in range(4):
            tokens = caller.refresh(tokens)


def sizes(empty):
    while sql("SELECT (SELECT count(*) FROM events) > (SELECT min(checkpoint) FROM projections)") != "f":
        time.sleep(0.2)
    sql("VACUUM ANALYZE")
    events = int(sql("SELECT count(*) FROM events"))
    log = int(sql("SELECT pg_total_relation_size('events') + pg_total_relation_size('event_log')"))
    print(f"{events} events: {log / events:.0f} bytes each in the log, {(total() - empty) / events:.0f} in everything")


node = Node(4)
try:
    headers = application(node)
    empty = total()
    measure("a person with 2 logins and 8 refreshes", node, headers, PEOPLE, come_and_go)
    sizes(empty)
    measure("login without its hash (cost 4)", node, headers, PEOPLE, lambda caller, n: caller.log_in(n))
    session = Caller(node, headers).log_in(0)
    bearing = {"authorization": f"Bearer {session['access_token']}"}
    measure("me", node, headers, 4000, lambda caller, _: caller.send("GET", "/v1/auth/me", **bearing))
    body = {"token": session["access_token"]}
    measure("introspect", node, headers, 4000, lambda caller, _: caller.send("POST", "/v1/auth/introspect", body))
    chains = [Caller(node, headers).log_in(n % PEOPLE) for n in range(80)]

    def refresh(caller, number):
        chains[number % 80] = caller.refresh(chains[number % 80])

    measure("refresh", node, headers, 1600, refresh)
    node.stop()
    # Each stored hash is cheaper than this node wants it, so each login makes one.
    node = Node(12)
    measure("login with a hash of cost 12", node, headers, 40, lambda caller, n: caller.log_in(n))
finally:
    node.stop()
