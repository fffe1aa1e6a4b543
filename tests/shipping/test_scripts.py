"""Every shell script of the tree, by ShellCheck."""

import subprocess


def test_shell_scripts_pass_their_linter(root, tool):
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")[:-1]
    files = [name for name in tracked if (root / name).is_file()]
    scripts = [name for name in files if (root / name).open("rb").readline(80).rstrip() in (b"#!/bin/sh", b"#!/usr/bin/env bash")]
    assert {"dev", ".ci/run", "deploy/compose/setup.sh", "tests/shipping/check.sh"} <= set(scripts)
    tool("shellcheck", "--severity=warning", *scripts)
