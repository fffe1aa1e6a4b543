"""Every operation of the published document, as every kind of caller: whatever is sent, the answer is one that the document has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from world import NAMES

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_sent_the_answer_is_one_that_the_document_has(name, deployment, describe):
    seed, examples = os.environ.get("API_SEED", "1"), os.environ.get("API_EXAMPLES", "10")
    world, paths = describe(name)
    environment = {**os.environ, "API_WORLD": str(world), "API_SEED": seed, "PYTHONPATH": str(HERE)}
    command = [Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml", "run"]
    options = ["--url", deployment.url, "--seed", seed, "--max-examples", examples, "--no-color", "--warnings", "off"]
    options += ["--include-path-regex", f"^{paths}"]
    done = subprocess.run(
        [*command, ROOT / "docs/openapi.json", *options],
        env=environment, cwd=HERE, stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
