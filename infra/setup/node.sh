#!/bin/sh
# node.sh which: prints which Node.js runs this project: `own` where the machine's will do, `pinned` where infra/node has a
# release for this machine, else `none`. node.sh demand: fails, with the cause and the fix, when the one on the path will
# not do. It runs before Node.js is there, so it is no TypeScript.
set -u

# 24.16 is the first that runs everything: type stripping without a flag, crypto.randomUUIDv7.
fits() {
  [ "$(node -p '[a, b] = process.versions.node.split(".").map(Number); a > 24 || (a === 24 && b >= 16)' 2> /dev/null)" = true ]
}

# The packages hold what nodejs.org builds for Linux, which needs the C library of GNU.
is_packaged() {
  case "$(uname -s) $(uname -m)" in
    'Linux x86_64' | 'Linux aarch64') getconf GNU_LIBC_VERSION > /dev/null 2>&1 ;;
    *) return 1 ;;
  esac
}

case ${1:-} in
  which) if fits; then echo own; elif is_packaged; then echo pinned; else echo none; fi ;;
  demand)
    fits && exit 0
    found=$(node --version 2> /dev/null) || found=none
    echo "Node.js 24.16 or later is needed, and the one here is: $found." >&2
    if is_packaged; then
      echo 'infra/node should hold one for this machine. Remove infra/node/node_modules, and make setup fetches it anew.' >&2
    else
      echo "infra/node has none for $(uname -s) $(uname -m) with its C library: install it from nodejs.org, with nvm, or with your package manager." >&2
    fi
    exit 1
    ;;
  *) echo 'node.sh which | demand' >&2; exit 2 ;;
esac
