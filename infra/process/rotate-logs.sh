#!/bin/sh
# rotate-logs.sh <directory> <bytes> <seconds>: looks at <directory>/logs/*.log every so many seconds. A file of more than
# so many bytes becomes .1, .1 becomes .2, and .2 goes. It is copied and then emptied in place: the processes that write
# hold it open, and append at its new end. Lines that come between the copy and the emptying are lost. Ends by itself when
# no process runs that <directory>/run has a record of. A shell, since it waits for as long as the stack runs: it holds two
# megabytes, Node.js would hold forty.
set -u
directory=$1
bytes=$2
seconds=$3
# The marks of a run and of a daemon are this shell's alone: what it starts ends with it.
unset PAYSAGA_RUN PAYSAGA_RECORD
pause=
trap '[ -z "$pause" ] || kill "$pause" 2> /dev/null; exit 0' INT TERM

# What cannot be copied, on a full disk for instance, is left as it is until the next look.
rotate() {
  if cp "$1" "$1.new"; then
    [ ! -e "$1.1" ] || mv -f "$1.1" "$1.2"
    mv -f "$1.new" "$1.1" && : > "$1"
  else
    rm -f "$1.new"
  fi
}

# A number that another process has by now keeps this shell for as long as that one, and does no other harm.
runs() {
  kill -0 "$1" 2> /dev/null && ! grep -q ') Z ' "/proc/$1/stat" 2> /dev/null
}

stack_runs() {
  for pid in $(sed -n 's/^ *"pid": *\([0-9]*\).*/\1/p' "$directory"/run/*.json 2> /dev/null); do
    [ "$pid" = "$$" ] || ! runs "$pid" || return 0
  done
  return 1
}

while
  sleep "$seconds" &
  pause=$!
  wait "$pause"
  find "$directory/logs" -name '*.log' -size "+${bytes}c" 2> /dev/null | while IFS= read -r log; do rotate "$log"; done
  stack_runs
do
  :
done
