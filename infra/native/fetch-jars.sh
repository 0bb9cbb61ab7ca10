#!/bin/sh
# fetch-jars.sh <folder> <process>: Maven copies Kafka, Connect and Debezium into <folder>, which appears complete or not at
# all. It is made aside, under this process's number; beside it Maven's output grows line by line. It ends with the process
# that has asked for it: what Ctrl-C, a failure or SIGKILL ends leaves no Maven behind. `make setup` starts this script
# before Node.js is there, so it is no TypeScript.
set -u
folder=$1 asker=$2
aside=$folder.$$
maven=
finish() {
  trap '' INT TERM
  [ -z "$maven" ] || kill "$maven" 2> /dev/null
  rm -rf "$aside" "$aside.log"
}
trap finish EXIT
trap 'exit 130' INT
# Ended from outside because it stands still: Maven's last words say where.
trap 'tail -n 40 "$aside.log" >&2; exit 143' TERM

mkdir -p "$aside"
mvn --batch-mode --strict-checksums -Dmaven.artifact.threads=10 -f "$(dirname "$0")/pom.xml" "-Djars=$aside" package \
  > "$aside.log" 2>&1 &
maven=$!
while kill -0 "$maven" 2> /dev/null; do
  kill -0 "$asker" 2> /dev/null || exit 143
  sleep 0.2
done
wait "$maven"
status=$?
maven=
if [ "$status" -ne 0 ]; then
  tail -n 40 "$aside.log" >&2
  exit "$status"
fi
# Of two that end at the same moment both have the same jars. mv puts the later one into the folder of the first, and no
# system but Linux can tell it not to: there it goes again.
mv "$aside" "$folder" && rm -rf "$folder/${aside##*/}"
