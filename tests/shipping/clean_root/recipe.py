"""Reads the Dockerfile: its stages, each with a base and the steps after it; and what .dockerignore leaves of the tree."""

import os
import re
import shlex
from dataclasses import dataclass, field

# What a container engine keeps for the start, and what is done while an image is made.
KEPT = {"CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL", "USER"}
DONE = {"COPY", "ENV", "RUN", "WORKDIR"}


@dataclass
class Stage:
    name: str
    base: str
    steps: list = field(default_factory=list)
    kept: dict = field(default_factory=dict)


def stages(text):
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found = []
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        if not line.strip():
            continue
        word, _, rest = line.partition(" ")
        if word == "FROM":
            image, *name = [part for part in rest.split() if not part.startswith("--")]
            found.append(Stage(name[1] if name else "final", image))
        elif word in KEPT:
            found[-1].kept[word] = rest
        elif word in DONE:
            found[-1].steps.append((word, rest))
        else:
            raise SystemExit(f"Dockerfile: {word} is not known here")
    return found


def options(text):
    """A step's `--name=value` words, and the others."""
    words = shlex.split(text)
    named = dict(word[2:].split("=", 1) for word in words if word.startswith("--"))
    return named, [word for word in words if not word.startswith("--")]


def context(root):
    """The files that a build gets to see. The last pattern that fits decides, for a file or for a folder above it."""
    patterns = []
    for line in (root / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#"):
            kept = line.startswith("!")
            fit = re.escape(line.removeprefix("!")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
            patterns.append((kept, re.compile(fit + "(?:/.*)?")))
    files = []
    for folder, folders, names in os.walk(root):
        # Large, and left out by .dockerignore anyway: the assertion below holds them to that.
        folders[:] = [name for name in folders if name not in (".git", "target", "node_modules")]
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), root)
            if fits(patterns, path):
                files.append(path)
    assert not any(fits(patterns, path) for path in (".git/config", "target/x", "portal/node_modules/x"))
    return sorted(files)


def fits(patterns, path):
    decided = [kept for kept, pattern in patterns if pattern.fullmatch(path)]
    return decided[-1] if decided else True
