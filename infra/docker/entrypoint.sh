#!/bin/sh
# One image, started under the name of what it is to be. node becomes process 1 and gets SIGTERM itself.
set -eu
case "${1:-}" in
  order | payment | notification | relay) exec node "apps/$1/main.ts" ;;
  gateway-simulator) exec node apps/simulators/gateway/main.ts ;;
  mail-sink) exec node apps/simulators/mail/main.ts ;;
  migrations | topics)
    job=$1
    shift
    exec node "infra/cli/jobs/$job.ts" "$@"
    ;;
  connectors) exec node apps/relay/once.ts ;;
esac
echo "docker run … paysaga order|payment|notification|relay|gateway-simulator|mail-sink|migrations|topics|connectors" >&2
exit 64
