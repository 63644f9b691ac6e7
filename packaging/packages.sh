# Names and steps that the packages for Linux and Windows share. Sourced, never run.
# shellcheck shell=bash

PACKAGING=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PROJECT=$(dirname "$PACKAGING")
BUILD=$PROJECT/build/packages
DIST=${SETUPWIZARD_DIST:-$PROJECT/dist}
MAKER=$BUILD/venv/bin/python
VERSION=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' "$PROJECT/src/setupwizard/__init__.py")
# The time in the archives is that of the last commit, so that the same sources make the same bytes where tools allow it.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$PROJECT" log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

# One build at a time: they share what makes them. A script that a build calls works under the lock of its caller.
mkdir -p "$BUILD"
if [ -z "${BUILD_LOCKED:-}" ]; then
    exec 9>"$BUILD/lock"
    flock 9
    export BUILD_LOCKED=1
fi

say() { printf '[%4d s] %s\n' "$SECONDS" "$*"; }

# Usage: debian PACKAGE... Install what the machine lacks, as root; anybody else reads what is missing.
debian() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || { echo "Install these first: ${missing[*]}" >&2; exit 1; }
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null </dev/null
}

# A virtual environment with exactly the locked files and the wheel of this checkout, for the newest Python that fits.
# Usage: maker PYTHON (any that has the wizard)
maker() {
    local python lock
    python=$("$1" "$PACKAGING/choose_python.py")
    lock=$({ echo "$python" && cat "$PACKAGING/requirements.txt"; } | sha256sum)
    if [ "$(cat "$BUILD/venv.lock" 2>/dev/null)" != "$lock" ]; then
        rm -rf "$BUILD/venv" "$BUILD/venv.lock"
        "$python" -m venv "$BUILD/venv"
        "$MAKER" -m pip install --quiet --require-hashes --only-binary :all: -r "$PACKAGING/requirements.txt"
        echo "$lock" >"$BUILD/venv.lock"
        say "the locked files are there, for $("$python" --version)"
    fi
    rm -rf "$BUILD/wheel"
    "$MAKER" -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir "$BUILD/wheel" "$PROJECT"
    "$MAKER" -m pip install --quiet --no-deps --no-index --force-reinstall "$BUILD"/wheel/*.whl
    mkdir -p "$DIST"
}

# Usage: sums; the checksums of everything in the folder of packages, which `sha256sum --check` reads.
sums() { (cd "$DIST" && rm -f SHA256SUMS && find . -maxdepth 1 -type f -printf '%P\n' | sort | xargs -d '\n' sha256sum >"$BUILD/SHA256SUMS" && mv "$BUILD/SHA256SUMS" .); }

# Usage: signed FILE AUTHORITIES. Whether Python's or Microsoft's own signature of a file holds.
# The time stamp in the signature counts, so the servers that list withdrawn certificates are not asked.
signed() {
    local answer
    answer=$(osslsigncode verify -ignore-cdp -ignore-crl -CAfile "$2" -TSA-CAfile "$2" -in "$1" 2>&1) ||
        { echo "the signature does not hold: $1" >&2; return 1; }
    grep -qE 'Subject:.*O=(Python Software Foundation|Microsoft Corporation)' <<<"$answer" ||
        { echo "somebody else signed $1" >&2; return 1; }
}
