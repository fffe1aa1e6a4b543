import pytest

from devauth import DevAuthClient

from ..fake import APP, KEY, URL


@pytest.fixture
def bearer(service):
    """The headers of a request with a good token, or with one that has these changes."""

    def headers(**changes):
        return {"Authorization": f"Bearer {service.token(**changes)}"}

    return headers


@pytest.fixture
def options(service, clock):
    return {
        "app_id": APP,
        "api_key": KEY,
        "base_url": URL,
        "clock": clock,
        "transport": service.transport(),
    }


@pytest.fixture
def blocking(options):
    with DevAuthClient(**options) as client:
        yield client


BAD_HEADERS = [
    ({}, "Bearer"),
    ({"Authorization": "Basic dXNlcjpwYXNz"}, "Bearer"),
    ({"Authorization": ""}, "Bearer"),
    ({"Authorization": "Bearer"}, 'Bearer error="invalid_token"'),
    ({"Authorization": "Bearer garbage"}, 'Bearer error="invalid_token"'),
    ({"Authorization": "Bearer a b"}, 'Bearer error="invalid_token"'),
    ({"Authorization": "Bearer a,b"}, 'Bearer error="invalid_token"'),
]
