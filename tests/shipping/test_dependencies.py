"""What deny.toml accepts of Rust dependencies, as far as it is known here: advisories are looked up by the workflow `checks`."""


def test_licences_sources_and_bans_are_accepted(tool):
    tool("cargo-deny", "check", "bans", "licenses", "sources")


def test_the_workflow_looks_at_all_of_it_each_week_too(read):
    checks = read(".github/workflows/checks.yml")
    # YAML 1.1 reads the key `on` as true.
    assert checks[True]["schedule"]
    steps = checks["jobs"]["dependencies"]["steps"]
    action = next(step for step in steps if step.get("uses", "").startswith("EmbarkStudios/cargo-deny-action@"))
    # Without an argument of its own it runs `cargo deny check`, advisories included.
    assert "with" not in action
    audits = {step["name"]: step for step in steps if "audit" in step.get("name", "")}
    assert sorted(audits) == ["npm audit", "pip-audit"]
    for package in ("docs", "portal", "sdk-ts"):
        assert package in audits["npm audit"]["run"]
