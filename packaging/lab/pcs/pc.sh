#!/usr/bin/env bash
# Turn a fresh Windows of the lab into one of the PCs that are described here, and run a command on it.
# Usage: pc.sh NAME [COMMAND...], for example
#   packaging/lab/pcs/pc.sh laptop-rtx4060-581 wine 'C:\Python313\python.exe' -m setupwizard detect --json
# Each call begins with a clean copy; without a command the PC is only made: WINEPREFIX=/lab/pcs/NAME leads to it.
set -euo pipefail
pcs=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=packaging/lab/lab.sh
. "$pcs/../lab.sh"
name=${1:?the name of a folder beside this script}
shift
[ -f "$pcs/$name/machine.reg" ] || { echo "There is no PC called $name in $pcs." >&2; exit 2; }
[ -d "$SHARE/prefix" ] || { echo "No lab stands in $LAB; packaging/lab/make.sh builds one." >&2; exit 1; }
base=$SHARE/pcs/base
python='C:\Python313\python.exe'

# Usage: copy FROM TO: files are shared, as links; the registry is written to, so it is copied.
copy() {
    rm -rf --one-file-system "$2"
    cp -a --link "$1" "$2"
    rm -f "$2"/*.reg
    cp -a "$1"/*.reg "$2"
}

mkdir -p "$SHARE/pcs"
exec 7>"$SHARE/pcs/lock"
flock 7
# The program as an installed one: with compiled modules. A child that has to compile first misses its deadline.
stamp=$({
    cat "$LAB"/*.done
    cd "$PROJECT" && find src resources -type f ! -name '*.pyc' -printf '%p %s %T@\n' | sort
} 2>/dev/null | sha256sum)
if [ "$(cat "$SHARE/pcs/base.stamp" 2>/dev/null)" != "$stamp" ]; then
    rm -f "$SHARE/pcs/base.stamp"
    copy "$SHARE/prefix" "$base"
    site=$base/drive_c/Python313/Lib/site-packages
    rm -f "$site/setupwizard.pth"
    mkdir "$base/drive_c/app"
    (cd "$PROJECT" && tar c --exclude=__pycache__ src resources) | tar x -C "$base/drive_c/app"
    echo 'C:\app\src' >"$site/setupwizard.pth"
    WINEPREFIX=/lab/pcs/base inside wine "$python" -m compileall -q 'C:\app\src' >&2
    echo "$stamp" >"$SHARE/pcs/base.stamp"
fi
exec 7>&-

prefix=$SHARE/pcs/$name
windows=$prefix/drive_c/windows/system32
copy "$base" "$prefix"
compile() { x86_64-w64-mingw32-gcc -O2 -s -Wall -Wextra -Werror "$@"; }
if [ -f "$pcs/$name/nvidia.ini" ]; then
    compile -shared -o "$windows/nvml.dll" "$pcs/nvidia.c"
    compile -DNVIDIA_SMI -o "$windows/nvidia-smi.exe" "$pcs/nvidia.c"
    cp "$pcs/$name/nvidia.ini" "$windows"
fi
if [ -f "$pcs/$name/system32.txt" ]; then # files that are only looked for, never loaded
    while read -r file; do : >"$windows/$file"; done <"$pcs/$name/system32.txt"
fi
# shellcheck disable=SC2016 # filled in inside the lab
WINEPREFIX=/lab/pcs/$name inside bash -euc '
    wine reg import "Z:\\project\\packaging\\lab\\pcs\\$0\\machine.reg" >&2
    [ $# = 0 ] || exec "$@"' "$name" "$@"
