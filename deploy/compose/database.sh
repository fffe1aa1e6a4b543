#!/bin/sh
# Run by the Postgres image when its data directory is new: a role that owns the database and is no superuser, and the role with
# fewer rights that the running service steps down to (docs/operating.md, "Roles in Postgres").
set -eu
psql -v ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname postgres \
  --set password="$(cat "${POSTGRES_PASSWORD_FILE}")" <<'SQL'
CREATE ROLE devauth LOGIN PASSWORD :'password';
CREATE ROLE devauth_service NOLOGIN;
GRANT devauth_service TO devauth;
CREATE DATABASE devauth OWNER devauth;
REVOKE CONNECT ON DATABASE devauth FROM PUBLIC;
GRANT CONNECT ON DATABASE devauth TO devauth;
SQL
