#!/bin/bash
# Entry point of authstore/mysql and authstore/mariadb. It does what those of the official images do, as far as the tests
# use it.
#
# A command that is the server (`mysqld`, or `mariadbd` for MariaDB), or that begins with `-`, is the server's command
# line. Any other command is run unchanged, as root, and may end with `exec docker-entrypoint.sh mysqld ...`.
#
# An empty data directory is initialized: root can connect from any host with the password MYSQL_ROOT_PASSWORD (or without
# one, with MYSQL_ALLOW_EMPTY_PASSWORD), and the database MYSQL_DATABASE is created. For MariaDB, the same variables may
# begin with MARIADB_.
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
  # The image contains an initialized data directory, in which root can connect from localhost without a password. How
  # MySQL treats the case of table names is fixed during initialization, so that option needs a directory of its own.
  case "$server $*" in
    mysqld*" --lower-case-table-names="*)
      chown mysql:mysql "$data"
      "$@" --initialize-insecure --user=mysql
      ;;
    *) cp -a --sparse=always "$data.new/." "$data" ;;
  esac
  # The server runs this file before it accepts connections, one statement on each line.
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
