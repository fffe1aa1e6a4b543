"""What `./dev fuzz` runs at length: it takes the unit tests that have `fuzz` in their path, and tests/api."""

import re

import pytest


@pytest.fixture
def parsers(root):
    """The rows of "Parsers of outside input" in docs/security.md: what is read, and its tests with their files."""
    section = (root / "docs/security.md").read_text().partition("\n## Parsers of outside input\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {what: re.findall(r"\[`(\w+)`\]\(\.\./([^)]+)\)", tests) for what, _, tests in rows[1:]}


def is_fuzz(root, name, path):
    """Whether this test is in a module `fuzz`, a file or a part of one."""
    text = (root / path).read_text()
    if not path.endswith("/fuzz.rs"):
        text = "".join(re.findall(r"^( *)mod fuzz \{\n(.*?)^\1\}", text, re.M | re.S)[0][1:]) if "mod fuzz {" in text else ""
    return f"fn {name}(" in text


def test_every_parser_has_a_property_that_the_long_run_has_too(root, parsers):
    assert "--lib fuzz" in (root / "dev").read_text()
    for wanted in ("API keys", "Refresh tokens", "Mailed tokens", "JWTs", "E-mail addresses", "Cursors", "`X-Forwarded-For`"):
        assert wanted in parsers
    # Whole requests are what tests/api sends.
    short = [what for what, tests in parsers.items() if what != "Whole requests" and not any(is_fuzz(root, *test) for test in tests)]
    assert not short
