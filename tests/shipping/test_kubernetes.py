"""The manifests in deploy/kubernetes."""

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


def test_a_node_gets_the_time_it_takes_to_stop(read):
    assert read("deploy/kubernetes/deployment.yaml")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= 90
