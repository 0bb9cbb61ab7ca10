#!/bin/sh
# fetch-jars.sh <folder>: Maven copies Kafka, Connect and Debezium into <folder>, which appears complete or not at all.
# It is made aside, under this process's number; beside it Maven's output grows line by line. `make setup` starts this
# script before Node.js is there, so it is no TypeScript.
set -u
folder=$1
aside=$folder.$$
maven=
finish() {
  trap '' INT TERM
  [ -z "$maven" ] || kill "$maven" 2> /dev/null
  rm -rf "$aside" "$aside.log"
}
trap finish EXIT
trap 'exit 143' INT TERM

mkdir -p "$aside"
mvn --batch-mode --strict-checksums -Dmaven.artifact.threads=10 -f "$(dirname "$0")/pom.xml" "-Djars=$aside" package \
  > "$aside.log" 2>&1 &
maven=$!
wait "$maven"
status=$?
maven=
if [ "$status" -ne 0 ]; then
  tail -n 40 "$aside.log" >&2
  exit "$status"
fi
# Two that began at the same moment have the same jars.
[ -d "$folder" ] || mv "$aside" "$folder"
