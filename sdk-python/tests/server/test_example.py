"""The FastAPI example, as a process, against the service; and its README's commands."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

import devauth
from devauth import DevAuthClient

from .deployment import PASSWORD, PATIENCE, address, free_port

EXAMPLE = Path(devauth.__file__).parents[2] / "examples" / "fastapi"
ORIGIN = "http://localhost:5173"


@pytest.fixture(scope="module")
def made(deployment):
    """What new_application.py prints."""
    variables = {**os.environ, "DEVAUTH_URL": deployment.url}
    out = subprocess.run(
        [sys.executable, EXAMPLE / "new_application.py"], env=variables, capture_output=True, text=True, check=True
    )
    return dict(line.split("=", 1) for line in out.stdout.splitlines())


@pytest.fixture(scope="module")
def api(made, tmp_path_factory):
    """The example's URL. Started as `run` does, but for the virtual environment."""
    port, log = free_port(), tmp_path_factory.mktemp("example") / "log"
    variables = {**os.environ, **made, "PYTHONPATH": str(Path(devauth.__file__).parents[1])}
    variables.pop("DEVAUTH_PUBLISHABLE_KEY")
    command = [sys.executable, "-m", "uvicorn", "main:app", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=EXAMPLE, env=variables, stdout=output, stderr=output)
    url, until = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE
    try:
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            try:
                httpx.get(f"{url}/api/health")
                break
            except httpx.TransportError:
                time.sleep(0.02)
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.fixture
def browser(made):
    """What a page would use: the publishable key."""
    with DevAuthClient(made["DEVAUTH_APP_ID"], made["DEVAUTH_PUBLISHABLE_KEY"], made["DEVAUTH_URL"]) as client:
        yield client


def test_a_users_token_opens_both_routes_until_the_logout(api, browser):
    email = address()
    user = browser.signup(email, PASSWORD)
    tokens = browser.login(email, PASSWORD)
    headers = {"authorization": f"Bearer {tokens.access_token}", "origin": ORIGIN}

    me = httpx.get(f"{api}/api/me", headers=headers)
    assert me.headers["access-control-allow-origin"] == ORIGIN
    session = browser.list_sessions(tokens.access_token)[0].id
    expected = {"id": user.id, "email": email, "email_verified": False, "session": session}
    assert me.json() == {**expected, "expires_at": me.json()["expires_at"], "verified": "locally"}
    assert httpx.get(f"{api}/api/me/strict", headers=headers).json()["verified"] == "by introspection"

    browser.logout(tokens.refresh_token)
    assert httpx.get(f"{api}/api/me", headers=headers).status_code == 200
    refused = httpx.get(f"{api}/api/me/strict", headers=headers)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert refused.headers["access-control-allow-origin"] == ORIGIN


def test_a_preflight_of_the_page_passes_and_of_another_does_not(api):
    for origin, status in ((ORIGIN, 200), ("https://evil.example.com", 400)):
        headers = {"origin": origin, "access-control-request-method": "GET", "access-control-request-headers": "authorization"}
        assert httpx.options(f"{api}/api/me", headers=headers).status_code == status


def test_nobody_else_comes_in(api):
    for path in ("/api/me", "/api/me/strict"):
        assert httpx.get(api + path).status_code == 401
        assert httpx.get(api + path, headers={"authorization": "Bearer x"}).status_code == 401


def test_the_publishable_key_works_from_the_page(made):
    headers = {"x-app-id": made["DEVAUTH_APP_ID"], "x-api-key": made["DEVAUTH_PUBLISHABLE_KEY"], "origin": ORIGIN}
    body = {"email": address(), "password": PASSWORD}
    answer = httpx.post(f"{made['DEVAUTH_URL']}/v1/auth/signup", json=body, headers=headers)
    assert answer.status_code == 201


def test_the_commands_of_its_readme(api, made, tmp_path):
    (code,) = re.findall(r"```sh\n(.*?)```", (EXAMPLE / "README.md").read_text(), re.DOTALL)
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in made.items()))
    code = code.replace("http://localhost:8000", api)
    out = subprocess.run(["bash", "-euc", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    assert '"verified":"locally"' in out.stdout
    assert '"verified":"by introspection"' in out.stdout
    assert "401 Unauthorized" in out.stdout


def test_applications_are_made_on_this_machine_only():
    variables = {**os.environ, "DEVAUTH_URL": "https://auth.example.com"}
    command = [sys.executable, EXAMPLE / "new_application.py"]
    out = subprocess.run(command, env=variables, capture_output=True, text=True)
    assert out.returncode == 1
    assert "not on this machine" in out.stderr
