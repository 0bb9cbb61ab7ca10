#!/bin/sh
# Starts the worker with the shared worker.properties, and behind it what only this stack knows: the last line of a name
# wins in Java. The image's own way, a variable for each property, would be a second set of settings.
set -eu
{ cat /etc/paysaga/worker.properties; printf '\n%s\n' "$CONNECT_PROPERTIES"; } > /tmp/connect.properties
exec /kafka/bin/connect-distributed.sh /tmp/connect.properties
