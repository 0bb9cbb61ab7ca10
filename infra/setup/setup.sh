#!/bin/sh
# setup.sh <node: yes|no> <jars: yes|no> <process>: fetches what is pinned, all of it at the same time: the packages, the
# Node.js release of this project where the machine has none that will do, and with Maven Kafka and Debezium. Says first
# how much that is, then every two seconds how far it is. It does not wait for Maven: PostgreSQL starts meanwhile, and what
# needs the jars waits for them. Maven ends when the process does that has asked for it, which is make.
# It runs before Node.js and the packages are there, so it is no TypeScript. npm keeps the machine's own Node.js.
set -u
cd "$(dirname "$0")/../.." || exit 1
node=$1 jars=$2 asker=$3
. infra/setup/figures.env

fail() {
  echo "$1" >&2
  exit 1
}
command -v npm > /dev/null || fail 'npm is missing: install Node.js 20 or later (nodejs.org, nvm, or sudo apt-get install nodejs npm).'
[ ! -L node_modules ] || fail 'node_modules is a link: installing would empty what it leads to.'

if command -v sha256sum > /dev/null; then sum=sha256sum; else sum='shasum -a 256'; fi
folder=.cache/jars/$($sum infra/native/pom.xml | cut -c 1-12)
if [ "$jars" = yes ] && { [ -d "$folder" ] || ! command -v mvn > /dev/null; }; then jars=no; fi

bold='' dim='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m'); fi
row() { printf '  %-20s %4s MB to fetch, %4s MB on disk  %s\n' "$@"; }

wire=$packages_wire_mb disk=$packages_disk_mb
echo "${bold}Setting up: this is fetched once and kept in this folder.$plain"
row 'npm packages' "$packages_wire_mb" "$packages_disk_mb" "$packages packages"
if [ "$node" = yes ]; then
  row 'Node.js' "$node_wire_mb" "$node_disk_mb" 'for this project alone'
  wire=$((wire + node_wire_mb)) disk=$((disk + node_disk_mb))
fi
if [ "$jars" = yes ]; then
  row 'Kafka, Debezium' "$jars_wire_mb" "$jars_disk_mb" "$jars_files files, by Maven, which keeps them in ~/.m2 too"
  wire=$((wire + jars_wire_mb)) disk=$((disk + 2 * jars_disk_mb))
fi
# Unpacking takes about as long as 10 MB/s; below that the network decides.
echo "  Together $wire MB, and $disk MB on disk: about $((wire / 10 + 15)) s at 10 MB/s, $((wire + 15)) s at 1 MB/s."
free=$(($(df -Pk . | awk 'NR == 2 { print $4 }') / 1000))
[ "$free" -gt "$disk" ] || fail "This disk has $free MB left, and $disk MB are needed: df -h ."

maven=
if [ "$jars" = yes ]; then
  infra/native/fetch-jars.sh "$PWD/$folder" "$asker" > /dev/null 2>&1 &
  maven=$!
fi

install='npm ci --include=optional --no-audit --no-fund --loglevel=error'
$install --strict-allow-scripts > /dev/null &
waiting=$!
if [ "$node" = yes ]; then
  $install --prefix infra/node > /dev/null &
  waiting="$waiting $!"
fi
# What runs in the background hears no Ctrl-C.
trap 'kill $waiting $maven 2> /dev/null; exit 130' INT TERM

megabytes() {
  kib=$(du -sk "$1" 2> /dev/null | cut -f 1)
  echo $((${kib:-0} * 1024 / 1000000))
}
count() { ls -d node_modules/*/package.json node_modules/@*/*/package.json 2> /dev/null | wc -l | tr -d ' '; }
seconds=0
say() {
  line="packages $(count) of $packages"
  [ "$node" = yes ] && line="$line, Node.js $(megabytes infra/node/node_modules) of $node_disk_mb MB"
  if [ "$jars" = yes ]; then
    if [ -d "$folder" ]; then line="$line, Kafka and Debezium fetched"
    else line="$line, Kafka and Debezium $(cat "$folder".*.log 2> /dev/null | grep -c 'Downloaded from') of $jars_files files"; fi
  fi
  printf '%s%5s s  %s%s\n' "$dim" "$seconds" "$line" "$plain"
}
alive() { for pid in $waiting; do kill -0 "$pid" 2> /dev/null && return 0; done; return 1; }
ticks=0
while alive; do
  sleep 0.1
  ticks=$((ticks + 1))
  if [ $((ticks % 20)) -eq 0 ]; then seconds=$((ticks / 10)); say; fi
done
for pid in $waiting; do
  wait "$pid" && continue
  kill $waiting $maven 2> /dev/null
  fail 'npm could not fetch the packages: its words are above.'
done
