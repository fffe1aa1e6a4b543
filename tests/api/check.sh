#!/usr/bin/env bash
# The published OpenAPI document against a running DevAuth, as each kind of caller. Needs Python 3.10 or newer with venv.
#   ./check.sh [..]      a short run with a fixed seed; takes DEVAUTH_BIN and DEVAUTH_TEST_DATABASE_URL; the rest goes to pytest
#   API_EXAMPLES=200 API_SEED=7 ./check.sh    a long one: so many examples an operation, every phase as every caller
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
venv=${API_VENV:-../../target/api-venv}

if ! cmp -s requirements.txt "$venv/installed.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.txt
  cp requirements.txt "$venv/installed.txt"
fi
exec "$venv/bin/python" -B -m pytest -q -p no:cacheprovider -p no:schemathesis "$@" .
