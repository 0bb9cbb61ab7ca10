#!/usr/bin/env bash
# kafka-run-class.sh <class> [argument...]: java with Kafka's class path, and the options of the environment.
set -euo pipefail

home=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
tools=$home/config/tools-log4j2.yaml
# Before the configuration has been made, the file that it is made from.
[[ -f $tools ]] || tools=/etc/kafka/docker/tools-log4j2.yaml

# Each holds several options.
read -ra options <<<"${KAFKA_HEAP_OPTS:--Xmx256M} \
${KAFKA_JVM_PERFORMANCE_OPTS:--server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -Djava.awt.headless=true} \
${KAFKA_GC_LOG_OPTS-} ${KAFKA_JMX_OPTS-} -Dkafka.logs.dir=${LOG_DIR:-$home/logs} \
${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=$tools}"
read -ra own <<<"${KAFKA_OPTS-}"
exec java "${options[@]}" -cp "$home/libs/*" "${own[@]}" "$@"
