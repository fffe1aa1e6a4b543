"""The workflows: valid, pinned, with no more rights than they need."""

import re
import subprocess

import pytest

WORKFLOWS = ["checks", "codeql", "docs", "images", "release"]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_is_valid(tool, name):
    tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", f".github/workflows/{name}.yml")


def test_no_workflow_is_left_out(root):
    assert sorted(path.stem for path in (root / ".github/workflows").iterdir()) == WORKFLOWS


def test_dependabot_is_valid(tool):
    tool("check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml")


def test_dependabot_looks_at_every_folder_that_has_dependencies(root, read):
    files = {"cargo": ["Cargo.lock"], "npm": ["package.json"], "pip": ["pyproject.toml", "requirements.txt"], "docker": ["Dockerfile"]}
    tracked = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout.split()
    for update in read(".github/dependabot.yml")["updates"]:
        names = files.pop(update["package-ecosystem"], None)
        if names:
            there = {"/" + name.rpartition("/")[0] for name in tracked if name.rpartition("/")[2] in names}
            assert set(update.get("directories", [update.get("directory")])) == there
    assert not files


def test_expressions_names_and_scripts_of_the_workflows_are_right(root, tool):
    # It looks at the scripts of steps through ShellCheck.
    tool("actionlint", "-shellcheck", "shellcheck", *(f".github/workflows/{name}.yml" for name in WORKFLOWS))


def test_an_auditor_of_workflows_finds_nothing(tool):
    tool("zizmor", "--offline", "--quiet", ".github")


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actions_are_pinned_rights_minimal_and_jobs_end(root, read, name):
    path = f".github/workflows/{name}.yml"
    used = re.findall(r"uses: (.*)", (root / path).read_text())
    assert used and all(re.fullmatch(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use) for use in used), used
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())


def test_only_publishing_jobs_may_write(read):
    writers = set()
    for name in WORKFLOWS:
        for job, body in read(f".github/workflows/{name}.yml")["jobs"].items():
            writers |= {(name, job, right) for right, value in body.get("permissions", {}).items() if value == "write"}
    assert writers == {
        ("codeql", "analyze", "security-events"),
        ("docs", "publish", "id-token"),
        ("docs", "publish", "pages"),
        ("images", "publish", "attestations"),
        ("images", "publish", "id-token"),
        ("images", "publish", "packages"),
        ("release", "npm", "id-token"),
        ("release", "pypi", "id-token"),
        ("release", "notes", "contents"),
    }


def test_images_are_tagged_by_commit_and_latest(root):
    text = (root / ".github/workflows/images.yml").read_text()
    assert 'echo "tags=$image:$GITHUB_SHA,$image:$second"' in text and "*) second=latest ;;" in text
    assert "provenance: mode=max" in text and "sbom: true" in text


def test_the_sdks_are_published_without_a_stored_token(root, read):
    jobs = read(".github/workflows/release.yml")["jobs"]
    assert "secrets." not in (root / ".github/workflows/release.yml").read_text()
    for registry in ("npm", "pypi"):
        # Both registries trust this file together with the environment's name.
        assert (jobs[registry]["environment"], jobs[registry]["needs"]) == (registry, "build")
        assert jobs[registry]["permissions"] == {"id-token": "write"}
    assert "npm publish ./npm/*.tgz --access public --provenance" in jobs["npm"]["steps"][-1]["run"]
    publish = jobs["pypi"]["steps"][-1]
    # It attests by itself, unless it is told not to.
    assert publish["uses"].startswith("pypa/gh-action-pypi-publish@") and "with" not in publish


def test_release_notes_come_from_the_changelog(read):
    jobs = read(".github/workflows/release.yml")["jobs"]
    scripts = " ".join(step.get("run", "") for step in jobs["build"]["steps"])
    assert "scripts/version --notes" in scripts and 'test "v$(scripts/version)" = "$GITHUB_REF_NAME"' in scripts
    assert "--notes-file notes.md" in jobs["notes"]["steps"][-1]["run"]
    assert set(jobs["notes"]["needs"]) == {"npm", "pypi"}
