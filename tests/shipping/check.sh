#!/usr/bin/env bash
# What DevAuth is shipped with, checked as far as it goes without a container engine: the image's recipe, compose.yaml, the
# Kubernetes manifests, the alert rules, the workflows, scripts/version. Needs Python 3.10 or newer with venv, and promtool, which
# it gets by itself where apt is: out of Debian's package, without installing that.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
venv=${SHIPPING_VENV:-../../target/shipping-venv}

if ! cmp -s requirements.txt "$venv/installed.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.txt
  cp requirements.txt "$venv/installed.txt"
fi
if ! command -v promtool >/dev/null && [ ! -x "$venv/bin/promtool" ] && command -v apt-get >/dev/null; then
  package=$(mktemp -d)
  trap 'rm -rf "$package"' EXIT
  (cd "$package" && apt-get download -qq prometheus && dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool) &&
    mv "$package/usr/bin/promtool" "$venv/bin/promtool" || echo "promtool could not be downloaded" >&2
  rm -rf "$package"
fi
exec "$venv/bin/python" -B -m pytest -q -p no:cacheprovider "$@" .
