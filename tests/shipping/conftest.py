"""What the checks share: the tree, the documented variables, and the tools of this environment."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def read():
    return lambda path: yaml.safe_load((ROOT / path).read_text())


@pytest.fixture(scope="session")
def documented():
    """Each variable of docs/configuration.md with its other name, if it may be kept in a file."""
    rows = re.findall(r"^\| `([A-Z_]+)`(?: or `([A-Z_]+)`)? \|", (ROOT / "docs/configuration.md").read_text(), re.M)
    assert len(rows) > 20
    return rows


@pytest.fixture(scope="session")
def tool():
    """Runs a program of this environment on the tree; its complaints are the failure."""

    def run(name, *arguments):
        done = subprocess.run([Path(sys.executable).with_name(name), *arguments], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    return run
