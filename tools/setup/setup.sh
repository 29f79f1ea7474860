#!/usr/bin/env bash
# Installs what danggol needs and this machine lacks: apt.txt and pins.txt beside this file, and
# web/package-lock.json. Every step looks first at what is there, so a second run does nothing. What the tools
# print is in .deps/setup.log.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

log=.deps/setup.log
python=/usr/bin/python3
fetch_seconds_max=600
npm_flags=(--no-audit --no-fund --loglevel=error --fetch-timeout=60000 --fetch-retries=0)

say() { echo "setup: $*" >&2; }
die() { say "$*"; exit 1; }

# attempt NAME COMMAND...: runs the command, twice if it fails the first time.
attempt() {
  local name=$1
  shift
  echo "== $(date -u +%FT%TZ) $*" >>"$log"
  "$@" >>"$log" 2>&1 && return
  say "$name: failed, trying once more"
  "$@" >>"$log" 2>&1 && return
  tail -n 5 "$log" >&2
  die "$name: failed twice; look into $log and at the network, then run ./dev setup again"
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# rows FILE: its lines without comments and empty ones.
rows() { grep -Ev '^ *(#|$)' "$1"; }

# serves COMMAND[>=MAJOR]: is there such a command, not older than that?
serves() {
  local command=${1%%>=*} least=${1##*>=}
  command -v "$command" >/dev/null || return 1
  [[ $1 != *'>='* ]] || { [[ $("$command" --version) =~ [0-9]+ ]] && ((BASH_REMATCH[0] >= least)); }
}

debian_packages() {
  local package instead installed missing=()
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null || true)
  while read -r package _ instead; do
    [[ $instead ]] && serves "$instead" && continue
    [[ $'\n'$installed$'\n' == *$'\n'"installed $package"$'\n'* ]] || missing+=("$package")
  done < <(rows tools/setup/apt.txt)

  if ((${#missing[@]})); then
    command -v apt-get >/dev/null || die "no apt-get: must be Debian 12 or akin; missing: ${missing[*]}"
    ((EUID == 0)) || command -v sudo >/dev/null ||
      die "user $(id -un): must be root or have sudo to install: ${missing[*]}"
    say "apt: installing ${#missing[@]} packages: ${missing[*]}"
    local apt=(as_root env DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends
               -o DPkg::Lock::Timeout=300 -o Acquire::Retries=1 -o Acquire::http::Timeout=60)
    attempt 'apt-get update' "${apt[@]}" update
    attempt 'apt-get install' "${apt[@]}" install "${missing[@]}"
  fi
  serves 'node>=18' || die "node $(node --version): must be 18 or newer; put a newer one first on PATH"
}

# pinned CLIENT PACKAGE VERSION MEMBER TARGET SHA256: a row of pins.txt.
pinned() {
  local client=$1 package=$2 version=$3 member=$4 target=$5 sha256=$6 archive found
  [[ -e $target && $(cat "$target.pin" 2>/dev/null) == "$*" ]] && return
  [[ $(uname -m) == x86_64 ]] || die "$(uname -m): must be x86_64; for others $package is not pinned yet"
  say "$client: $package $version -> $target"

  local folder=.deps/fetch
  rm -rf "$folder" && mkdir -p "$folder" "$(dirname "$target")"
  case $client in
    npm)
      attempt "npm pack $package@$version" timeout "$fetch_seconds_max" \
        npm pack --ignore-scripts "${npm_flags[@]}" --pack-destination "$folder" "$package@$version" ;;
    pypi)
      echo "$package==$version --hash=sha256:$sha256" >"$folder.txt"
      attempt "pip download $package==$version" timeout "$fetch_seconds_max" \
        "$python" -m pip download --no-deps --only-binary :all: --require-hashes --timeout 60 --retries 0 \
        --dest "$folder" --requirement "$folder.txt" ;;
  esac

  archive=$(echo "$folder"/*)
  found=$(sha256sum <"$archive") && found=${found%% *}
  [[ $found == "$sha256" ]] || die "$package $version: sha256 $found: must be $sha256; not unpacked"
  case $archive in
    *.tgz) tar -xzmf "$archive" -C "$folder" --no-same-owner "$member" ;;
    *.whl) "$python" -m zipfile -e "$archive" "$folder" ;;
  esac
  mv "$folder/$member" "$target"
  echo "$*" >"$target.pin"
  rm -rf "$folder" "$folder.txt"
}

pinned_files() {
  local row
  while read -ra row; do
    [[ ${DUCKDB_ROOT:-} && ${row[4]} == .deps/duckdb/* ]] || pinned "${row[@]}" </dev/null
  done < <(rows tools/setup/pins.txt)
}

web_modules() {
  local lock=web/package-lock.json pin=web/node_modules/.pin
  [[ -e $lock ]] || return 0
  [[ $(cat "$pin" 2>/dev/null) == "$(sha256sum <"$lock")" ]] && return
  say "npm: $lock -> web/node_modules"
  attempt 'npm ci' timeout "$fetch_seconds_max" \
    npm --prefix web ci --ignore-scripts "${npm_flags[@]}"
  sha256sum <"$lock" >"$pin"
}

mkdir -p .deps
exec 9>.deps/setup.lock
flock --nonblock 9 || { say 'waiting for another ./dev setup'; flock 9; }
debian_packages
pinned_files
web_modules
say ready
