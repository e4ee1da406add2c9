#!/usr/bin/env bash
# Runs every fuzz target of the module for the time given (default 30s).
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-30s}
grep -rn --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' . | while IFS=: read -r file _ decl; do
  name=${decl#func }
  printf '%s %s\n' "$(dirname "$file")" "$name"
  go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "./$(dirname "$file")"
done
