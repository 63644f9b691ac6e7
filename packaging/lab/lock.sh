#!/usr/bin/env bash
# Write windows.txt and tools.txt anew: the newest versions that fit together, one file each, by its SHA-256.
# Usage: lock.sh PYTHON, where PYTHON has pip and uv (make test's .venv/bin/python).
set -eu
. "$(dirname "$0")/lab.sh"
python=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Usage: lock RESULT (arguments for pip download) -- (arguments for uv pip compile)
lock() {
    local result=$1 download=()
    shift
    while [ "$1" != -- ]; do download+=("$1"); shift; done
    shift
    rm -rf "$work"/*
    "$python" -m uv pip compile --quiet --no-header --no-annotate --only-binary :all: --python-version 3.13 "$@" >"$work/names"
    mkdir "$work/files"
    while read -r name; do
        rm -f "$work"/files/*
        "$python" -m pip download --quiet --no-deps --only-binary :all: "${download[@]}" --dest "$work/files" "$name"
        echo "$name --hash=sha256:$(sha256sum "$work"/files/* | cut -d' ' -f1)"
    done <"$work/names" >"$work/lock"
    mv "$work/lock" "$HERE/$result"
}

lock windows.txt --platform win_amd64 --python-version 3.13 --implementation cp -- \
    --python-platform x86_64-pc-windows-msvc "$PROJECT/pyproject.toml" "$HERE/windows.in"
lock tools.txt -- "$HERE/tools.in"
