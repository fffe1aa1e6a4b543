#!/usr/bin/env bash
# What DevAuth is shipped with, checked as far as it goes without a container engine: the image's recipe, compose.yaml, the
# Kubernetes manifests, the workflows, scripts/version. Needs Python 3.10 or newer with venv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
venv=${SHIPPING_VENV:-../../target/shipping-venv}

if ! cmp -s requirements.txt "$venv/installed.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.txt
  cp requirements.txt "$venv/installed.txt"
fi
exec "$venv/bin/python" -B -m pytest -q -p no:cacheprovider "$@" .
