#!/usr/bin/env bash
# Everything that has to pass for the Python package.
#   ./check.sh                all of it; takes DEVAUTH_BIN and DEVAUTH_TEST_DATABASE_URL (DEVAUTH_TEST_REDIS_URL may be set too)
#   ./check.sh units [..]     lint, types and the tests that need no service; the rest goes to pytest
#   ./check.sh server [..]    the tests against the service; the rest goes to pytest
#   ./check.sh package        build the sdist and the wheel, into dist/, and try the wheel
#   ./check.sh reference      the API reference, from the docstrings, into docs/api
# Virtual environments (.venv, and .venv-oldest for the oldest Python here) are made when they are missing or stale.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 2

say() { if [ -t 1 ]; then printf '\033[1m==> %s\033[0m\n' "$*"; else printf '==> %s\n' "$*"; fi; }
die() { printf '%s\n' "$*" >&2; exit 2; }

# Every Python from 3.9 on that can be found, as "minor path", oldest first; of pyenv's, also those that are not selected.
pythons() {
  local candidate minor
  for candidate in python3 python3.{9..19} "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3; do
    minor=$("$candidate" -c 'import sys; print(sys.version_info[1], sys.executable)' 2>/dev/null) || continue
    [ "${minor%% *}" -lt 9 ] || printf '%s\n' "$minor"
  done | sort -n -k1,1 -s -u
}

# Makes a virtual environment, unless it was made of this Python and this pyproject.toml.
environment() {
  local directory=$1 python=$2 made
  shift 2
  made="$("$python" --version) $(cksum <pyproject.toml)"
  [ "$(cat "$directory/made-of" 2>/dev/null)" != "$made" ] || return 0
  say "Installing into $directory ($("$python" --version))"
  rm -rf "$directory"
  "$python" -m venv "$directory" >&2 ||
    die "$python can't make virtual environments. On Debian: apt-get install python3-venv"
  # Groups of dependencies take pip 25.1.
  "$directory/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1' &&
    "$directory/bin/python" -m pip install --quiet --disable-pip-version-check -e . "$@" ||
    die "pip could not install what the tests take"
  printf '%s\n' "$made" >"$directory/made-of"
}

prepare() {
  local found
  found=$(pythons)
  [ -n "$found" ] || die "Python 3.9 or newer is missing."
  oldest=$(head -n 1 <<<"$found") newest=$(tail -n 1 <<<"$found")
  environment .venv "${newest#* }" --group test --group check
  bin=$PWD/.venv/bin
}

prepare_oldest() {
  environment .venv-oldest "${oldest#* }" --group test
}

passed=0 failed=0 failures=()

# Runs one step, counts the tests it reports, and remembers whether it failed.
step() {
  local name=$1 log status good bad
  shift
  say "$name"
  log=$(mktemp) || exit 2
  "$@" 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  good=$(grep -oE '[0-9]+ passed' "$log" | tail -n 1 | cut -d' ' -f1)
  bad=$(grep -oE '[0-9]+ (failed|errors?)' "$log" | awk '{ sum += $1 } END { print sum + 0 }')
  rm -f "$log"
  if [ "$status" = 0 ]; then
    bad=0
  else
    failures+=("$name")
    [ "$bad" -gt 0 ] || bad=1
  fi
  passed=$((passed + ${good:-0})) failed=$((failed + bad))
  return "$status"
}

units() {
  step "Python: ruff" lint
  step "Python: mypy, strict" "$bin/mypy"
  if [ "$oldest" != "$newest" ]; then
    prepare_oldest
    step "Python: tests on 3.${oldest%% *}" .venv-oldest/bin/python -m pytest --quiet "$@"
  fi
  step "Python: tests on 3.${newest%% *}" "$bin/python" -m pytest --quiet "$@"
}

lint() { "$bin/ruff" format --check --quiet . && "$bin/ruff" check --quiet .; }

server() {
  [ -x "${DEVAUTH_BIN:-}" ] || die "Set DEVAUTH_BIN to the devauth program."
  [ -n "${DEVAUTH_TEST_DATABASE_URL:-}" ] || die "Set DEVAUTH_TEST_DATABASE_URL to a Postgres where databases may be made."
  step "Python: tests against the service" "$bin/python" -m pytest --quiet tests/server "$@"
}

# The wheel alone, where nothing else of ours is, must bring everything: the modules, the types, the frameworks on demand.
package() {
  rm -rf dist
  "$bin/python" -m build --no-isolation --outdir dist . >/dev/null || return
  local there status=0
  there=$(mktemp -d) || return
  "$bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$there" dist/*.whl &&
    (cd "$there" && PYTHONPATH=$there "$bin/python" -c '
import pathlib, devauth, devauth.fastapi, devauth.flask, devauth.django
here = pathlib.Path(devauth.__file__).parent
assert here.parent == pathlib.Path.cwd().resolve(), here
assert (here / "py.typed").exists()
print("devauth", devauth.__version__, "from its wheel")') || status=1
  rm -rf "$there"
  return "$status"
}

# It looks into Flask's current_user, which exists in requests only, and warns.
reference() {
  "$bin/python" -W 'ignore:getattr' -m pdoc --docformat google --output-directory "$1" \
    devauth devauth.fastapi devauth.flask devauth.django
}

# It must build; what it looks like is for people.
reference_builds() {
  local there status
  there=$(mktemp -d) || return
  reference "$there" && [ -s "$there/devauth.html" ] && [ -s "$there/devauth/django.html" ]
  status=$?
  rm -rf "$there"
  return "$status"
}

report() {
  local name
  for name in ${failures[@]+"${failures[@]}"}; do say "FAILED: $name"; done
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}

command=${1:-all}
[ $# = 0 ] || shift
case "$command" in
  all | units | server | package | reference) prepare ;;
  *) sed -n '2,8s/^# *//p' check.sh >&2 && exit 2 ;;
esac
case "$command" in
  all)
    units
    step "Python: wheel and sdist" package
    step "Python: API reference" reference_builds
    server
    ;;
  units) units "$@" ;;
  server) server "$@" ;;
  package) step "Python: wheel and sdist" package ;;
  reference) reference docs/api && exit ;;
esac
report
