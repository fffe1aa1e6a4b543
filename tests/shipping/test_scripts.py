"""Every shell script of the tree, by ShellCheck; and what `./dev test --quick` runs."""

import os
import subprocess

import pytest


def test_shell_scripts_pass_their_linter(root, tool):
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")[:-1]
    files = [name for name in tracked if (root / name).is_file()]
    scripts = [name for name in files if (root / name).open("rb").readline(80).rstrip() in (b"#!/bin/sh", b"#!/usr/bin/env bash")]
    assert {"dev", ".ci/run", "deploy/compose/setup.sh", "tests/shipping/check.sh"} <= set(scripts)
    tool("shellcheck", "--severity=warning", *scripts)


def rust_targets(root):
    """The names of all integration tests of the tree."""
    folders = [root / "tests", *root.glob("*/tests")]
    found = {path.stem for folder in folders for path in folder.glob("*.rs")}
    return found | {path.parent.name for folder in folders for path in folder.glob("*/main.rs")}


def tools(folder, nextest):
    """Stand-ins for what `./dev test` calls: cargo writes down how it is called, services only runs what it is given after its option."""
    services = folder / "target/debug/examples/services"
    services.parent.mkdir(parents=True)
    cargo = f"""case "$*" in
  "nextest --version") exit {0 if nextest else 1} ;;
  metadata*) echo '{{"target_directory":"{folder}/target"}}' ;;
  *) printf '%s\\n' "$*" >>"{folder}/calls" ;;
esac"""
    for path, script in [(services, 'shift && exec "$@"'), (folder / "cargo", cargo), *((folder / name, "") for name in ("cc", "redis-server", "caddy", "haproxy"))]:
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)


@pytest.mark.parametrize("nextest", [True, False], ids=["nextest", "cargo test"])
@pytest.mark.parametrize("filters", [[], ["signup"]], ids=["all", "some"])
def test_quick_is_all_rust_tests_without_the_long_ones(root, tmp_path, nextest, filters):
    tools(tmp_path, nextest)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "DEVAUTH_PG_BIN": str(tmp_path)}
    subprocess.run([root / "dev", "test", "--quick", *filters], env=environment, check=True, capture_output=True, timeout=60)

    build, tests = (tmp_path / "calls").read_text().splitlines()

    assert build.startswith("build ")
    words = tests.split()
    chosen = {words[at + 1] for at, word in enumerate(words) if word == "--test"}
    assert chosen == rust_targets(root) - {"crash", "dev", "scale"}
    assert {"--workspace", "--lib", "--bins"} <= set(words) and "--tests" not in words
    skipped = [words[at + 1] for at, word in enumerate(words) if word == "--skip"]
    assert bool(skipped) != bool(filters), "who asks for a test by name gets it"
    assert words[len(words) - len(filters) :] == filters
    names = "".join(path.read_text() for path in [*root.glob("tests/**/*.rs"), *root.glob("projections/tests/**/*.rs")])
    for word in skipped:
        assert word.removesuffix("::") in names, f"no test is called {word}"
