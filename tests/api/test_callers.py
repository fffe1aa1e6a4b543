"""Every operation of the published document, as every kind of caller: whatever is sent, the answer is one that the document has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from world import NAMES

HERE = Path(__file__).parent
SEED = os.environ.get("API_SEED", "1")
LONG = os.environ.get("API_EXAMPLES")


def effort(caller):
    """The long run tries everything as everybody; the short one tries every boundary where the most is allowed."""
    if LONG:
        return ["--max-examples", LONG]
    phases = "examples,coverage,fuzzing" if caller.thorough else "examples,fuzzing"
    return ["--max-examples", "3", "--phases", phases, "--no-shrink"]


@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_sent_the_answer_is_one_that_the_document_has(name, deployment, describe):
    world, caller = describe(name)
    environment = {**os.environ, "API_WORLD": str(world), "API_SEED": SEED, "PYTHONPATH": str(HERE)}
    command = [Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml", "run"]
    options = ["--url", deployment.url, "--seed", SEED, "--include-path-regex", f"^{caller.paths}"]
    done = subprocess.run(
        [*command, ROOT / "docs/openapi.json", *options, "--no-color", "--warnings", "off", *effort(caller)],
        env=environment, cwd=HERE, stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_service_said_nothing_of_a_bug_or_a_secret(deployment):
    """After all of that: no panic, no error, and nothing in the log of what was sent."""
    log = deployment.log.read_text()
    assert "request finished" in log
    assert "panicked" not in log and '"level":"ERROR"' not in log
    for secret in ["nine-otters-drink-tea", "dvk_sk_", "dvk_pk_", "dvr_", "dvt_", "dvs_", "@example."]:
        assert secret not in log, secret
