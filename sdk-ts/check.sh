#!/usr/bin/env bash
# Everything that has to pass for this package. Expects DEVAUTH_BIN (the `devauth` program), DEVAUTH_TEST_DATABASE_URL and
# DEVAUTH_TEST_REDIS_URL (services for the tests), and Chromium at CHROMIUM or /usr/bin/chromium.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 2
: "${DEVAUTH_BIN:?}" "${DEVAUTH_TEST_DATABASE_URL:?}" "${DEVAUTH_TEST_REDIS_URL:?}"

# npm writes the second file last; an older or missing one means that the lock file changed since.
if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
  npm ci --no-audit --no-fund || exit 1
fi

# The browser tests of the example call the other package's.
../sdk-python/examples/fastapi/run install || exit 1

failed=0
step() {
  printf '==> %s\n' "$1"
  shift
  "$@" || { failed=1 && printf 'FAILED: %s\n' "$*" >&2; }
}
step "Types" npm run -s check
step "Unit tests, generated files" npm test -s
step "Build" npm run -s build -- --logLevel warn
step "Package" npm run -s check:package
step "Tests with the real service" npx --no-install vitest run --project server
step "Tests in a browser" npx --no-install vitest run --project browser
step "Reference" npm run -s docs -- --emit none --logLevel Warn
exit "$failed"
