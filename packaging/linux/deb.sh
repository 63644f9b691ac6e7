#!/usr/bin/env bash
# Make the .deb of the folder that build.sh built. Usage: deb.sh FOLDER ICONS WORK
set -euo pipefail
. "$(dirname "$0")/../packages.sh"
here=$PACKAGING/linux
folder=$1 icons=$2 root=$3
rm -rf "$root"
mkdir -p "$root/DEBIAN" "$root/usr/lib" "$root/usr/bin"
cp -a "$folder" "$root/usr/lib/setupwizard"
# The program reads from it that its new versions come with the system (docs/settings.md).
echo "Installed for everybody on this computer; its administrator brings new versions." >"$root/usr/lib/setupwizard/managed.txt"
ln -s ../lib/setupwizard/setupwizard "$root/usr/bin/setupwizard"
install -D -m 644 "$here/setupwizard.desktop" "$root/usr/share/applications/setupwizard.desktop"
install -D -m 644 "$here/setupwizard.metainfo.xml" "$root/usr/share/metainfo/setupwizard.metainfo.xml"
sed -i "s/@VERSION@/$VERSION/; s/@DATE@/$(date -u -d "@$SOURCE_DATE_EPOCH" +%F)/" "$root/usr/share/metainfo/setupwizard.metainfo.xml"
for size in 16 24 32 48 64 128 256; do
    install -D -m 644 "$icons/$size.png" "$root/usr/share/icons/hicolor/${size}x$size/apps/setupwizard.png"
done
papers=$root/usr/share/doc/setupwizard
mkdir -p "$papers"
mv "$root/usr/lib/setupwizard/licences" "$papers/licences"
mv "$root/usr/lib/setupwizard/"*.cdx.json "$papers/"
cp "$PROJECT/LICENSE" "$papers/copyright"
# What lies in this folder and is loaded from the system: measured by ldd, the rest is in the package.
cat >"$root/DEBIAN/control" <<END
Package: setupwizard
Version: $VERSION
Architecture: $(dpkg --print-architecture)
Maintainer: The setupwizard engineers <setupwizard@localhost>
Installed-Size: $(du -sk "$root" | cut -f1)
Depends: libc6 (>= $(getconf GNU_LIBC_VERSION | cut -d' ' -f2)), libegl1, libgl1, fontconfig-config, xkb-data
Recommends: libwayland-client0, libwayland-cursor0, libwayland-egl1, fonts-dejavu-core | fonts-liberation, fonts-noto-cjk
Suggests: python3-venv
Section: science
Priority: optional
Description: bring PyTorch to your graphics card, and prove that it runs
 setupwizard looks at the computer, decides which build of PyTorch runs on the
 graphics card with the driver as it is, says why, installs that build into a
 folder of its own, checks every file, and proves it with a benchmark.
END
install -m 755 "$here/prerm" "$root/DEBIAN/prerm"
find "$root" -type d -exec chmod 755 {} +
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz -z6 --build "$root" "$DIST/setupwizard_${VERSION}_$(dpkg --print-architecture).deb" >/dev/null
