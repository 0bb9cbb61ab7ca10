#!/usr/bin/env bash
set -euo pipefail
if [[ ${1-start} == start ]]; then
  echo 'this substitute makes no configuration from variables: run bin/connect-distributed.sh <file>' >&2
  exit 1
fi
exec "$@"
