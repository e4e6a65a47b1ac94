#!/bin/bash
# Entry point of authstore/postgres. It does what that of the official image does, as far as the tests use it.
#
# A command that is `postgres`, or that begins with `-`, is the server's command line. Any other command is run unchanged,
# as root, and may end with `exec docker-entrypoint.sh postgres ...`.
#
# If PGDATA is empty, a cluster is created with POSTGRES_PASSWORD, POSTGRES_USER (defaults to postgres), POSTGRES_DB
# (defaults to the user's name), POSTGRES_INITDB_ARGS and POSTGRES_HOST_AUTH_METHOD (defaults to scram-sha-256; `trust`
# needs no password).
set -euo pipefail

[ "${1:0:1}" != - ] || set -- postgres "$@"
[ "${1-}" = postgres ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
  install -d -o postgres -g postgres -m 0700 "$PGDATA"
  install -d -o postgres -g postgres -m 3777 /run/postgresql
  exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  password=${POSTGRES_PASSWORD-}
  if [ -z "$password" ] && [ "$method" != trust ]; then
    echo 'Database is uninitialized and superuser password is not specified: set POSTGRES_PASSWORD.' >&2
    exit 1
  fi
  init=(initdb --username="$user" --no-sync --auth=trust --set 'listen_addresses=*')
  # Split into words, as the official image does.
  # shellcheck disable=SC2206
  init+=(${POSTGRES_INITDB_ARGS-})
  if [ -n "$password" ]; then
    "${init[@]}" --pwfile=<(printf '%s\n' "$password")
  else
    "${init[@]}"
  fi
  echo "host all all all $method" >>"$PGDATA/pg_hba.conf"
  if [ "$database" != postgres ]; then
    echo "CREATE DATABASE \"${database//\"/\"\"}\"" |
      postgres --single -D "$PGDATA" postgres >/dev/null
  fi
fi

exec "$@"
