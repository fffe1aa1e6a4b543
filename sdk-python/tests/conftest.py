import asyncio

import pytest

from devauth import AsyncDevAuthClient, DevAuthClient

from .fake import APP, KEY, URL, FakeService, ManualClock, Waited


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def service(clock):
    return FakeService(clock)


@pytest.fixture(params=["blocking", "asyncio"])
def make_client(request, service, clock):
    """Makes a client over the fake service: each test runs with both kinds."""
    made = []
    loop = asyncio.new_event_loop()

    def make(**options):
        options = {"app_id": APP, "api_key": KEY, "base_url": URL, "clock": clock, **options}
        options.setdefault("transport", service.transport())
        blocking = request.param == "blocking"
        client = DevAuthClient(**options) if blocking else Waited(AsyncDevAuthClient(**options), loop)
        made.append(client)
        return client

    yield make
    for client in made:
        if isinstance(client, Waited):
            client.aclose()
        else:
            client.close()
    loop.close()


@pytest.fixture
def client(make_client):
    return make_client()
