#!/bin/sh
# What is neither a program nor on the PATH is for node: an option, a script.
set -eu
if [ "${1#-}" != "$1" ] || ! command -v "$1" >/dev/null || { [ -f "$1" ] && ! [ -x "$1" ]; }; then set -- node "$@"; fi
exec "$@"
