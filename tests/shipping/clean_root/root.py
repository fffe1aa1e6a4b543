"""A folder that programs take for their whole file system, as in a container: own processes, own devices, no other mounts."""

import os
import shutil
import subprocess
from pathlib import Path

# Run as root in a mount and process namespace of its own, so that nothing is left mounted.
ENTER = r"""
set -eu
root=$1 read_only=$2 user=$3
shift 3
mount --make-rprivate /
mount --bind "$root" "$root"
while [ "$1" != -- ]; do
  # SOURCE TARGET OPTIONS: volumes
  mount --bind "$1" "$root$2"
  mount -o "remount,bind,$3" "$root$2"
  shift 3
done
shift
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
[ "$read_only" = no ] || mount -o remount,bind,ro "$root"
if [ "$user" = 0:0 ]; then exec /usr/sbin/chroot "$root" "$@"; fi
# No capability is left after the change of user, and none can come back.
exec /usr/bin/setpriv --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid /usr/sbin/chroot --userspec="$user" --groups= "$root" "$@"
"""


class Root:
    def __init__(self, path):
        self.path = Path(path)

    def inside(self, path):
        return self.path / str(path).lstrip("/")

    def command(self, words, environment, *, user="0:0", read_only=False, volumes=()):
        """What subprocess wants for a program in here; `volumes` are (source, target, "ro" or "rw")."""
        for place in ("proc", "dev"):
            self.inside(place).mkdir(parents=True, exist_ok=True)
        mounts = [str(word) for volume in volumes for word in volume]
        enter = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, "enter"]
        arguments = [str(self.path), "yes" if read_only else "no", user, *mounts, "--", *map(str, words)]
        return {"args": [*enter, *arguments], "env": {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **environment}}

    def run(self, words, environment=(), **how):
        """Runs it to its end and gives what it said; a failure ends everything."""
        done = subprocess.run(**self.command(words, dict(environment), **how), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise SystemExit(f"{done.stdout}\n{' '.join(map(str, words))}: exit status {done.returncode}")
        return done.stdout

    def copy_from(self, source, target, mode=None):
        """COPY: a file to a file or into `target/`, a folder's contents into a folder."""
        to = self.inside(target)
        if source.is_dir():
            shutil.copytree(source, to, symlinks=True, dirs_exist_ok=True)
            return
        if target.endswith("/"):
            to = to / source.name
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, to)
        if mode:
            to.chmod(int(mode, 8))

    def files(self):
        """Their paths as programs in here know them."""
        return {os.path.join("/", os.path.relpath(os.path.join(folder, name), self.path)) for folder, _, names in os.walk(self.path) for name in names}
