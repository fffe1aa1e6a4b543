"""What DevAuth connects to over TLS: it takes a server whose certificate a trusted authority made for that name, and no other."""

import contextlib
import socket
import ssl
import subprocess
import threading
import time

import httpx
import pytest
import trustme
from deployment import PASSWORD, address

PATIENCE = 20.0


class Listener:
    """A TLS server that notes whether a handshake was finished, and with which name."""

    def __init__(self, certificate):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self.context)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.finished, self.refused = threading.Event(), threading.Event()
        self.version = None
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        try:
            self.before_tls(connection)
            with self.context.wrap_socket(connection, server_side=True) as secured:
                # A client that refuses the certificate of TLS 1.3 says so after the handshake: what counts is that it speaks.
                if secured.recv(1):
                    self.version = secured.version()
                    self.finished.set()
                else:
                    self.refused.set()
        except (ssl.SSLError, ConnectionError):
            self.refused.set()

    def before_tls(self, connection):
        pass

    def close(self):
        self.socket.close()


class Postgres(Listener):
    def before_tls(self, connection):
        assert connection.recv(8)[4:] == b"\x04\xd2\x16\x2f", "SSLRequest"
        connection.sendall(b"S")


class Smtp(Listener):
    """Greets inside of TLS, so that the client has something to say."""

    def answer(self, connection):
        try:
            with self.context.wrap_socket(connection, server_side=True) as secured:
                secured.sendall(b"220 mail.example ESMTP\r\n")
                if secured.recv(1):
                    self.version = secured.version()
                    self.finished.set()
                else:
                    self.refused.set()
        except (ssl.SSLError, ConnectionError):
            self.refused.set()


SERVERS = {
    "redis": (Listener, "REDIS_URL", "rediss://localhost:{port}"),
    "smtp": (Smtp, "SMTP_URL", "smtps://localhost:{port}"),
    "postgres": (Postgres, "DATABASE_URL", "postgres://devauth:x@localhost:{port}/devauth?sslmode=verify-full&sslrootcert={authority}"),
}


def ask_for_a_mail(url):
    """A signup, once the node listens: nothing connects to a relay before there is a mail."""
    with contextlib.suppress(httpx.TransportError):
        httpx.post(f"{url}/v1/portal/developers/signup", json={"email": address(), "password": PASSWORD}, timeout=10)


def ask_how_it_is(url):
    """Nor to Redis before there is something to count."""
    with contextlib.suppress(httpx.TransportError):
        httpx.get(f"{url}/health/ready", timeout=10)


@pytest.fixture
def authority(tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    return authority


@pytest.fixture
def connects(deployment, tmp_path):
    """Whether a node whose system trusts the authority of this test talks to a server with this certificate."""

    def connects(kind, certificate):
        server, variable, url = SERVERS[kind]
        listener = server(certificate)
        environment = deployment.environment(
            # Postgres is given its authority in the URL, as by libpq; for the others the system's count.
            **{variable: url.format(port=listener.port, authority=tmp_path / "authority.pem")},
            SSL_CERT_FILE=str(tmp_path / "authority.pem"),
        )
        # Alone, lest the other node sends the mail.
        deployment.stop()
        log = tmp_path / "node.log"
        with log.open("ab") as output:
            node = subprocess.Popen([deployment.program, "serve"], env=environment, stdout=output, stderr=output)
        try:
            until = time.monotonic() + PATIENCE
            while time.monotonic() < until:
                if kind == "smtp":
                    ask_for_a_mail(deployment.url)
                else:
                    ask_how_it_is(deployment.url)
                if listener.finished.wait(0.05):
                    assert listener.version in ("TLSv1.2", "TLSv1.3")
                    return True
                if listener.refused.is_set():
                    # What was refused once is tried again; it must stay so.
                    return listener.finished.wait(1)
            raise AssertionError(f"nobody connected:\n{log.read_text()}")
        finally:
            node.kill()
            node.wait()
            listener.close()
            deployment.start()

    return connects


@pytest.mark.parametrize("kind", SERVERS)
def test_a_certificate_for_the_name_from_a_trusted_authority_is_taken(kind, authority, connects):
    assert connects(kind, authority.issue_cert("localhost"))


@pytest.mark.parametrize("kind", SERVERS)
def test_a_certificate_for_another_name_is_refused(kind, authority, connects):
    assert not connects(kind, authority.issue_cert("elsewhere.example"))


@pytest.mark.parametrize("kind", SERVERS)
def test_a_certificate_from_an_authority_that_nobody_trusts_is_refused(kind, authority, connects):
    assert not connects(kind, trustme.CA().issue_cert("localhost"))
