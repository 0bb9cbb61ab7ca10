#!/bin/sh
# Measures what a first start fetches and keeps: fetches everything again into empty caches, in a copy, and writes
# figures.env. To be run, on Linux x64, when a pinned version changes. A test compares what it can without a network.
set -eu
cd "$(dirname "$0")/../.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir -p "$copy/infra/node"
cp package.json package-lock.json .npmrc "$copy"
cp infra/node/package.json infra/node/package-lock.json "$copy/infra/node"
# What npm fetches is kept in its cache as it came.
bytes() { find "$@" -type f -exec cat {} + | wc -c; }
mb() { echo $((($1 + 500000) / 1000000)); }
disk() { echo $(($(du -sk "$1" | cut -f 1) * 1024 / 1000000)); }
install() { npm ci --no-audit --no-fund --loglevel=error "$@" > /dev/null; }

install --prefix "$copy" --cache "$copy/npm" --strict-allow-scripts
install --prefix "$copy/infra/node" --cache "$copy/npm-node"
mvn --batch-mode -f infra/native/pom.xml "-Dmaven.repo.local=$copy/m2" "-Djars=$copy/jars" package > "$copy/maven.log"

{
  sed -n '/^#/p' infra/setup/figures.env
  echo "node_wire_mb=$(mb "$(bytes "$copy/npm-node/_cacache/content-v2")")"
  echo "node_disk_mb=$(disk "$copy/infra/node/node_modules")"
  echo "packages=$(ls -d "$copy"/node_modules/*/package.json "$copy"/node_modules/@*/*/package.json | wc -l | tr -d ' ')"
  echo "packages_wire_mb=$(mb "$(bytes "$copy/npm/_cacache/content-v2")")"
  echo "packages_disk_mb=$(disk "$copy/node_modules")"
  echo "jars_files=$(grep -c 'Downloaded from' "$copy/maven.log")"
  echo "jars_wire_mb=$(mb "$(bytes "$copy/m2")")"
  echo "jars_disk_mb=$(disk "$copy/jars")"
} > "$copy/figures.env"
cp "$copy/figures.env" infra/setup/figures.env
cat infra/setup/figures.env
