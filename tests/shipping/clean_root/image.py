"""Does what the Dockerfile says, step by step, each stage in a clean root; then looks at what the last one has."""

import os
import re
import shutil
from pathlib import Path

from .bases import Bases, say
from .recipe import context, options, stages
from .root import Root

PROGRAM = "/usr/local/bin/devauth"
# What of a name is ours may be compiled after the layer of dependencies.
OURS = {"devauth", "devauth-aggregates", "devauth-projections"}
# A build that is quick to make and slow to run: the steps, and which files and libraries come out, are the same.
CHEAP = {
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "64",
    "CARGO_BUILD_JOBS": "1",
}


class Image:
    """The stages of the Dockerfile, and the root of each in `work`."""

    def __init__(self, tree, work):
        self.tree, self.work = tree, work
        self.stages = {stage.name: stage for stage in stages((tree / "Dockerfile").read_text())}
        self.roots = {name: Root(work / "stages" / name) for name in self.stages}
        self.base_files = {}

    def build(self, *, program=None, cheap=False):
        """Makes all roots; `program` takes the place of the one that would be compiled."""
        self.program, self.outside = program, dict(CHEAP) if cheap else {}
        self.files = context(self.tree)
        shutil.rmtree(self.work / "stages", ignore_errors=True)
        for stage in self.stages.values():
            if not program or stage.name not in ("portal", "build"):
                self.make(stage)

    def make(self, stage):
        say(f"stage {stage.name}, FROM {stage.base}")
        root, place = self.roots[stage.name], "/"
        environment = {"HOME": "/root", **Bases(self.work).make(stage.base, root.path), **self.outside}
        self.base_files[stage.name] = root.files()
        for name in ("resolv.conf", "hosts"):
            if not root.inside(f"etc/{name}").exists():
                root.inside(f"etc/{name}").write_bytes(Path("/etc", name).read_bytes())
                self.base_files[stage.name].add(f"/etc/{name}")
        compiled = []
        for word, text in stage.steps:
            say(f"{word} {text if len(text) < 100 else text[:100] + ' …'}")
            if word == "ENV":
                environment |= dict(pair.split("=", 1) for pair in options(text)[1])
            elif word == "WORKDIR":
                place = os.path.join(place, text)
                root.inside(place).mkdir(parents=True, exist_ok=True)
            elif word == "COPY":
                self.copy(root, place, text)
            elif word == "RUN":
                said = root.run(["/bin/sh", "-c", f"cd {place} || exit 1\n{text}"], environment)
                compiled.append(re.findall(r"^ *Compiling (\S+) v", said, re.M))
                print("".join(f"    {line}\n" for line in said.splitlines()[-3:]), end="", flush=True)
        if stage.name == "build":
            assert len(compiled[0]) > 100, "the layer of dependencies compiled next to nothing"
            assert set(compiled[1]) == OURS, f"the layer of dependencies is not used: {sorted(set(compiled[1]) - OURS)}"

    def copy(self, root, place, text):
        named, words = options(text)
        *sources, target = words
        target = os.path.join(place, target)
        for source in sources:
            if "from" in named:
                made = self.program if self.program and source.endswith("/devauth") else self.roots[named["from"]].inside(source)
                root.copy_from(Path(made), target, named.get("chmod"))
                continue
            inside = [name for name in self.files if name == source or name.startswith(source.rstrip("/") + "/")]
            assert inside, f"COPY {source}: nothing of that name in the context"
            for name in inside:
                # A folder's contents, or a file by its own name.
                base = source if (self.tree / source).is_dir() else os.path.dirname(source)
                to = target if name == source and not target.endswith("/") else os.path.join(target, os.path.relpath(name, base or "."))
                root.copy_from(self.tree / name, os.path.normpath(to), named.get("chmod"))

    # --- what came out --------------------------------------------------------------------------------------------------

    def user(self, stage):
        return self.stages[stage].kept["USER"]

    def look(self):
        """The last stage: our two files and nothing else; every library found in it; no shell; it starts as the user it names."""
        final = self.roots["final"]
        ours = final.files() - self.base_files["final"]
        assert ours == {PROGRAM, "/usr/share/doc/devauth/LICENSE"}, ours
        shells = [path for path in ("bin/sh", "bin/bash", "bin/dash", "usr/bin/dpkg", "usr/bin/apt") if final.inside(path).exists()]
        assert not shells, shells
        needs = final.run(["/lib64/ld-linux-x86-64.so.2", "--list", PROGRAM])
        assert "not found" not in needs
        libraries = sorted(line.split()[0] for line in needs.splitlines())
        version = final.run([PROGRAM, "--version"], user=self.user("final"), read_only=True).strip()
        assert re.fullmatch(r"devauth \d+\.\d+\.\d+\S*", version), version
        total = sum(final.inside(name).lstat().st_size for name in final.files())
        say(f"{version}: {final.inside(PROGRAM).stat().st_size / 1e6:.1f} MB of {total / 1e6:.1f} MB in all")
        say("libraries: " + ", ".join(libraries))
        return libraries
