#!/usr/bin/env bash
# Build what Linux users get into dist/: the wheel, the folder as .tar.xz, and the .deb; with SBOM and checksums.
# Usage: build.sh PYTHON [folder]   PYTHON has the wizard (.venv/bin/python); "folder": stop when the folder stands.
set -euo pipefail
. "$(dirname "$0")/../packages.sh"
here=$PACKAGING/linux
work=$BUILD/linux
folder=$work/setupwizard
[ "$(uname -s)" = Linux ] || { echo "The packages for Linux are built on Linux." >&2; exit 1; }
if command -v dpkg-query >/dev/null; then debian binutils xz-utils; fi
maker "$1"

rm -rf "$work"
mkdir -p "$work"
"$MAKER" -m PyInstaller --noconfirm --log-level ERROR --clean --workpath "$work/pyinstaller" --distpath "$work" "$here/setupwizard.spec"
# uv is a program of its own beside ours; its Python part looks for it there.
install -D -m 755 "$BUILD/venv/bin/uv" "$folder/_internal/bin/uv"
# What a compiler leaves for debuggers makes a third of Python's own files.
find "$folder/_internal" \( -name 'libpython3*.so*' -o -path '*/lib-dynload/*.so' \) -type f -exec strip --strip-unneeded {} +
find "$folder" -name __pycache__ -prune -exec rm -rf {} +
name=setupwizard-$VERSION-linux-$(uname -m)
"$MAKER" "$PACKAGING/papers.py" "$folder/_internal" "$folder" "$name" <("$MAKER" "$here/parts.py" "$folder/_internal")
"$MAKER" "$PACKAGING/icon.py" "$work/icons"
say "the folder stands: $(du -sh "$folder" | cut -f1)"
[ "${2:-}" != folder ] || exit 0

cp "$BUILD"/wheel/*.whl "$folder/$name.cdx.json" "$DIST/"
# Archives of the same sources are the same: names sorted, no owner, the time of the last commit, and a fixed number of
# threads: xz cuts what it packs into blocks for them.
pack() { tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$work" -c "$@"; }
pack setupwizard | xz -6 -T2 >"$DIST/$name.tar.xz"
say "$name.tar.xz: $(du -h "$DIST/$name.tar.xz" | cut -f1)"

command -v dpkg-deb >/dev/null || { echo "No dpkg-deb here, so no .deb is made."; sums; exit 0; }
"$here/deb.sh" "$folder" "$work/icons" "$work/deb"
say "$(cd "$DIST" && ls ./*.deb): $(du -h "$DIST"/*.deb | cut -f1 | tail -1)"
sums
