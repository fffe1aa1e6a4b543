"""What happens to verification while the service is operated: keys rotate, it restarts, clocks differ."""

import asyncio
import threading
import time

import httpx
import pytest

from devauth import AsyncDevAuthClient, AuthenticationError, Clock, DevAuthClient, ServiceUnavailableError

from .deployment import PASSWORD, address, key_id

JWKS = "/.well-known/jwks.json"


class Counted(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The real network, counting requests for keys."""

    def __init__(self):
        self.fetches = 0
        self._blocking = httpx.HTTPTransport()
        self._waiting = httpx.AsyncHTTPTransport()

    def handle_request(self, request):
        self.fetches += request.url.path == JWKS
        return self._blocking.handle_request(request)

    async def handle_async_request(self, request):
        self.fetches += request.url.path == JWKS
        return await self._waiting.handle_async_request(request)

    def close(self):
        self._blocking.close()

    async def aclose(self):
        await self._waiting.aclose()


class Shifted(Clock):
    """The real time, and some seconds."""

    def __init__(self, seconds=0.0):
        self.shift = seconds

    def time(self):
        return super().time() + self.shift

    def monotonic(self):
        return super().monotonic() + self.shift


def test_a_signing_key_is_rotated_in_the_middle(deployment, application):
    """Twenty verifications meet the new key at once; with threads and with tasks."""
    clock, transport = Shifted(), Counted()
    client = DevAuthClient(**application.options(clock=clock, transport=transport))
    email = address()
    client.signup(email, PASSWORD)
    old = client.login(email, PASSWORD)
    assert client.verify_token(old.access_token)

    deployment.command("keys", "rotate", "signing", "--publish")
    deployment.command("keys", "rotate", "signing", "--sign", "--force")
    new = client.refresh(old.refresh_token)
    assert key_id(new.access_token) != key_id(old.access_token)

    # The keys that the client has are older than the pause between fetches, and still fresh.
    clock.shift += 11
    assert transport.fetches == 1
    found, barrier = [], threading.Barrier(20)

    def verify():
        barrier.wait()
        found.append(client.verify_token(new.access_token).sub)

    threads = [threading.Thread(target=verify) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [new.user.id] * 20
    assert transport.fetches == 2, "one fetch for twenty"
    assert client.verify_token(old.access_token), "tokens of the old key live on"
    assert transport.fetches == 2

    async def together():
        transport = Counted()
        async with AsyncDevAuthClient(**application.options(transport=transport)) as client:
            await asyncio.gather(*(client.verify_token(new.access_token) for _ in range(20)))
        return transport.fetches

    assert asyncio.run(together()) == 1

    deployment.command("keys", "rotate", "signing", "--retire", "--force")
    clock.shift += 300
    with pytest.raises(AuthenticationError, match="unknown key"):
        client.verify_token(old.access_token)
    client.close()


def test_the_service_is_restarted_in_the_middle(deployment, application):
    clock = Shifted()
    client = DevAuthClient(**application.options(clock=clock, max_retries=0))
    email = address()
    client.signup(email, PASSWORD)
    tokens = client.login(email, PASSWORD)
    assert client.verify_token(tokens.access_token, strict=True)
    with DevAuthClient(**application.options(max_retries=0)) as newcomer:
        deployment.stop()
        try:
            # Who knows the keys goes on, also when they would be asked for again.
            assert client.verify_token(tokens.access_token)
            clock.shift += 301
            assert client.verify_token(tokens.access_token)
            # Who does not, or wants to be sure, authenticates nobody.
            with pytest.raises(ServiceUnavailableError):
                client.verify_token(tokens.access_token, strict=True)
            with pytest.raises(ServiceUnavailableError):
                newcomer.verify_token(tokens.access_token)
            with pytest.raises(ServiceUnavailableError):
                client.refresh(tokens.refresh_token)
        finally:
            deployment.start()
        clock.shift += 11
        assert client.verify_token(tokens.access_token, strict=True)
        assert client.refresh(tokens.refresh_token), "nobody was logged out"
    with DevAuthClient(**application.options()) as newcomer:
        assert newcomer.verify_token(tokens.access_token)
    client.close()


def test_a_restart_during_calls_is_bridged_by_retries(deployment, application, tokens):
    """Calls go on while the service is away for a moment: reads are repeated until it is back."""
    back = threading.Event()

    class Patient(Clock):
        def sleep(self, seconds):
            assert back.wait(30)

    with DevAuthClient(**application.options(clock=Patient())) as client:
        assert client.get_user(tokens.access_token)
        deployment.stop()

        def restart():
            deployment.start()
            back.set()

        starting = threading.Thread(target=restart)
        starting.start()
        try:
            assert client.get_user(tokens.access_token).id == tokens.user.id
        finally:
            starting.join()


@pytest.mark.parametrize(("shift", "good"), [(-4, True), (4, True), (-60, False), (910, False)])
def test_clocks_may_differ_by_the_leeway_and_no_more(application, tokens, shift, good):
    with DevAuthClient(**application.options(clock=Shifted(shift))) as client:
        # Measured from the token itself: time passed since it was issued.
        claims = client.verify_token(tokens.access_token, strict=True)
        passed = time.time() - claims.iat
        client._clock.shift = shift - passed if shift < 0 else shift
        if good:
            assert client.verify_token(tokens.access_token)
        else:
            with pytest.raises(AuthenticationError):
                client.verify_token(tokens.access_token)
        assert client.verify_token(tokens.access_token, strict=True), "the service's clock decides"
