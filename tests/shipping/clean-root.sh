#!/usr/bin/env bash
# The image without a container engine: each step of the Dockerfile in a clean root, made of packages; what the last stage has, and
# which libraries it needs; then what compose.yaml starts, by hand and in its order: keys, Postgres, two nodes from that root with a
# read-only file system and no rights, Caddy in front. Takes as long as a release build, and needs Linux, root, rustup, npm,
# debootstrap, Postgres, Redis, Caddy, iproute2, curl, and Python 3.10 or newer with venv.
#
#   tests/shipping/clean-root.sh                         everything
#   tests/shipping/clean-root.sh --cheap                 the same without optimization, one crate at a time
#   tests/shipping/clean-root.sh --program PATH          with a release of devauth that is built: a minute or two
#
# What is made stays in target/clean-root (CLEAN_ROOT), so that base images are made once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
[ "$(id -u)" = 0 ] || { echo "this has to be run as root: it makes roots and enters them" >&2 && exit 2; }
for program in rustc npm debootstrap redis-server caddy ip curl unshare setpriv; do
  command -v "$program" >/dev/null || { echo "$program is missing" >&2 && exit 2; }
done
for path in "$@"; do case $path in /* | --*) ;; *) echo "$path: give an absolute path" >&2 && exit 2 ;; esac; done

venv=${SHIPPING_VENV:-../../target/shipping-venv}
[ -x "$venv/bin/python" ] || bash check.sh --collect-only -q >/dev/null
work=${CLEAN_ROOT:-$PWD/../../target/clean-root}
mkdir -p "$work"
python=$(realpath -s "$venv/bin/python")
"$python" -B -m clean_root image --work "$work" "$@"
# Without a way out: whatever is started here reaches loopback alone, and takes no port of this machine.
exec unshare --net sh -c 'ip link set lo up && exec "$@"' sh "$python" -B -m clean_root start --work "$work"
