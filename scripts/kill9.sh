#!/usr/bin/env bash
# Kills a crawl with SIGKILL the given number of times (default 1000) at random
# moments, fifty times a workspace: no capture may be lost or made twice, nothing
# stored may be asked for again, and the evidence must verify. With "watch" before the
# number (default 100), a `tamga watch` of three sources, whose passes must go on as
# those passes.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "${1:-}" = watch ]; then
	TAMGA_WATCH_KILLS=${2:-100} exec go test -count 1 -timeout 2h -run '^TestWatchKilledOften$' -v ./cmd/tamga
fi
TAMGA_KILLS=${1:-1000} exec go test -count 1 -timeout 2h -run '^TestKill$' -v ./cmd/tamga
