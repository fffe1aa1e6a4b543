#!/usr/bin/env bash
# Every check of the documentation's site: what is generated is fresh, what the pages show runs, the Postman collection runs, and the
# built site holds together in a browser. Expects DEVAUTH_BIN (the `devauth` program), DEVAUTH_TEST_DATABASE_URL, and Chromium at CHROMIUM
# or /usr/bin/chromium.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
: "${DEVAUTH_BIN:?}" "${DEVAUTH_TEST_DATABASE_URL:?}"
case $DEVAUTH_BIN in /*) ;; *) echo "DEVAUTH_BIN must be an absolute path" >&2 && exit 2 ;; esac

# npm writes the second file last; an older or missing one means that the lock file changed since.
if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
  npm ci --no-audit --no-fund
fi

# Refuses links that lead nowhere.
npm run --silent build
exec npm test --silent
