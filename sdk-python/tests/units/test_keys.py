"""The key cache: rotation, outages, and how often the service is asked."""

import asyncio
import threading
import time

import httpx
import pytest

from devauth import AsyncDevAuthClient, AuthenticationError, DevAuthClient, ServiceUnavailableError

from ..fake import APP, FIRST, KEY, SECOND, URL, SigningKey, problem

JWKS = "/.well-known/jwks.json"


def test_keys_are_fetched_once(client, service):
    for _ in range(20):
        client.verify_token(service.token())
    assert len(service.requests) == 1


def test_keys_are_fetched_again_when_the_service_says_so(client, service, clock):
    client.verify_token(service.token())
    clock.advance(299)
    client.verify_token(service.token())
    assert len(service.requests) == 1
    clock.advance(1)
    client.verify_token(service.token())
    assert len(service.requests) == 2


def test_a_new_key_is_fetched_when_it_is_met(client, service, clock):
    client.verify_token(service.token())
    clock.advance(11)
    service.keys = [SECOND, FIRST]
    assert client.verify_token(service.token(SECOND)).sub == "usr_1"
    assert client.verify_token(service.token(FIRST)).sub == "usr_1"
    assert len(service.requests) == 2


def test_unknown_key_ids_lead_to_one_fetch_in_ten_seconds(client, service, clock):
    for step in range(300):
        with pytest.raises(AuthenticationError):
            client.verify_token(service.token(headers={"kid": f"made-up-{step}"}))
        clock.advance(0.1)
    assert len(service.requests) == 3


def test_a_retired_key_is_refused_after_the_next_fetch(client, service, clock):
    client.verify_token(service.token())
    service.keys = [SECOND]
    clock.advance(300)
    with pytest.raises(AuthenticationError):
        client.verify_token(service.token(FIRST))


def test_known_keys_serve_while_the_service_is_away(client, service, clock):
    client.verify_token(service.token())
    service.away = True
    clock.advance(600)
    assert client.verify_token(service.token()).sub == "usr_1"
    assert client.verify_token(service.token()).sub == "usr_1"
    assert len(service.requests) == 2, "one try without retries, and then none for a while"


def test_no_key_serves_longer_than_its_bound(make_client, service, clock):
    client = make_client(keys_max_age=3600)
    client.verify_token(service.token())
    service.away = True
    clock.advance(3599)
    assert client.verify_token(service.token()).sub == "usr_1"
    clock.advance(1)
    with pytest.raises(ServiceUnavailableError):
        client.verify_token(service.token())


def test_a_clock_that_is_set_back_prolongs_nothing(make_client, service, clock):
    client = make_client(keys_max_age=3600)
    client.verify_token(service.token())
    service.away = True
    clock.steady += 3600
    clock.wall -= 100
    with pytest.raises(ServiceUnavailableError):
        client.verify_token(service.token())


def test_a_machine_that_slept_prolongs_nothing(make_client, service, clock):
    client = make_client(keys_max_age=3600)
    client.verify_token(service.token())
    service.away = True
    clock.wall += 3600
    with pytest.raises(ServiceUnavailableError):
        client.verify_token(service.token())


def test_a_bound_shorter_than_the_services_word_wins(make_client, service, clock):
    client = make_client(keys_max_age=60)
    client.verify_token(service.token())
    clock.advance(60)
    client.verify_token(service.token())
    assert len(service.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
        problem(503, "unavailable"),
        problem(500, "internal"),
        problem(404, "not_found"),
        httpx.Response(200, text="<html>a portal of the network</html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"keys": []}),
        httpx.Response(200, json={"keys": [{"kty": "oct", "kid": "first", "k": "c2VjcmV0"}]}),
        httpx.Response(302, headers={"location": "https://evil.example.com/jwks.json"}),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_without_keys_nobody_is_authenticated(client, service, answer):
    service.will_answer(JWKS, answer)
    with pytest.raises(ServiceUnavailableError):
        client.verify_token(service.token())


def test_unusable_keys_are_passed_over(client, service):
    weak = SigningKey("weak", bits=1024)
    entries = [
        "not an object",
        {"kty": "EC", "kid": "first"},
        FIRST.jwk(kid="other", use="enc"),
        FIRST.jwk(kid="rs512", alg="RS512"),
        FIRST.jwk(n="!"),
        weak.jwk(),
        FIRST.jwk(),
    ]
    service.will_answer(JWKS, httpx.Response(200, json={"keys": entries}))
    assert client.verify_token(service.token()).sub == "usr_1"
    for kid in ("other", "rs512"):
        with pytest.raises(AuthenticationError):
            client.verify_token(service.token(headers={"kid": kid}))


def test_after_a_failure_the_service_gets_a_second_of_peace(client, service, clock):
    service.away = True
    with pytest.raises(ServiceUnavailableError):
        client.verify_token(service.token())
    tries = len(service.requests)
    with pytest.raises(ServiceUnavailableError):
        client.verify_token(service.token())
    assert len(service.requests) == tries
    service.away = False
    clock.advance(1)
    assert client.verify_token(service.token()).sub == "usr_1"


def test_twenty_threads_with_a_new_key_fetch_once(service):
    """The fetch is held until nineteen others wait for it, so that they really meet."""
    release = threading.Event()

    def slow(request):
        release.wait(10)
        return service.handle(request)

    client = DevAuthClient(APP, KEY, URL, transport=httpx.MockTransport(slow))
    service.clock.wall = time.time()
    token, results = service.token(), []
    threads = [threading.Thread(target=lambda: results.append(client.verify_token(token).sub)) for _ in range(20)]
    for thread in threads:
        thread.start()
    release.set()
    for thread in threads:
        thread.join(10)
    assert results == ["usr_1"] * 20
    assert len(service.requests) == 1
    client.close()


def test_nobody_with_a_known_key_waits_for_a_fetch(service, clock):
    """One thread is held in the refresh of a stale set; another one verifies meanwhile."""
    fetching, release = threading.Event(), threading.Event()

    def held(request):
        if service.requests:
            fetching.set()
            release.wait(10)
        return service.handle(request)

    client = DevAuthClient(APP, KEY, URL, transport=httpx.MockTransport(held), clock=clock)
    client.verify_token(service.token())
    clock.advance(400)
    token = service.token()
    refreshing = threading.Thread(target=lambda: client.verify_token(token))
    refreshing.start()
    assert fetching.wait(10)
    assert client.verify_token(token).sub == "usr_1"
    assert len(service.requests) == 1, "the refresh is still held"
    release.set()
    refreshing.join(10)
    client.close()


class Held(httpx.AsyncBaseTransport):
    """Answers like the service, but only when it is let; from the given request on."""

    def __init__(self, service, first):
        self.service, self.first = service, first
        self.asked, self.let = asyncio.Event(), asyncio.Event()

    async def handle_async_request(self, request):
        if len(self.service.requests) >= self.first:
            self.asked.set()
            await self.let.wait()
        return self.service.handle(request)


async def test_twenty_tasks_with_a_new_key_fetch_once(service, clock):
    held = Held(service, first=0)
    async with AsyncDevAuthClient(APP, KEY, URL, transport=held, clock=clock) as client:
        tasks = [asyncio.ensure_future(client.verify_token(service.token())) for _ in range(20)]
        await held.asked.wait()
        held.let.set()
        assert [verified.sub for verified in await asyncio.gather(*tasks)] == ["usr_1"] * 20
    assert len(service.requests) == 1


async def test_no_task_with_a_known_key_waits_for_a_fetch(service, clock):
    held = Held(service, first=1)
    async with AsyncDevAuthClient(APP, KEY, URL, transport=held, clock=clock) as client:
        await client.verify_token(service.token())
        clock.advance(400)
        refreshing = asyncio.ensure_future(client.verify_token(service.token()))
        await held.asked.wait()
        verified = await asyncio.wait_for(client.verify_token(service.token()), 10)
        assert (verified.sub, len(service.requests)) == ("usr_1", 1), "the refresh is still held"
        held.let.set()
        await refreshing


async def test_a_cancelled_fetch_leaves_the_others_their_own(service, clock):
    held = Held(service, first=0)
    async with AsyncDevAuthClient(APP, KEY, URL, transport=held, clock=clock) as client:
        first = asyncio.ensure_future(client.verify_token(service.token()))
        second = asyncio.ensure_future(client.verify_token(service.token()))
        await held.asked.wait()
        first.cancel()
        held.let.set()
        assert (await second).sub == "usr_1"
