"""Alert rules and dashboard in deploy/monitoring. That their metrics exist is for tests/http/metrics.rs, which has a node to ask."""

import json
import re

import pytest
import yaml

FOLDER = "deploy/monitoring"


@pytest.fixture
def rules(read):
    return read(f"{FOLDER}/alerts.yaml")["groups"][0]["rules"]


@pytest.fixture
def dashboard(root):
    return json.loads((root / FOLDER / "grafana-dashboard.json").read_text())


def test_the_rules_are_rules_and_fire_when_they_should(root, tool):
    tool("promtool", "check", "rules", "alerts.yaml", cwd=root / FOLDER)
    tool("promtool", "test", "rules", "alerts-test.yaml", cwd=root / FOLDER)


def test_every_rule_is_seen_firing(read, rules):
    expected = [sample for test in read(f"{FOLDER}/alerts-test.yaml")["tests"] for check in test["promql_expr_test"] for sample in check["exp_samples"]]
    fired = {re.search('"(.*)"', sample["labels"])[1] for sample in expected if "alertname" in sample["labels"]}
    assert fired == {rule["alert"] for rule in rules}


def test_every_alert_says_how_grave_it_is_and_what_to_do(root, rules):
    headings = set(re.findall(r"^### (\w+)$", (root / "docs/operating.md").read_text(), re.M))
    assert headings == {rule["alert"] for rule in rules}
    for rule in rules:
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["runbook"] == f"docs/operating.md#{rule['alert'].lower()}"


def test_every_panel_has_a_place_and_a_query_that_prometheus_understands(tmp_path, dashboard, tool):
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = [(x, y) for panel in panels for place in [panel["gridPos"]] for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])]
    assert len(set(taken)) == len(taken) and max(x for x, _ in taken) == 23, "panels lie on each other, or outside"
    expressions = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    assert len(expressions) > 30
    fill = {"$__rate_interval": "5m", "$instance": "a", "$job": "devauth"}
    filled = [re.sub(r"\$\w+", lambda name: fill[name[0]], expression) for expression in expressions]
    recorded = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(filled)]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": recorded}]}))
    tool("promtool", "check", "rules", "rules.yaml", cwd=tmp_path)


def test_every_panel_says_what_it_shows(dashboard):
    for panel in dashboard["panels"]:
        assert panel["title"] and (panel["type"] == "row" or panel["description"]), panel["id"]
