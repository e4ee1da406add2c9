#!/usr/bin/env bash
# Installs what the tests need beyond Go: tor, Chromium, a JDK and Maven for
# Elasticsearch, Node for the browser walk, Python for the independent WARC
# readers. Does nothing where a thing is there already. Everything that is not a
# package of the system goes to .deps/ and dashboards/web/node_modules; versions
# and checksums are pinned here, in scripts/requirements.txt and in
# dashboards/web/package-lock.json.
set -euo pipefail
cd "$(dirname "$0")/.."
deps=$PWD/.deps
mkdir -p "$deps"

say() { printf 'deps: %s\n' "$*" >&2; }

# command -> Debian package
system=(
  tor=tor
  chromium=chromium
  javac=openjdk-17-jdk-headless
  mvn=maven
  node=nodejs
  npm=npm
  python3=python3
  ip=iproute2
  unshare=util-linux
  setpriv=util-linux
  cc=gcc
  openssl=openssl
)
missing=()
for pair in "${system[@]}"; do
  command -v "${pair%%=*}" >/dev/null 2>&1 || missing+=("${pair#*=}")
done
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)

if [ ${#missing[@]} -gt 0 ]; then
  if ! command -v apt-get >/dev/null 2>&1; then
    say "this system is not Debian or one like it; install these yourself and run again: ${missing[*]}"
    exit 1
  fi
  sudo=()
  if [ "$(id -u)" != 0 ]; then
    sudo=(sudo)
    command -v sudo >/dev/null 2>&1 || { say "as root: apt-get install ${missing[*]}"; exit 1; }
  fi
  say "installing ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  # policy-rc.d keeps a packaged tor from starting as a service of the system.
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if ! "$deps/venv/bin/python" -c 'import warcio, sys; sys.exit(warcio.__name__ != "warcio")' 2>/dev/null; then
  say "installing warcio"
  rm -rf "$deps/venv"
  python3 -m venv "$deps/venv"
  "$deps/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r scripts/requirements.txt
fi

if [ ! -x "$deps/wacz/bin/wacz" ]; then
  say "installing wacz"
  rm -rf "$deps/wacz"
  python3 -m venv "$deps/wacz"
  "$deps/wacz/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r scripts/requirements-wacz.txt ||
    { rm -rf "$deps/wacz"; say "wacz is not for this Python or machine; its test is skipped"; }
fi

lock=dashboards/web/package-lock.json
if [ -f "$lock" ]; then
  sum=$(sha256sum "$lock" | cut -d' ' -f1)
  if [ "$(cat dashboards/web/node_modules/.lock-sum 2>/dev/null)" != "$sum" ]; then
    say "installing node packages"
    (cd dashboards/web && npm ci --silent --no-audit --no-fund)
    echo "$sum" > dashboards/web/node_modules/.lock-sum
  fi
fi

scripts/elasticsearch.sh
