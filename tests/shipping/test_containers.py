"""The image's recipe and compose.yaml."""

import json
import re
import subprocess
import sys
import tomllib

# What compose.yaml asks of its own .env beside the service's variables.
OWN = {"PORT", "PROXY_PORT", "MAIL_PORT", "IMAGE_TAG"}


def nodes(compose):
    return {name: it for name, it in compose["services"].items() if it.get("image", "").startswith("devauth:")}


def test_the_dockerfile_passes_its_linter(tool):
    tool("hadolint", "Dockerfile")


def test_compose_is_valid(tool):
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml")


def test_every_variable_of_a_node_is_documented_and_every_documented_one_is_there(read, documented):
    compose = read("compose.yaml")
    assert sorted(nodes(compose)) == ["devauth", "devauth-2"]
    known = {name for row in documented for name in row if name}
    for node in nodes(compose).values():
        names = set(node["environment"])
        assert names <= known, names - known
        # `devauth dev` alone reads DEVAUTH_DATA_DIR.
        missing = [row for row in documented if names.isdisjoint(row) and row[0] != "DEVAUTH_DATA_DIR"]
        assert not missing, missing


def test_what_compose_asks_of_its_env_file_is_in_the_example(root):
    text = "".join(line for line in (root / "compose.yaml").read_text().splitlines(True) if not line.lstrip().startswith("#"))
    asked = set(re.findall(r"\$\{([A-Z_]+)", text))
    example = set(re.findall(r"^#?([A-Z_]+)=", (root / ".env.example").read_text(), re.M))
    assert asked <= example | OWN, asked - example - OWN


def test_nodes_have_no_more_rights_than_they_need(read):
    compose = read("compose.yaml")
    for node in nodes(compose).values():
        assert node["read_only"] is True and node["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in node["security_opt"]
        assert all(volume.endswith(":ro") for volume in node["volumes"])
    for name, service in compose["services"].items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert "healthcheck" in service or name == "setup", name


def test_the_last_stage_has_no_shell_no_root_and_a_health_check(root):
    stages = re.split(r"^FROM ", (root / "Dockerfile").read_text(), flags=re.M)
    base, *steps = stages[-1].splitlines()
    assert base.startswith("gcr.io/distroless/") and base.endswith(":nonroot")
    # Numbers, because Kubernetes can't tell of a name whether it is root's.
    assert "USER 65532:65532" in steps
    assert 'ENTRYPOINT ["/usr/local/bin/devauth"]' in steps and any(step.startswith("HEALTHCHECK ") for step in steps)
    assert not any(step.startswith(("RUN ", "SHELL ")) for step in steps)
    assert len(stages) - 1 == 4, "pages, program, setup, and what runs"


def test_nothing_starts_before_what_it_needs_is_well(read):
    services = read("compose.yaml")["services"]
    for name, service in services.items():
        for need, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if need == "setup" else "service_healthy"
            assert how == {"condition": wanted}, (name, need)
    for node in nodes({"services": services}).values():
        assert {"setup", "postgres", "redis", "mail"} <= set(node["depends_on"])
    # Not the first node alone: the second starts when the first has migrated, the proxy when both answer.
    assert "devauth" in services["devauth-2"]["depends_on"]
    assert {"devauth", "devauth-2"} <= set(services["proxy"]["depends_on"])


def test_what_has_to_outlive_a_container_is_in_a_volume(read):
    compose = read("compose.yaml")
    kept = {volume.split(":")[0] for service in compose["services"].values() for volume in service.get("volumes", [])}
    assert set(compose["volumes"]) == {name for name in kept if not name.startswith(".")}
    assert {"postgres", "redis", "keys", "database-password"} <= set(compose["volumes"])


def test_the_proxy_that_is_trusted_is_the_one_that_runs(read):
    compose = read("compose.yaml")
    address = compose["services"]["proxy"]["networks"]["edge"]["ipv4_address"]
    for node in nodes(compose).values():
        assert node["environment"]["DEVAUTH_TRUSTED_PROXIES"] == "${DEVAUTH_TRUSTED_PROXIES:-" + address + "}"


def test_the_layer_of_dependencies_knows_every_manifest_and_example(root):
    recipe = (root / "Dockerfile").read_text()
    before, _ = recipe.split("COPY build.rs")
    manifest = tomllib.loads((root / "Cargo.toml").read_text())
    for member in manifest["workspace"]["members"]:
        assert f"COPY {member}/Cargo.toml {member}/" in before
        assert f"{member}/src/lib.rs" in before
    for example in manifest["example"]:
        assert example["path"] in before


def test_the_context_has_what_is_copied_and_no_secret(root):
    recipe = (root / "Dockerfile").read_text()
    ignore = (root / ".dockerignore").read_text().splitlines()
    allowed = [line[1:] for line in ignore if line.startswith("!")]
    assert "*" in ignore and "**/.env" in ignore and "**/*.pem" in ignore
    for line in re.findall(r"^COPY (?!.*--from)(?:--\S+ )*(.*)$", recipe, re.M):
        for source in line.split()[:-1]:
            assert (root / source).exists(), source
            assert any(source.rstrip("/") == it or source.startswith(f"{it}/") for it in allowed), source


# The image is Linux's: elsewhere a program's libraries tell nothing of it.
if sys.platform == "linux":

    def test_the_program_needs_no_library_that_the_last_stage_lacks(program):
        # What clean-root.sh finds in gcr.io/distroless/cc-debian13, less what a program of ours has no business with.
        there = {"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "libc.so.6", "libgcc_s.so.1", "libm.so.6", "linux-vdso.so.1"}
        listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        needed = {line.split()[0].rpartition("/")[2] for line in listed.splitlines()}
        assert "libc.so.6" in needed and needed <= there, needed - there


def test_one_rust_and_one_node_everywhere(root):
    recipe = (root / "Dockerfile").read_text()
    checks = (root / ".github/workflows/checks.yml").read_text()
    rust = re.search(r"FROM rust:(\d+\.\d+)-", recipe)[1]
    assert f'RUST_VERSION: "{rust}"' in checks
    wanted = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["package"]["rust-version"]
    assert tuple(map(int, rust.split("."))) >= tuple(map(int, wanted.split(".")[:2]))
    node = re.search(r"node:(\d+)-", recipe)[1]
    assert set(re.findall(r'node-version: "(\d+)"', checks)) == {node}


# --- the first start ------------------------------------------------------------------------------------------------------


def setup(root, tmp_path):
    """Runs setup.sh with a `devauth` that writes something for keys."""
    fake = tmp_path / "bin" / "devauth"
    if not fake.exists():
        fake.parent.mkdir()
        fake.write_text('#!/bin/sh\n[ "$*" = "keys generate --dir $4" ] && echo e >"$4/encryption.key" && echo j >"$4/jwt.pem"\n')
        fake.chmod(0o755)
        (tmp_path / "keys").mkdir()
        (tmp_path / "database").mkdir()
    command = ["sh", root / "deploy/compose/setup.sh", tmp_path / "keys", tmp_path / "database"]
    return subprocess.run(command, env={"PATH": f"{fake.parent}:/usr/bin:/bin"}, capture_output=True, text=True)


def contents(tmp_path):
    return {path.name: path.read_text() for name in ("keys", "database") for path in (tmp_path / name).iterdir()}


def test_the_first_start_makes_keys_and_a_password_and_the_second_nothing(root, tmp_path):
    first = setup(root, tmp_path)
    assert first.returncode == 0, first.stderr
    made = contents(tmp_path)
    assert sorted(made) == ["encryption.key", "jwt.pem", "password", "url"]
    assert re.fullmatch(r"[0-9a-f]{48}", made["password"])
    assert made["url"] == f"postgres://devauth:{made['password']}@postgres:5432/devauth"
    assert made["password"] not in first.stdout + first.stderr

    assert setup(root, tmp_path).returncode == 0
    assert contents(tmp_path) == made


def test_half_the_keys_stop_the_start_and_are_not_replaced(root, tmp_path):
    setup(root, tmp_path)
    (tmp_path / "keys/encryption.key").unlink()
    assert setup(root, tmp_path).returncode == 1
    assert not (tmp_path / "keys/encryption.key").exists()


def test_the_files_of_setup_are_those_the_nodes_read(read):
    for node in nodes(read("compose.yaml")).values():
        text = json.dumps(node["environment"])
        for path in ("/etc/devauth/encryption.key", "/etc/devauth/jwt.pem", "/etc/devauth-database/url"):
            assert path in text
