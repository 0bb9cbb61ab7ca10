#!/usr/bin/env bash
set -euo pipefail
bin=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export KAFKA_HEAP_OPTS=${KAFKA_HEAP_OPTS:--Xms256M -Xmx2G}
# In the original this file is made by `start`. Without it, log4j reports errors only, there and here.
export KAFKA_LOG4J_OPTS=${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=$bin/../config/connect-log4j2.yaml}
exec "$bin/kafka-run-class.sh" org.apache.kafka.connect.cli.ConnectDistributed "$@"
