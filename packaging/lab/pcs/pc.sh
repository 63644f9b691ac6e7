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

prefix=$SHARE/pcs/$name
windows=$prefix/drive_c/windows/system32
rm -rf --one-file-system "$prefix"
mkdir -p "$SHARE/pcs"
# Files are shared with the lab's own Windows, as links; the registry is written to, so it is copied.
cp -a --link "$SHARE/prefix" "$prefix"
rm -f "$prefix"/*.reg "$windows/nvml.dll" "$windows/nvidia-smi.exe" "$windows/nvidia.ini"
cp -a "$SHARE"/prefix/*.reg "$prefix"

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
    [ $# = 0 ] || "$@"' "$name" "$@"
