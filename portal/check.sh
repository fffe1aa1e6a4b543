#!/usr/bin/env bash
# Every check of the portal. DEVAUTH_BIN is the devauth program that the browser tests run against, and whose pages they look at:
# without it the debug build of this tree, which serves what is built here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DEVAUTH_BIN=${DEVAUTH_BIN:-$(dirname "$PWD")/target/debug/devauth}
[ -x "$DEVAUTH_BIN" ] || { echo "There is no $DEVAUTH_BIN: build it, or set DEVAUTH_BIN to a devauth program" >&2 && exit 2; }
case $DEVAUTH_BIN in /*) ;; *) echo "DEVAUTH_BIN must be an absolute path" >&2 && exit 2 ;; esac

# The marker is written by npm when it has finished.
if [ ! node_modules/.package-lock.json -nt package-lock.json ] || [ ! node_modules/.package-lock.json -nt package.json ]; then
  npm ci
  touch node_modules/.package-lock.json
fi

npm run --silent check-types
npm run --silent lint
npm run --silent tsc
npm test
routes=$(cksum <src/routeTree.gen.ts)
npm run build
[ "$routes" = "$(cksum <src/routeTree.gen.ts)" ] || { echo "src/routeTree.gen.ts was stale: commit it as the build wrote it" >&2 && exit 1; }
npm run --silent test:browser
