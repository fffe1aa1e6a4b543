"""The manifests in deploy/kubernetes."""

import json
import tomllib

import pytest
import yaml

MANIFESTS = ["deployment", "disruption-budget", "migration", "namespace", "service", "settings"]


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_is_valid(tool, name):
    tool("kubernetes-validate", "-k", "1.33", "--strict", f"deploy/kubernetes/{name}.yaml")


def test_no_manifest_is_left_out(root):
    found = {path.stem for path in (root / "deploy/kubernetes").glob("*.yaml")}
    assert found == {*MANIFESTS, "kustomization"}
    listed = yaml.safe_load((root / "deploy/kubernetes/kustomization.yaml").read_text())["resources"]
    assert {name.removesuffix(".yaml") for name in listed} == found - {"kustomization", "migration"}


def test_what_is_applied_has_everything_in_one_namespace_and_the_image_of_this_version(root, tool):
    applied = list(yaml.safe_load_all(tool("kubectl", "kustomize", "deploy/kubernetes")))
    assert sorted(it["kind"] for it in applied) == ["ConfigMap", "Deployment", "Namespace", "PodDisruptionBudget", "Service"]
    assert {it["metadata"]["name"] if it["kind"] == "Namespace" else it["metadata"]["namespace"] for it in applied} == {"devauth"}
    server = next(it for it in applied if it["kind"] == "Deployment")["spec"]["template"]["spec"]["containers"][0]
    version = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    assert server["image"] == f"registry.example.com/devauth:{version}"


def test_settings_are_documented_and_complete(read, documented):
    names = set(read("deploy/kubernetes/settings.yaml")["data"])
    known = {name for row in documented for name in row if name}
    assert names <= known, names - known
    for secret in ("DATABASE_URL", "SMTP_URL", "REDIS_URL", "DEVAUTH_ENCRYPTION_KEY"):
        assert secret not in names and f"{secret}_FILE" in names


def test_job_and_deployment_run_alike(read):
    job = read("deploy/kubernetes/migration.yaml")["spec"]["template"]["spec"]
    server = read("deploy/kubernetes/deployment.yaml")["spec"]["template"]["spec"]
    assert job["securityContext"] == server["securityContext"] and job["volumes"] == server["volumes"]
    for key in ("envFrom", "securityContext", "volumeMounts"):
        assert job["containers"][0][key] == server["containers"][0][key]
    image = read("deploy/kubernetes/kustomization.yaml")["images"][0]
    assert job["containers"][0]["image"] == f"{image['newName']}:{image['newTag']}"


def test_probes_ask_routes_that_there_are(root, read):
    server = read("deploy/kubernetes/deployment.yaml")["spec"]["template"]["spec"]["containers"][0]
    routes = json.loads((root / "docs/openapi.json").read_text())["paths"]
    asked = {probe: server[f"{probe}Probe"]["httpGet"] for probe in ("startup", "readiness", "liveness")}
    assert {probe: get["path"] for probe, get in asked.items()} == {
        "startup": "/health/ready",
        "readiness": "/health/ready",
        # A restart does not bring Postgres back.
        "liveness": "/health/live",
    }
    ports = {port["name"]: port["containerPort"] for port in server["ports"]}
    settings = read("deploy/kubernetes/settings.yaml")["data"]
    for get in asked.values():
        assert get["path"] in routes and settings["DEVAUTH_BIND"].endswith(f":{ports[get['port']]}")
    assert settings["DEVAUTH_ADMIN_BIND"].endswith(f":{ports['metrics']}")


def test_service_and_disruption_budget_are_about_the_nodes_and_leave_one(read):
    deployment = read("deploy/kubernetes/deployment.yaml")["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    assert deployment["selector"]["matchLabels"] == labels
    assert read("deploy/kubernetes/service.yaml")["spec"]["selector"] == labels
    budget = read("deploy/kubernetes/disruption-budget.yaml")["spec"]
    assert budget["selector"]["matchLabels"] == labels
    assert deployment["replicas"] > budget["maxUnavailable"] == 1
    assert deployment["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    # The service must not send requests to the job that migrates.
    assert read("deploy/kubernetes/migration.yaml")["spec"]["template"]["metadata"]["labels"] != labels


def test_the_job_migrates_and_the_nodes_do_not(read):
    job = read("deploy/kubernetes/migration.yaml")["spec"]["template"]["spec"]
    server = read("deploy/kubernetes/deployment.yaml")["spec"]["template"]["spec"]
    assert (job["containers"][0]["args"], server["containers"][0]["args"]) == (["migrate"], ["serve"])
    assert read("deploy/kubernetes/settings.yaml")["data"]["DEVAUTH_MIGRATE"] == "off"


def test_a_node_gets_the_time_it_takes_to_stop(read):
    assert read("deploy/kubernetes/deployment.yaml")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= 90
