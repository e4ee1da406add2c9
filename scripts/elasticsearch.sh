#!/usr/bin/env bash
# Installs the Elasticsearch that the tests start (internal/eslab): Elastic's own
# server with a reduced set of modules, fetched through Maven, verified, with the
# lab plugin of scripts/labplugin compiled into it. Does nothing where it is
# there already.
set -euo pipefail
cd "$(dirname "$0")/.."

version=8.19.8
coordinates=org.elasticsearch.distribution.integ-test-zip:elasticsearch:$version:zip
sha256=8d943e94cef02cbceb6e39cd00175bb04e5f882fa32783a473880b8691a54376
home=$PWD/.deps/elasticsearch
source=scripts/labplugin/LabAnalysisPlugin.java

say() { printf 'elasticsearch: %s\n' "$*" >&2; }

# The stamp changes with the version, the plugin and this script.
stamp=$(cat "$0" "$source" | sha256sum | cut -d' ' -f1)
if [ "$(cat "$home/.stamp" 2>/dev/null)" = "$stamp" ]; then
  exit 0
fi

missing=()
command -v javac >/dev/null 2>&1 || missing+=(openjdk-17-jdk-headless)
command -v mvn >/dev/null 2>&1 || missing+=(maven)
if [ ${#missing[@]} -gt 0 ]; then
  if ! command -v apt-get >/dev/null 2>&1; then
    say "this system is not Debian or one like it; install these yourself and run again: a JDK 17 and Maven"
    exit 1
  fi
  sudo=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || { say "as root: apt-get install ${missing[*]}"; exit 1; }
    sudo=(sudo)
  fi
  say "installing ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say "fetching $coordinates"
mvn -q -B dependency:copy -Dartifact="$coordinates" -DoutputDirectory="$work" >&2
zip=$work/elasticsearch-$version.zip
if ! printf '%s  %s\n' "$sha256" "$zip" | sha256sum --check --status; then
  say "what came is not $coordinates: its SHA-256 is $(sha256sum "$zip" | cut -d' ' -f1), want $sha256"
  exit 1
fi

say "unpacking $version"
(cd "$work" && jar xf "$zip" && rm "$zip")
new=$work/elasticsearch-$version
chmod +x "$new"/bin/*

say "compiling the lab plugin"
mkdir -p "$work/classes" "$new/plugins/tamga-lab"
javac -nowarn -proc:none --release 17 -cp "$new/lib/*" -d "$work/classes" "$source"
jar cf "$new/plugins/tamga-lab/tamga-lab.jar" -C "$work/classes" .
cat > "$new/plugins/tamga-lab/plugin-descriptor.properties" <<PROPERTIES
name=tamga-lab
description=Registers the language analysis that the reduced server lacks
version=$version
classname=tamga.lab.LabAnalysisPlugin
java.version=17
elasticsearch.version=$version
PROPERTIES

# It runs as nobody where the tests run as root, so everyone must be able to read it.
chmod -R a+rX "$new"
mkdir -p "$(dirname "$home")"
rm -rf "$home"
mv "$new" "$home"
echo "$stamp" > "$home/.stamp"
