#!/bin/bash
# Entry point of authstore/mysql and authstore/mariadb: what the official images'
# do, as far as the tests use it.
#
# A command that is the server (`mysqld`, with MariaDB `mariadbd`), or begins
# with `-`, is the server's command line; any other is run as it stands, as
# root, and may end with `exec docker-entrypoint.sh mysqld ...`. When the data
# directory is empty, it is filled: MYSQL_ROOT_PASSWORD (or
# MYSQL_ALLOW_EMPTY_PASSWORD) is root's, from any host, and MYSQL_DATABASE is
# made. With MariaDB the same variables may begin with MARIADB_.
set -euo pipefail

data=/var/lib/mysql
server=mysqld
if command -v mariadbd >/dev/null; then
  server=mariadbd
  : "${MYSQL_ROOT_PASSWORD=${MARIADB_ROOT_PASSWORD-}}"
  : "${MYSQL_DATABASE=${MARIADB_DATABASE-}}"
  : "${MYSQL_ALLOW_EMPTY_PASSWORD=${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD-}}"
fi

[ "${1:0:1}" != - ] || set -- "$server" "$@"
[ "${1-}" = "$server" ] || exec "$@"

install -d -o mysql -g mysql /run/mysqld
init=/run/mysqld/init.sql
rm -f "$init"

if [ -z "$(ls -A "$data")" ]; then
  password=${MYSQL_ROOT_PASSWORD-}
  if [ -z "$password" ] && [ -z "${MYSQL_ALLOW_EMPTY_PASSWORD-}" ]; then
    echo 'Database is uninitialized and password option is not specified: set MYSQL_ROOT_PASSWORD.' >&2
    exit 1
  fi
  password=${password//\\/\\\\}
  password=${password//\'/\\\'}
  database=${MYSQL_DATABASE-}
  # The image holds a data directory as the server makes it: root from
  # localhost, with no password. Whether MySQL keeps the case of names is settled
  # when the directory is made.
  case "$server $*" in
    mysqld*" --lower-case-table-names="*)
      chown mysql:mysql "$data"
      "$@" --initialize-insecure --user=mysql
      ;;
    *) cp -a --sparse=always "$data.new/." "$data" ;;
  esac
  # The server runs this before it takes connections. Each statement is a line.
  install -o mysql -g mysql -m 0600 /dev/null "$init"
  {
    echo "SET SESSION sql_mode = '';"
    echo "CREATE USER 'root'@'%' IDENTIFIED BY '$password';"
    echo "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
    echo "ALTER USER 'root'@'localhost' IDENTIFIED BY '$password';"
    [ -z "$database" ] || echo "CREATE DATABASE \`${database//\`/\`\`}\`;"
  } >"$init"
  set -- "$@" --init-file="$init"
fi
chown mysql:mysql "$data"

exec setpriv --reuid=mysql --regid=mysql --init-groups -- "$@"
