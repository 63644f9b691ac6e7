#!/usr/bin/env bash
# Write the locks of the packages anew: the newest versions that fit together, every file by its SHA-256.
# Usage: lock.sh PYTHON, where PYTHON has uv (make test's .venv/bin/python).
set -eu
python=$(realpath -s "$1")
cd "$(dirname "$0")"
lock() {
    "$python" -m uv pip compile --quiet --upgrade --no-header --no-annotate --generate-hashes --only-binary :all: "$@" >/dev/null
}
# What runs on the machine that builds, for every system and Python that it may have.
lock --universal --python-version 3.11 ../pyproject.toml build.in -o requirements.txt
# What the package for Windows carries.
lock --python-platform x86_64-pc-windows-msvc --python-version 3.13 ../pyproject.toml -o windows/requirements.txt
