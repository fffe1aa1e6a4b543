"""scripts/version, on a copy of the files it changes."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest

FILES = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "deploy/kubernetes/kustomization.yaml",
    "deploy/kubernetes/migration.yaml",
    "docs/openapi.json",
    "sdk-python/src/devauth/_version.py",
    "sdk-ts/package-lock.json",
    "sdk-ts/package.json",
]


@pytest.fixture
def version(root, tmp_path):
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    log = tmp_path / "CHANGELOG.md"
    # The tree right after a release has nothing there.
    log.write_text(log.read_text().replace("## [Unreleased]\n", "## [Unreleased]\n\n### Added\n\n- Something.\n", 1))

    def run(*arguments):
        command = [sys.executable, root / "scripts/version", *arguments]
        return subprocess.run(command, env={**os.environ, "VERSION_ROOT": str(tmp_path)}, capture_output=True, text=True)

    return run


def texts(tmp_path):
    return {name: (tmp_path / name).read_text() for name in FILES}


def test_the_tree_agrees_on_its_version(root):
    done = subprocess.run([sys.executable, root / "scripts/version"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def test_one_command_writes_it_everywhere_and_nothing_else(version, tmp_path):
    before = texts(tmp_path)
    assert version("7.8.9").returncode == 0
    after = texts(tmp_path)

    assert version().stdout == "7.8.9\n"
    assert tomllib.loads(after["Cargo.toml"])["workspace"]["package"]["version"] == "7.8.9"
    ours = [it for it in tomllib.loads(after["Cargo.lock"])["package"] if it["name"].startswith("devauth")]
    assert len(ours) == 4 and {it["version"] for it in ours} == {"7.8.9"}
    assert json.loads(after["docs/openapi.json"])["info"]["version"] == "7.8.9"
    lock = json.loads(after["sdk-ts/package-lock.json"])
    assert lock["version"] == lock["packages"][""]["version"] == json.loads(after["sdk-ts/package.json"])["version"] == "7.8.9"
    assert after["deploy/kubernetes/kustomization.yaml"].endswith("newTag: 7.8.9\n")
    assert "/devauth:7.8.9\n" in after["deploy/kubernetes/migration.yaml"]
    changed = {
        name: sum(old != new for old, new in zip(before[name].splitlines(), after[name].splitlines(), strict=True))
        for name in FILES
        if name != "CHANGELOG.md"
    }
    expected = {name: 1 for name in changed} | {"Cargo.lock": 4, "sdk-ts/package-lock.json": 2}
    assert changed == expected


def test_the_changelog_gets_a_section_and_the_notes_are_its_text(version, tmp_path):
    version("7.8.9")
    log = (tmp_path / "CHANGELOG.md").read_text()
    assert re.search(r"^## \[Unreleased\]\n\n## \[7\.8\.9\] - \d{4}-\d\d-\d\d\n\n### Added\n\n- Something\.\n", log, re.M)
    notes = version("--notes", "7.8.9").stdout
    assert notes.startswith("### Added\n\n- Something.\n") and "## [" not in notes


@pytest.mark.parametrize("wrong", ["v7.8.9", "7.8", "latest", "--frobnicate"])
def test_what_is_no_version_changes_nothing(version, tmp_path, wrong):
    before = texts(tmp_path)
    assert version(wrong).returncode != 0
    assert texts(tmp_path) == before


def test_a_second_release_without_notes_is_refused(version, tmp_path):
    assert version("7.8.9").returncode == 0
    before = texts(tmp_path)
    assert version("7.9.0").returncode != 0
    assert texts(tmp_path) == before


def test_files_that_disagree_are_named(version, tmp_path):
    path = tmp_path / "sdk-python/src/devauth/_version.py"
    path.write_text(path.read_text().replace("__version__ = ", '__version__ = "9.9.9" #'))
    done = version()
    assert done.returncode != 0 and "sdk-python" in done.stderr
