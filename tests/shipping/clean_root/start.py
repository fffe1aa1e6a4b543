"""
Starts by hand what compose.yaml says: its environment, commands, volumes, health checks and order, with the roots that the Dockerfile's
steps made. Postgres, Redis and Caddy are this machine's, mail is caught by a few lines of ours. Everything is in one network namespace
without a way out, so each service has a loopback address of its own under its name.
"""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import yaml

from .bases import say

ADDRESSES = {name: f"127.0.0.{number}" for number, name in enumerate(["proxy", "postgres", "redis", "mail", "devauth", "devauth-2"], 2)}
HOSTS = "127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name, address in ADDRESSES.items())


class Compose:
    def __init__(self, tree, image, folder):
        self.tree, self.image, self.folder = tree, image, folder
        self.services = yaml.safe_load((tree / "compose.yaml").read_text())["services"]
        self.running = {}
        self.mails = []
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("setup", "final"):
            image.roots[name].inside("etc/hosts").write_text(HOSTS)
        (folder / "hosts").parent.mkdir(parents=True)
        (folder / "hosts").write_text(HOSTS)

    # --- what compose.yaml says ------------------------------------------------------------------------------------------

    def environment(self, name, **own):
        """Without a file .env beside it: what stands after `:-`."""
        given = {key: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value)) for key, value in self.services[name]["environment"].items()}
        assert not set(own) - set(given), "only what compose.yaml sets may be set otherwise"
        return {**given, **own}

    def volumes(self, name):
        for volume in self.services[name]["volumes"]:
            source, target, *mode = volume.split(":")
            yield self.volume(source, target), target, (mode or ["rw"])[0]

    def volume(self, name, target):
        """As an engine does it: a new volume gets what the image has at that place, with owner and mode."""
        path = self.folder / "volumes" / name
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            subprocess.run(["cp", "-a", self.image.roots["setup"].inside(target), path], check=True)
        # A mount needs a place to be mounted on, which an engine makes.
        self.image.roots["final"].inside(target).mkdir(parents=True, exist_ok=True)
        return path

    def rights(self, name):
        service = self.services[name]
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        return {"user": self.image.user("setup" if name == "setup" else "final"), "read_only": True, "volumes": list(self.volumes(name))}

    # --- the services ----------------------------------------------------------------------------------------------------

    def up(self):
        for name in ("setup", "postgres", "redis", "mail", "devauth", "devauth-2", "proxy"):
            for need, how in self.services[name].get("depends_on", {}).items():
                assert need in self.running, f"{name} needs {need} ({how['condition']}), which has not been started yet"
            say(f"starting {name}")
            getattr(self, name.partition("-")[0])(name)

    def setup(self, name):
        command = yaml.safe_load(self.image.stages["setup"].kept["CMD"])
        print(self.image.roots["setup"].run(command, self.environment(name), **self.rights(name)), end="")
        self.running[name] = None

    def postgres(self, name):
        data, binaries = self.folder / "postgres", sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        environment = {**self.environment(name), "POSTGRES_USER": "postgres", "PGHOST": str(data), "PATH": f"{binaries}:{os.environ['PATH']}"}
        environment["POSTGRES_PASSWORD_FILE"] = str(self.folder / "volumes/database-password/password")
        data.mkdir()
        shutil.chown(data, "postgres", "postgres")
        self.folder.chmod(0o755)
        as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        initdb = ["initdb", "--username=postgres", f"--pwfile={environment['POSTGRES_PASSWORD_FILE']}", *environment["POSTGRES_INITDB_ARGS"].split()]
        run([*as_postgres, *initdb, "-D", data], environment)
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all all scram-sha-256\n")
        self.begin(name, args=[*as_postgres, "postgres", "-D", data, "-k", data, "-h", "*"], env=environment)
        until("Postgres listens", lambda: subprocess.run([binaries / "pg_isready", "-q"], env=environment).returncode == 0)
        script = self.tree / "deploy/compose/database.sh"
        assert f"./{script.relative_to(self.tree)}:/docker-entrypoint-initdb.d/devauth.sh:ro" in self.services[name]["volumes"]
        run([*as_postgres, "sh", "-s"], environment, script.read_text())
        self.healthy(name, env=environment)

    def redis(self, name):
        place = self.folder / "redis"
        place.mkdir()
        command = [*self.services[name]["command"], "--dir", place, "--protected-mode", "no"]
        self.begin(name, args=[str(word) for word in command], env=os.environ)
        self.healthy(name, env=os.environ)

    def mail(self, name):
        started = threading.Event()
        threading.Thread(target=lambda: asyncio.run(catch(ADDRESSES[name], self.mails, started)), daemon=True).start()
        assert started.wait(10)
        self.running[name] = None

    def devauth(self, name):
        address = ADDRESSES[name]
        # In containers of their own both nodes have the same ports, and the proxy another address.
        own = {"DEVAUTH_BIND": f"{address}:8080", "DEVAUTH_ADMIN_BIND": f"{address}:9090", "DEVAUTH_TRUSTED_PROXIES": "127.0.0.1"}
        root, kept = self.image.roots["final"], self.image.stages["final"].kept
        environment, rights = self.environment(name, **own), self.rights(name)
        words = yaml.safe_load(kept["ENTRYPOINT"]) + yaml.safe_load(kept["CMD"])
        self.begin(name, **root.command(words, environment, **rights))
        self.healthy(name, wrap=lambda test: root.command(test, environment, **rights))
        _, _, test = kept["HEALTHCHECK"].partition("CMD ")
        root.run(yaml.safe_load(test), environment, **rights)

    def proxy(self, name):
        text = (self.tree / "deploy/compose/Caddyfile").read_text()
        (self.folder / "Caddyfile").write_text(text.replace("admin off", f"admin off\n\tdefault_bind {ADDRESSES[name]}"))
        script = 'mount --make-rprivate / && mount --bind "$1" /etc/hosts && exec caddy run --config "$2"'
        words = ["unshare", "--mount", "sh", "-c", script, "sh", self.folder / "hosts", self.folder / "Caddyfile"]
        own = {"XDG_DATA_HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder)}
        self.begin(name, args=[str(word) for word in words], env={**os.environ, **own})
        until("the proxy answers", lambda: status(f"http://{ADDRESSES[name]}:8080/health/ready") == 200)

    # --- running them ----------------------------------------------------------------------------------------------------

    def begin(self, name, **how):
        log = (self.folder / f"{name}.log").open("wb")
        self.running[name] = subprocess.Popen(**how, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)

    def healthy(self, name, wrap=None, **how):
        """The health check of compose.yaml, with its own interval and patience at the start."""
        check = self.services[name]["healthcheck"]
        test = check["test"][1:]
        how = wrap(test) if wrap else {"args": test, **how}
        until(f"{name} is healthy", lambda: self.alive(name) and subprocess.run(**how, capture_output=True).returncode == 0, check["start_period"])

    def alive(self, name):
        if self.running[name].poll() is not None:
            raise SystemExit(f"{name} ended:\n" + (self.folder / f"{name}.log").read_text()[-3000:])
        return True

    def stop(self, name):
        """The signal that an engine sends to the program itself; and it ends well within its time of grace."""
        process, seconds = self.running.pop(name), int(self.services[name].get("stop_grace_period", "20s").rstrip("s"))
        target = process.pid
        if name.startswith("devauth"):
            # `unshare --fork` waits for its one child, which is the program.
            (target,) = map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split())
        os.kill(target, signal.SIGINT if name == "postgres" else signal.SIGTERM)
        return process.wait(seconds)

    def down(self):
        for name in reversed([name for name, process in self.running.items() if process]):
            self.stop(name)


async def catch(address, mails, started):
    """As much SMTP as it takes to get a mail."""

    async def serve(reader, writer):
        writer.write(b"220 mail\r\n")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                mails.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, address, 1025)
    started.set()
    await server.serve_forever()


def run(words, environment, text=None):
    subprocess.run([str(word) for word in words], env=environment, input=text, text=True, check=True, stdout=subprocess.DEVNULL)


def until(what, holds, patience="30s"):
    last = time.monotonic() + int(patience.rstrip("s"))
    while not holds():
        if time.monotonic() > last:
            raise SystemExit(f"after {patience} still not: {what}")
        time.sleep(0.1)


def ask(url, body=None, **headers):
    """Status and text of an answer, by curl, which every machine of ours has."""
    words = ["curl", "-sS", "-m", "20", "-w", "\n%{http_code}", url, *(part for item in headers.items() for part in ("-H", "{}: {}".format(*item)))]
    if body is not None:
        words += ["--json", body]
    text, _, code = subprocess.run(words, text=True, capture_output=True).stdout.rpartition("\n")
    return int(code or 0), text


def status(url):
    return ask(url)[0]
