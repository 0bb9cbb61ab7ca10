#!/usr/bin/env bash
# What this project and testcontainers use of the original: the first database, its superuser, who is let in. No
# *_FILE variables, no scripts in /docker-entrypoint-initdb.d, no users but root and postgres.
set -euo pipefail

[[ ${1-} != -* ]] || set -- postgres "$@"
# Another program, or a question that needs no database.
if [[ ${1-} != postgres || " $* " =~ ' '(--version|-V|--help|--describe-config|-C)' ' ]]; then exec "$@"; fi
shift

sockets=/var/run/postgresql
if ((EUID == 0)); then
  mkdir -p "$PGDATA"
  chown -R postgres:postgres "$PGDATA"
  chown postgres:postgres "$sockets"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}" postgres "$@"
fi

# The original's programs have this folder built in, these have /tmp. First, so that a setting of the caller wins.
set -- -c "unix_socket_directories=$sockets" "$@"

initialise() {
  local user=${POSTGRES_USER:-postgres} password=${POSTGRES_PASSWORD:-} method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  local database=${POSTGRES_DB:-$user} arguments=()
  if [[ -n $(ls -A /docker-entrypoint-initdb.d) ]]; then
    echo 'this substitute does not run /docker-entrypoint-initdb.d' >&2
    exit 1
  fi
  if [[ -z $password && $method != trust ]]; then
    echo 'no POSTGRES_PASSWORD, and POSTGRES_HOST_AUTH_METHOD is not trust' >&2
    exit 1
  fi
  # Quotes count in there, as they do in the original.
  eval "arguments=(${POSTGRES_INITDB_ARGS:-})"
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  if [[ -n $password ]]; then
    initdb --username="$user" --pwfile=<(printf '%s\n' "$password") "${arguments[@]}"
  else
    initdb --username="$user" "${arguments[@]}"
  fi
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
  # On the socket only: who waits for the port must not meet a server that is about to go. Log lines go where those of
  # the real one go, since testcontainers waits for the second "ready to accept connections".
  PGPASSWORD=$password pg_ctl --silent --wait --options="$(printf '%q ' "$@" -c listen_addresses=)" start
  if [[ $database != postgres ]]; then
    # format() quotes the name.
    psql --no-psqlrc --quiet --host="$sockets" --username="$user" --dbname=postgres --set=ON_ERROR_STOP=1 \
      --set=database="$database" <<'SQL'
select format('create database %I', :'database') \gexec
SQL
  fi
  pg_ctl --silent --wait --mode=fast stop
}

[[ -s $PGDATA/PG_VERSION ]] || initialise "$@"
exec postgres "$@"
