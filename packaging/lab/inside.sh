#!/usr/bin/env bash
# The second half of `inside` in lab.sh: mounts, then the command, in Debian's files. Its caller made the namespaces.
set -eu
mkdir -p "$SYSTEM/lab" "$SYSTEM/project" "$SYSTEM/tmp/.X11-unix"
mount --rbind /dev "$SYSTEM/dev"
mount -t proc proc "$SYSTEM/proc"
mount --bind "$SHARE" "$SYSTEM/lab"
mount --bind "$PROJECT" "$SYSTEM/project"
mount -o remount,bind,ro "$SYSTEM/project"
if [ -d /tmp/.X11-unix ]; then mount --bind /tmp/.X11-unix "$SYSTEM/tmp/.X11-unix"; fi
cp /etc/resolv.conf /etc/hosts "$SYSTEM/etc/"

# Nothing of the host's environment goes in but what is named here: proxies, the screen, and what a lane passes on purpose.
passed=()
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY DISPLAY LC_ALL LANE_PLATFORM WINEPREFIX WINEDEBUG; do
    [ -z "${!name:-}" ] || passed+=("$name=${!name}")
done
in_debian() { # XDG_RUNTIME_DIR: else Wine's Wayland driver complains to every command
    chroot "$SYSTEM" /usr/bin/env -i HOME=/root XDG_RUNTIME_DIR=/tmp PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        WINEPREFIX=/lab/prefix WINEDEBUG=-all WINEDLLOVERRIDES='mscoree=d;mshtml=d' \
        SSL_CERT_FILE='Z:\lab\ca.crt' KMP_AFFINITY=disabled "${passed[@]}" "$@"
}

status=0
in_debian "$@" || status=$?
# Wine's server writes the registry when it ends; killed with the namespace, it would lose it.
[ ! -e "$SYSTEM/usr/bin/wineserver" ] || in_debian timeout 20 wineserver -k || true
exit $status
