"""What clean-root.sh takes from the Dockerfile and .dockerignore; the whole of it is too long for every run."""

import pytest
from clean_root.recipe import context, options, stages


@pytest.fixture
def recipe(root):
    return stages((root / "Dockerfile").read_text())


def test_the_stages_are_read_with_every_step(root, recipe):
    assert [stage.name for stage in recipe] == ["portal", "build", "setup", "final"]
    runs = [text for stage in recipe for word, text in stage.steps if word == "RUN"]
    assert len(runs) == (root / "Dockerfile").read_text().count("\nRUN ")
    assert any("cargo clean --release" in text and "\\" not in text for text in runs)
    assert recipe[-1].kept["USER"] == "65532:65532"


def test_an_instruction_that_is_not_done_there_is_named():
    with pytest.raises(SystemExit, match="ADD"):
        stages("FROM scratch\nADD a b\n")


def test_whatever_is_copied_is_in_the_context(root, recipe):
    files = context(root)
    for stage in recipe:
        for named, (*sources, _) in (options(text) for word, text in stage.steps if word == "COPY"):
            for source in sources if "from" not in named else []:
                assert any(name == source or name.startswith(source.rstrip("/") + "/") for name in files), source


def test_the_context_has_no_tests_secrets_or_what_was_built(root):
    files = context(root)
    assert {"Cargo.toml", "src/main.rs", "portal/package.json"} <= set(files)
    unwanted = ("docs/", "sdk-", ".github/", "portal/tests/", "portal/dist/", "tests/http/")
    assert not [name for name in files if name.startswith(unwanted) or name.endswith((".pem", ".key", ".env"))]


def test_the_last_pattern_that_fits_decides(tmp_path):
    (tmp_path / ".dockerignore").write_text("*\n!src\n**/.env\n**/target\n")
    for name in ("src/a.rs", "src/deep/b.rs", "src/.env", "src/deep/.env", "other"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert context(tmp_path) == ["src/a.rs", "src/deep/b.rs"]
