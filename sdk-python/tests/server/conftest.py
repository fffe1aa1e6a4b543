"""These tests take a real service: DEVAUTH_BIN and DEVAUTH_TEST_DATABASE_URL must be set, DEVAUTH_TEST_REDIS_URL may be."""

import os

import pytest

from devauth import DevAuthClient

from .deployment import PASSWORD, Deployment, address


@pytest.fixture(scope="session")
def deployment(tmp_path_factory):
    program, database = os.environ.get("DEVAUTH_BIN"), os.environ.get("DEVAUTH_TEST_DATABASE_URL")
    if not program or not database:
        pytest.fail("set DEVAUTH_BIN to the program and DEVAUTH_TEST_DATABASE_URL to a Postgres (see check.sh)")
    directory = tmp_path_factory.mktemp("devauth")
    deployment = Deployment(directory, program, database, os.environ.get("DEVAUTH_TEST_REDIS_URL"))
    try:
        deployment.start()
        yield deployment
    finally:
        deployment.close()


@pytest.fixture(scope="session")
def application(deployment):
    return deployment.application()


@pytest.fixture
def client(application):
    with DevAuthClient(**application.options()) as client:
        yield client


@pytest.fixture
def tokens(client):
    """Those of a new user who has just logged in."""
    email = address()
    client.signup(email, PASSWORD)
    return client.login(email, PASSWORD)
