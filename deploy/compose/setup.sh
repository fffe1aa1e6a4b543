#!/bin/sh
# What the first start of compose.yaml needs: keys, and a password for the database. What is there already stays as it is.
#
#   devauth-setup [KEYS] [DATABASE]    directories; /etc/devauth and /etc/devauth-database unless named
set -eu
keys=${1:-/etc/devauth} database=${2:-/etc/devauth-database}

# `keys generate` prints the variables to set: compose.yaml has them.
if [ ! -e "$keys/encryption.key" ] && [ ! -e "$keys/jwt.pem" ]; then
  devauth keys generate --dir "$keys" >/dev/null
  echo "made the keys in $keys: back them up, apart from the database"
fi
[ -s "$keys/encryption.key" ] && [ -s "$keys/jwt.pem" ] || {
  echo "$keys has one key and not the other: restore the missing one from your backup" >&2
  exit 1
}

# Postgres runs as another user, so these can be read by whoever has the volume. Postgres reads the password at its very first
# start only.
if [ ! -e "$database/url" ]; then
  umask 022
  password=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
  printf '%s' "$password" >"$database/password"
  # The URL comes last: without it all of this is done again.
  printf 'postgres://devauth:%s@postgres:5432/devauth' "$password" >"$database/url.new"
  mv "$database/url.new" "$database/url"
  echo "made a password for the database in $database"
fi
