#!/usr/bin/env bash
# What DevAuth is shipped with, checked as far as it goes without a container engine: the image's recipe, compose.yaml, the
# Kubernetes manifests, the alert rules, the workflows, the shell scripts, the changelog, scripts/version. Needs Python 3.10 or newer
# with venv, cargo, a `devauth` that is built (DEVAUTH_BIN, or the debug build), promtool, ShellCheck and kubectl; the last three it gets
# by itself where apt is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
venv=${SHIPPING_VENV:-../../target/shipping-venv}

if ! cmp -s requirements.txt "$venv/installed.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.txt
  cp requirements.txt "$venv/installed.txt"
fi
# A program out of Debian's package, without installing that.
from_debian() {
  local program=$1 package=$2 folder
  if command -v "$program" >/dev/null || [ -x "$venv/bin/$program" ] || ! command -v apt-get >/dev/null; then return; fi
  folder=$(mktemp -d)
  # As whoever this is: apt's own user can't write there.
  (cd "$folder" && apt-get -o "APT::Sandbox::User=$(id -un)" download -qq "$package" && dpkg-deb --fsys-tarfile "$package"_*.deb | tar -x "./usr/bin/$program") &&
    mv "$folder/usr/bin/$program" "$venv/bin/$program" || echo "$program could not be downloaded" >&2
  rm -rf "$folder"
}
from_debian promtool prometheus
from_debian shellcheck shellcheck
from_debian kubectl kubernetes-client
if [ -z "${DEVAUTH_BIN:-}" ]; then
  DEVAUTH_BIN=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug/devauth
fi
export DEVAUTH_BIN
exec "$venv/bin/python" -B -m pytest -q -p no:cacheprovider "$@" .
