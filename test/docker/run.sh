#!/usr/bin/env bash
# `make test-docker`: everything that stands on the stack, once more on containers. Where no engine answers it says so and
# counts every test file as skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
export STACK=docker

if ! docker info > /dev/null 2>&1; then
  skipped=$(vitest list --config test/vitest.config.ts --filesOnly "$@" | grep -c '\.test\.ts')
  echo 'No Docker engine answers, or docker is not there: these test files are skipped.'
  echo
  echo "0 passed, 0 failed, $skipped skipped"
  exit 0
fi

# The reaper has no substitute. Without it a run that is killed leaves its containers behind.
is_substitute='{{ index .Config.Labels "paysaga.substitute" }}'
if [ "$(docker image inspect --format "$is_substitute" postgres:18.4 2> /dev/null)" = true ]; then
  echo 'On substitutes of the official images: test/docker/substitutes.'
  docker image ls --quiet testcontainers/ryuk | grep --quiet . || export TESTCONTAINERS_RYUK_DISABLED=true
else
  # Here it may take its time.
  docker compose --file infra/docker/compose.yaml pull --quiet --ignore-buildable postgres kafka connect || true
fi

# Alone: the reaper waits for the last of all who hold on to it, and the tests beside would.
reaped=test/docker/reaper.test.ts
if [ $# -eq 0 ] && [ "${TESTCONTAINERS_RYUK_DISABLED-}" != true ]; then
  vitest run --config test/vitest.config.ts --project docker "$reaped"
  set -- --exclude "$reaped"
fi
exec vitest run --config test/vitest.config.ts "$@"
