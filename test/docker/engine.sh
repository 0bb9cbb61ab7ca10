#!/usr/bin/env bash
# A Docker engine of its own for the gate, on a Debian machine that has none and where we are root. Everything is below
# one folder; what it needs of Debian is installed.
#
#   engine.sh start <folder>    prints the variables to export. Fails where an engine cannot run.
#   engine.sh stop <folder>
set -euo pipefail
compose=github.com/docker/compose/v5@v5.6.0
start_seconds=60

fail() {
  printf 'engine: %s\n' "$*" >&2
  exit 1
}

start() {
  [ "$(id -u)" = 0 ] || fail 'only root can start an engine'
  mkdir -p "$1"
  install_packages
  setsid dockerd --host "unix://$1/docker.sock" --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/dockerd.pid" \
    > "$1/dockerd.log" 2>&1 < /dev/null &
  local left=$start_seconds
  until docker --host "unix://$1/docker.sock" info > /dev/null 2>&1; do
    if ! kill -0 $! 2> /dev/null || [ "$left" -eq 0 ]; then fail "$(tail -3 "$1/dockerd.log")"; fi
    left=$((left - 1))
    sleep 1
  done
  echo "DOCKER_HOST=unix://$1/docker.sock"
  if ! docker compose version > /dev/null 2>&1; then
    # Without it the tests that need it are skipped, and say so.
    if build_compose "$1" >&2; then echo "DOCKER_CONFIG=$1"; fi
  fi
}

install_packages() {
  command -v dockerd > /dev/null && command -v iptables > /dev/null && return
  { apt-get update --quiet && DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes docker.io iptables; } >&2 ||
    fail 'docker.io cannot be installed'
}

# Debian 12 has only the first Compose, which reads none of our files. Its successor is a Go program.
build_compose() {
  local go source
  go=$(command -v go || echo /usr/local/go/bin/go)
  source=$("$go" mod download -json "$compose" | sed -n 's/.*"Dir": "\(.*\)",/\1/p')
  [ -n "$source" ] || return
  mkdir -p "$1/cli-plugins"
  cp -r "$source" "$1/compose"
  chmod -R u+w "$1/compose"
  (cd "$1/compose" && CGO_ENABLED=0 "$go" build -o "$1/cli-plugins/docker-compose" ./cmd)
}

stop() {
  [ -f "$1/dockerd.pid" ] || return 0
  local pid
  pid=$(cat "$1/dockerd.pid")
  kill "$pid" 2> /dev/null || true
  # One that nobody has collected yet is gone all the same.
  local left=150
  while grep -qs '^State:[[:space:]]*[^Z]' "/proc/$pid/status" && [ "$left" -gt 0 ]; do
    left=$((left - 1))
    sleep 0.2
  done
  kill -9 "$pid" 2> /dev/null || true
  # Of a container that was still there.
  umount -q "$1/exec/netns/default" 2> /dev/null || true
}

case "${1-} ${2-}" in
  'start /'*) start "$2" ;;
  'stop /'*) stop "$2" ;;
  *) fail 'start or stop, and an absolute path' ;;
esac
