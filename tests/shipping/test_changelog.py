"""CHANGELOG.md: the form of Keep a Changelog, and nothing said twice."""

import re

import pytest

KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


@pytest.fixture
def sections(root):
    """Of each version its entries by kind; the lines of an entry are put together."""
    versions = {}
    for version in re.split(r"^## ", (root / "CHANGELOG.md").read_text(), flags=re.M)[1:]:
        title, _, text = version.partition("\n")
        kinds = re.split(r"^### ", text, flags=re.M)[1:]
        versions[title] = {kind.partition("\n")[0]: [" ".join(entry.split()) for entry in re.split(r"^- ", kind, flags=re.M)[1:]] for kind in kinds}
    return versions


def test_versions_and_kinds_are_those_of_the_form(sections):
    titles = list(sections)
    assert titles[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+[\w.-]*\] - \d{4}-\d\d-\d\d", title) for title in titles[1:]), titles
    for title, kinds in sections.items():
        assert list(kinds) == [kind for kind in KINDS if kind in kinds], title
        assert all(kinds.values()), f"{title}: a heading without an entry"


def test_no_entry_begins_like_another_or_lacks_its_end(sections):
    entries = [entry for kinds in sections.values() for texts in kinds.values() for entry in texts]
    beginnings = [" ".join(entry.split()[:4]) for entry in entries]
    assert sorted(set(beginnings)) == sorted(beginnings)
    assert not [entry for entry in entries if not entry.endswith(".")]
