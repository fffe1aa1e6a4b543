"""The public names: complete, sorted, documented; and both clients alike."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import devauth
from devauth import AsyncDevAuthClient, DevAuthClient

SOURCE = Path(devauth.__file__).parent


def test_the_list_is_sorted_and_complete():
    assert devauth.__all__ == sorted(devauth.__all__)
    imported = {
        alias.name
        for node in ast.walk(ast.parse((SOURCE / "__init__.py").read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert set(devauth.__all__) == imported


def test_errors_say_where_they_are_imported_from():
    for name in devauth.__all__:
        item = getattr(devauth, name)
        if isinstance(item, type) and issubclass(item, Exception):
            assert item.__module__ == "devauth"


def test_every_public_error_and_model_is_exported():
    from devauth import _errors, _models

    wrappers = {"Model", "Problem", "SessionList", "UserAnswer"}
    for module in (_errors, _models):
        own = {name for name, item in vars(module).items() if getattr(item, "__module__", "") == module.__name__}
        missing = {name for name in own if isinstance(vars(module)[name], type)} - set(devauth.__all__)
        assert missing <= wrappers


def test_frameworks_are_imported_on_demand_only():
    code = "import sys, devauth; print([m for m in ('fastapi', 'flask', 'django', 'starlette') if m in sys.modules])"
    env = {"PYTHONPATH": str(SOURCE.parent)}
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert out.stdout.strip() == "[]"


def test_the_package_is_typed():
    assert (SOURCE / "py.typed").exists()


def public(client):
    return {
        name: method
        for name, method in inspect.getmembers(client, inspect.isfunction)
        if not name.startswith("_") or name == "__init__"
    }


def test_both_clients_have_the_same_methods_with_the_same_texts():
    blocking, waiting = public(DevAuthClient), public(AsyncDevAuthClient)
    waiting["close"] = waiting.pop("aclose")
    assert set(blocking) == set(waiting)
    for name, method in blocking.items():
        twin = waiting[name]
        assert inspect.getdoc(method) == inspect.getdoc(twin), name
        ours = str(inspect.signature(method)).replace("BaseTransport", "AsyncBaseTransport")
        assert ours == str(inspect.signature(twin)), name
        if name not in ("__init__", "on_behalf_of"):
            assert inspect.iscoroutinefunction(twin), name


def test_everything_public_is_documented():
    for client in (DevAuthClient, AsyncDevAuthClient):
        for name, method in public(client).items():
            assert inspect.getdoc(method), name
    for name in devauth.__all__:
        if isinstance(getattr(devauth, name), type):
            assert inspect.getdoc(getattr(devauth, name)), name
