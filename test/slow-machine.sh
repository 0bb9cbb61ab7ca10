#!/usr/bin/env bash
# The two commands of the README on a machine that is slow or busy: `make demo` from empty caches and `make test`, each
# alone on the machine, with two busy loops beside it, and at half a core. For each run one line: how it ended, the time it
# took, the processor time of everything that it started.
#
#   test/slow-machine.sh                          this checkout as it is committed
#   test/slow-machine.sh HEAD 683f2e5             several commits, in turn under each condition
#   CONDITIONS='quiet half' COMMANDS=demo test/slow-machine.sh
#   PORT_BASE=22400 test/slow-machine.sh          with other ports than 21401 and on
#
# A part of a core is given by a control group, which asks for root, or by systemd-run as an ordinary user; processor time is
# read from the control group. What the machine cannot do is said, counted as skipped, and not taken for passed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
checkout=$PWD
read -ra conditions <<< "${CONDITIONS:-quiet busy half}"
read -ra commands <<< "${COMMANDS:-demo test}"
commits=("$@")
[ "${#commits[@]}" -gt 0 ] || commits=(HEAD)
limit_seconds=$((90 * 60))
folder=$(mktemp -d)
group=paysaga-slow-$$
loops=() child=
passed=0 failed=0 skipped=0

finish() {
  trap - EXIT
  trap '' INT TERM
  end_loops
  if [ -n "$child" ]; then
    # `timeout` hands the signal on, and every run ends what it has started.
    kill -TERM "$child" 2> /dev/null
    wait "$child" 2> /dev/null
  fi
  [ ! -d "$folder/clone" ] || make --silent -C "$folder/clone" reset > /dev/null 2>&1
  end_group
  chmod -R u+w "$folder" 2> /dev/null
  rm -rf "$folder"
  printf '\n%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
  # A run in which nothing passed proves nothing.
  exit "$((failed > 0 || passed == 0))"
}
trap finish EXIT
trap 'failed=$((failed + 1)); exit' INT TERM

# --- control groups: version 2 has one tree, version 1 one for each controller

if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  trees=(/sys/fs/cgroup)
else
  trees=(/sys/fs/cgroup/cpu /sys/fs/cgroup/cpuacct)
fi
can_group=no
if mkdir "${trees[@]/%//$group}" 2> /dev/null; then
  [ "${#trees[@]}" -eq 2 ] || echo +cpu > /sys/fs/cgroup/cgroup.subtree_control 2> /dev/null
  can_group=yes
fi
# In a container the group can often be made, and its quota not be set.
can_limit() { [ "$can_group" = yes ] && set_quota 50 2> /dev/null && set_quota max; }
# set_quota <percent of one core | max>
set_quota() {
  if [ "${#trees[@]}" -eq 1 ]; then
    echo "$([ "$1" = max ] && echo max || echo $(($1 * 1000))) 100000" > "${trees[0]}/$group/cpu.max"
  else
    echo "$([ "$1" = max ] && echo -1 || echo $(($1 * 1000)))" > "${trees[0]}/$group/cpu.cfs_quota_us"
  fi
}
# The processor time that the group has used until now, in milliseconds.
used_ms() {
  if [ "${#trees[@]}" -eq 1 ]; then
    awk '/^usage_usec/ { print int($2 / 1000) }' "${trees[0]}/$group/cpu.stat"
  else
    echo $(($(< "${trees[1]}/$group/cpuacct.usage") / 1000000))
  fi
}
members() { [ "$can_group" = no ] || cat "${trees[0]}/$group/cgroup.procs" 2> /dev/null; }
end_group() {
  local tree
  for _ in {1..100}; do
    [ -n "$(members)" ] || break
    members | xargs -r kill -KILL 2> /dev/null
    sleep 0.1
  done
  for tree in "${trees[@]}"; do rmdir "$tree/$group" 2> /dev/null; done
}
# in_group <command>: becomes the command, in the group where there is one; to be called as a job of its own
in_group() {
  if [ "$can_group" = yes ]; then
    for tree in "${trees[@]}"; do echo "$BASHPID" > "$tree/$group/cgroup.procs"; done
  fi
  exec "$@"
}

begin_loops() {
  for _ in 1 2; do
    sh -c 'while :; do :; done' &
    loops+=("$!")
  done
}
end_loops() {
  [ "${#loops[@]}" -eq 0 ] || kill "${loops[@]}" 2> /dev/null
  loops=()
}

# --- one run

# A clone with ports of its own.
prepare() { # <commit> <folder>
  git clone --quiet --no-hardlinks "$checkout" "$2" && git -C "$2" checkout --quiet --detach "$1"
  local port=${PORT_BASE:-21400} name
  for name in POSTGRES KAFKA KAFKA_CONTROLLER CONNECT ORDER PAYMENT NOTIFICATION RELAY GATEWAY MAIL_SMTP MAIL_HTTP; do
    port=$((port + 1))
    echo "${name}_PORT=$port"
  done > "$2/.env"
}

run() { # <commit> <condition> <demo|test>
  local commit condition=$2 command=$3 clone log status=passed began used=0 wrapper=() caches=()
  commit=$(git rev-parse --short "$1")
  clone=$folder/clone log=$folder/$commit-$condition-$command.log
  if [ "$condition" = half ] && ! can_limit; then
    if systemd-run --user --scope --quiet true 2> /dev/null; then
      wrapper=(systemd-run --user --scope --quiet -p CPUQuota=50%)
    else
      skipped=$((skipped + 1))
      report "$commit" "$condition" "$command" 'skipped: neither control groups (root) nor systemd-run --user here' '' ''
      return
    fi
  fi
  prepare "$commit" "$clone" || { failed=$((failed + 1)); exit; }
  # What is measured there is the tests: packages, jars and the JVMs' class archives are there already.
  [ "$command" = demo ] || { make --silent -C "$clone" up && make --silent -C "$clone" reset; } > "$log" 2>&1
  case $condition in
    busy) begin_loops ;;
    half) [ "${#wrapper[@]}" -gt 0 ] || set_quota 50 ;;
  esac
  [ "$can_group" = no ] || used=$(used_ms)
  began=$(date +%s%N)
  [ "$command" = test ] || caches=(npm_config_cache="$folder/caches/npm" MAVEN_OPTS="-Dmaven.repo.local=$folder/caches/maven")
  in_group env "${caches[@]}" "${wrapper[@]}" timeout --kill-after=60 "$limit_seconds" \
    make --no-print-directory -C "$clone" "$command" >> "$log" 2>&1 &
  child=$!
  # As a job of its own: bash would hear of no signal before a command in front has ended.
  wait "$child" || status="failed: exit code $?"
  child=
  local seconds=$((($(date +%s%N) - began) / 1000000)) cpu=
  if [ "$can_group" = yes ]; then
    cpu=$(($(used_ms) - used))
    set_quota max 2> /dev/null
  fi
  end_loops
  if [ "$status" = passed ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  report "$commit" "$condition" "$command" "$status" "$seconds" "$cpu"
  details "$command" "$log"
  if [ "$status" != passed ]; then
    # Which tests have failed stands far above the end.
    { grep -aE -A 3 '(^|[^a-z])FAIL ' "$log" | head -60; tail -40 "$log"; } | sed 's/^/    | /'
  fi
  make --silent -C "$clone" reset > /dev/null 2>&1
  members | xargs -r kill -KILL 2> /dev/null
  rm -rf "$clone" "$folder/caches"
}

seconds_of() { [ -z "$1" ] || awk -v ms="$1" 'BEGIN { printf "%.1f", ms / 1000 }'; }
report() { printf '%-9s %-6s %-5s %9s s %9s s  %s\n' "$1" "$2" "$3" "$(seconds_of "$5")" "$(seconds_of "$6")" "$4"; }
# What tells more than the time: when everything was ready and how long the first orders took; how many tests passed.
details() { # <demo|test> <log>
  if [ "$1" = demo ]; then
    awk '$3 == "s" || $2 == "s" { if (/ ready /) ready = $1 } / OrderPaid$/ { if (paid == "") paid = $1 " " $2 }
      END { if (ready != "") printf "    last part ready after %s s, the first order paid after %s\n", ready, paid }' "$2"
  else
    grep -E '^[0-9]+ passed, [0-9]+ failed' "$2" | tail -1 | sed 's/^/    /'
  fi
}

for commit in "${commits[@]}"; do
  git rev-parse --quiet --verify "$commit^{commit}" > /dev/null && continue
  echo "$commit is no commit of this checkout" >&2
  failed=$((failed + 1))
  exit
done
printf '%-9s %-6s %-5s %11s %11s  %s\n' commit under make 'wall' 'processor' result
for command in "${commands[@]}"; do
  for condition in "${conditions[@]}"; do
    for commit in "${commits[@]}"; do run "$commit" "$condition" "$command"; done
  done
done
