#!/usr/bin/env bash
# Install what the tests need beside Python packages: a C compiler for the stand-in libraries, Qt's system libraries,
# fonts, a virtual screen and the accessibility bus. Without root it names what is missing and goes on: those tests say why they skip.
set -eu
packages="gcc libc6-dev libegl1 libgl1 libxkbcommon0 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1 libxcb-cursor0 libxcb-icccm4
libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libxcb-randr0 fonts-dejavu-core fonts-noto-cjk fonts-inter
strace xvfb xdotool openbox x11-utils imagemagick dbus-x11 at-spi2-core python3-pyatspi gir1.2-atspi-2.0
binutils xz-utils debootstrap desktop-file-utils appstream"
# A browser opens the report. Where apt has none (Ubuntu brings it another way), those tests skip and say so.
browser=chromium
missing=""
for package in $packages $browser; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ]; then
    # A system that has just started may be updating itself: wait for it.
    apt-get -o DPkg::Lock::Timeout=300 update -qq
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $packages >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $browser >/dev/null ||
        echo "Not installed, so the tests of the report in a browser will skip: $browser" >&2
else
    echo "Not installed, so some tests will skip and say why:$missing" >&2
fi
