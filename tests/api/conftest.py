"""The service under test: that of the Python package's tests, with two tenants in it."""

import json
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "sdk-python/tests/server"))

from deployment import Deployment, address  # noqa: E402
from world import PUBLIC_URL, Tenant, callers  # noqa: E402


@pytest.fixture(scope="session")
def deployment(tmp_path_factory):
    program, database = os.environ.get("DEVAUTH_BIN"), os.environ.get("DEVAUTH_TEST_DATABASE_URL")
    if not program or not database:
        pytest.fail("set DEVAUTH_BIN to the program and DEVAUTH_TEST_DATABASE_URL to a Postgres (see check.sh)")
    deployment = Deployment(
        tmp_path_factory.mktemp("devauth"), program, database, os.environ.get("DEVAUTH_TEST_REDIS_URL")
    )
    deployment.set("DEVAUTH_PUBLIC_URL", PUBLIC_URL)
    try:
        deployment.start()
        yield deployment
    finally:
        deployment.close()


@pytest.fixture
def describe(deployment, tmp_path):
    """Makes a world of its own for a caller, and writes it down for hooks.py."""

    def write(name):
        ours, theirs = Tenant(deployment, address()), Tenant(deployment, address())
        caller = next(caller for caller in callers(ours, theirs) if str(caller) == name)
        world = tmp_path / "world.json"
        world.write_text(json.dumps({"url": deployment.url, "caller": caller.description, **ours.describe()}))
        return world, caller

    return write
