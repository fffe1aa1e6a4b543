"""What the checks share: the tree, the documented variables, and the tools of this environment."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]

# Programs that no Python package brings.
WHERE = {
    "kubectl": "Debian: apt-get install kubernetes-client; macOS: brew install kubernetes-cli",
    "promtool": "it comes with Prometheus (Debian: apt-get install prometheus; macOS: brew install prometheus)",
    "shellcheck": "Debian: apt-get install shellcheck; macOS: brew install shellcheck",
}


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def read():
    return lambda path: yaml.safe_load((ROOT / path).read_text())


@pytest.fixture(scope="session")
def program():
    """The `devauth` that was built (DEVAUTH_BIN, from check.sh)."""
    path = Path(os.environ["DEVAUTH_BIN"])
    assert path.is_file(), f"{path} is not there: cargo build --bin devauth"
    return path


@pytest.fixture(scope="session")
def documented():
    """Each variable of docs/configuration.md with its other name, if it may be kept in a file."""
    rows = re.findall(r"^\| `([A-Z_]+)`(?: or `([A-Z_]+)`)? \|", (ROOT / "docs/configuration.md").read_text(), re.M)
    assert len(rows) > 20
    return rows


@pytest.fixture(scope="session")
def tool():
    """Runs a program of this environment (check.sh) or of the machine on the tree and gives its output; its complaints are the failure."""

    def run(name, *arguments, cwd=ROOT):
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        found = shutil.which(name, path=path)
        assert found, f"{name} is missing: {WHERE.get(name, 'tests/shipping/check.sh installs it')}"
        done = subprocess.run([found, *arguments], cwd=cwd, env={**os.environ, "PATH": path}, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
