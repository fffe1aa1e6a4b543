"""Every snippet of the README is run against the service."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import devauth
from devauth import DevAuthClient, _errors

from .deployment import PASSWORD, address

PACKAGE = Path(__file__).parents[2]
README = (PACKAGE / "README.md").read_text()
BLOCKS = [
    (directive or "", language, code)
    for directive, language, code in re.findall(r"(?:<!-- ([^>]*) -->\n)?```(\w+)\n(.*?)```", README, re.DOTALL)
]


def blocks(language, kind):
    return [(what, code) for what, found, code in BLOCKS if found == language and what.partition(":")[0] == kind]


def guide(framework):
    ((_, code),) = [block for block in blocks("python", "run") if block[0] == f"run: {framework}"]
    return code


@pytest.fixture
def environment(application, monkeypatch):
    variables = {
        "DEVAUTH_URL": application.deployment.url,
        "DEVAUTH_APP_ID": application.app_id,
        "DEVAUTH_API_KEY": application.secret,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def ended(client, tokens):
    """An access token whose session is over."""
    client.logout(tokens.refresh_token)
    return tokens.access_token


@pytest.fixture
def living(client):
    email = address()
    client.signup(email, PASSWORD)
    return client.login(email, PASSWORD).access_token


def test_every_block_is_of_a_kind_that_is_tested():
    kinds = {(language, what.partition(":")[0]) for what, language, _ in BLOCKS}
    assert kinds == {("sh", ""), ("python", ""), ("python", "test"), ("python", "run"), ("python", "file"), ("text", "tree")}


def test_the_snippets_run_from_top_to_bottom(environment, deployment):
    namespace = {"new_address": address, "mailed": deployment.mailbox.token}
    steps = [(what, code) for what, language, code in BLOCKS if language == "python" and what.partition(":")[0] in ("", "test")]
    assert len(steps) > 12
    for what, code in steps:
        exec(what.partition("test: ")[2], namespace)
        exec(compile(code, f"README.md: {code[:40]!r}", "exec"), namespace)


def test_every_method_has_a_snippet():
    shown = "\n".join(code for what, language, code in BLOCKS if language == "python")
    methods = [name for name in vars(DevAuthClient) if not name.startswith("_")] + ["on_behalf_of"]
    for method in methods:
        assert re.search(rf"\bclient\.{method}\(", shown), method


def test_the_first_commands_make_an_application(deployment):
    ((_, code),) = blocks("sh", "")
    code = code.replace("http://localhost:8080", deployment.url) + '\necho "$DEVAUTH_APP_ID $DEVAUTH_API_KEY"'
    out = subprocess.run(["bash", "-euc", code], capture_output=True, text=True, check=True, timeout=60)
    app_id, key = out.stdout.split()
    with DevAuthClient(app_id, key, deployment.url) as client:
        assert not client.introspect_token("x").active


def test_the_guide_for_fastapi(environment, living, ended):
    namespace = {}
    exec(guide("fastapi"), namespace)
    with TestClient(namespace["app"]) as web:
        check_guide(lambda method, path, headers: web.request(method, path, headers=headers).status_code, living, ended)


def test_the_guide_for_flask(environment, living, ended):
    namespace = {"__name__": "shop"}
    exec(guide("flask"), namespace)
    web = namespace["app"].test_client()
    check_guide(lambda method, path, headers: web.open(path, method=method, headers=headers).status_code, living, ended)
    namespace["app"].extensions["devauth"].client.close()


def test_the_guide_for_django(environment, living, ended, tmp_path):
    for what, code in blocks("python", "file"):
        (tmp_path / what.partition("file: ")[2]).write_text(code)
    ask = (
        "import sys, django\ndjango.setup()\nfrom django.test import Client\nmethod, path, token = sys.argv[1:]\n"
        "headers = {'Authorization': 'Bearer ' + token} if token else {}\n"
        "print(Client().generic(method, path, headers=headers).status_code)"
    )
    variables = {
        **os.environ,
        **environment,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(devauth.__file__).parents[1])]),
        "DJANGO_SETTINGS_MODULE": "settings",
        "DJANGO_SECRET_KEY": "only for tests",
    }

    def call(method, path, headers):
        token = headers.get("Authorization", "")[len("Bearer ") :]
        out = subprocess.run([sys.executable, "-c", ask, method, path, token], env=variables, capture_output=True, text=True)
        assert out.returncode == 0, out.stderr
        return int(out.stdout)

    check_guide(call, living, ended)


def check_guide(call, living, ended):
    good, over = ({"Authorization": f"Bearer {token}"} for token in (living, ended))
    assert [call("GET", "/me", headers) for headers in (good, over, {})] == [200, 200, 401]
    assert [call("POST", "/payments", headers) for headers in (good, over, {})] == [200, 401, 401]


def test_the_tree_of_errors_is_the_packages():
    ((_, code),) = blocks("text", "tree")
    drawn = [line[4:] for line in _errors.__doc__.splitlines() if line.startswith("    ")]
    assert code.splitlines() == drawn


def test_links_inside_the_page_and_the_repository_lead_somewhere():
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in re.findall(r"^#+ .*", README, re.M)
    }
    for target in re.findall(r"\]\(([^)]+)\)", README):
        if target.startswith("#"):
            assert target[1:] in headings, target
        else:
            assert (PACKAGE / target).exists(), target
