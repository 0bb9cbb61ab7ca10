#!/usr/bin/env bash
# Every tool is this script under another name.
set -euo pipefail
case "$(basename "$0" .sh)" in
  kafka-topics) class=org.apache.kafka.tools.TopicCommand ;;
  kafka-broker-api-versions) class=org.apache.kafka.tools.BrokerApiVersionsCommand ;;
  kafka-configs) class=kafka.admin.ConfigCommand ;;
  kafka-consumer-groups) class=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand ;;
  kafka-console-consumer) class=org.apache.kafka.tools.consumer.ConsoleConsumer ;;
  kafka-console-producer) class=org.apache.kafka.tools.ConsoleProducer ;;
  kafka-metadata-quorum) class=org.apache.kafka.tools.MetadataQuorumCommand ;;
  kafka-storage) class=kafka.tools.StorageTool ;;
  *) printf 'no tool %s in this substitute\n' "$0" >&2; exit 1 ;;
esac
exec "$(dirname "$(readlink -f "$0")")/kafka-run-class.sh" "$class" "$@"
