#!/usr/bin/env bash
# Run a script in a clean Debian that has the .deb of this checkout and nothing else of ours; it is thrown away afterwards.
# Usage: clean.sh RELEASE DEB FOLDER [SCRIPT]   FOLDER is /test in there; MOUNT="/a:/b" shows folders of this machine, to
# read, under their own names; SCRIPT comes from standard input where it is not given. Ends with 75 where it cannot run here.
set -euo pipefail
release=$1 package=$(realpath "$2") folder=$(realpath "$3") script=${4:-$(cat)}
project=$(cd "$(dirname "$0")/../.." && pwd)
base=$project/build/packages/debian/$release
run=$base.$$
cannot() { echo "a clean Debian: skipped: $*" >&2; exit 75; }
[ "$(id -u)" = 0 ] || cannot "it needs root"
command -v debootstrap >/dev/null || cannot "debootstrap is not installed"
unshare --mount --pid --fork true 2>/dev/null || cannot "this machine allows no namespaces of our own (unshare)"

inside() {
    # shellcheck disable=SC2016 # filled in by the shell that has the namespaces
    ROOT=$1 FOLDER=$folder MOUNT=${MOUNT:-} unshare --mount --propagation private --pid --fork --kill-child bash -euc '
        mkdir -p "$ROOT/test"
        mount --rbind /dev "$ROOT/dev"; mount -t proc proc "$ROOT/proc"; mount --bind "$FOLDER" "$ROOT/test"
        IFS=:
        for shown in $MOUNT; do
            mkdir -p "$ROOT$shown"; mount --bind "$shown" "$ROOT$shown"; mount -o remount,bind,ro "$ROOT$shown"
        done
        cp /etc/resolv.conf /etc/hosts "$ROOT/etc/"
        exec chroot "$ROOT" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
            ${http_proxy:+http_proxy=$http_proxy} ${https_proxy:+https_proxy=$https_proxy} ${no_proxy:+no_proxy=$no_proxy} \
            bash -euc "$0"' "$2"
}

mkdir -p "$(dirname "$base")"
exec 8>"$base.lock"
flock 8
if [ ! -e "$base.done" ]; then
    rm -rf --one-file-system "$base"
    # shellcheck disable=SC2016 # apt fills these in
    mirror=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
        awk -F'|' '$1 == "Debian" && $2 == "Debian" { sub("/+$", "", $3); print $3; exit }')
    [ -n "$mirror" ] || cannot "apt on this machine names no Debian mirror"
    debootstrap --variant=minbase --include=ca-certificates "$release" "$base" "$mirror" >"$base.log" 2>&1 ||
        cannot "the Debian mirror of this machine cannot be reached, or has no $release; $base.log"
    echo force-unsafe-io >"$base/etc/dpkg/dpkg.cfg.d/test"
    # The certificates of this machine: a company's own may stand between it and the package registries.
    cp /etc/ssl/certs/ca-certificates.crt "$base/etc/ssl/certs/ca-certificates.crt"
    inside "$base" 'apt-get update -q && apt-get install -y -q --no-install-recommends python3 python3-venv xvfb xauth x11-utils' \
        >>"$base.log" 2>&1 </dev/null || { tail -n 5 "$base.log" >&2; exit 1; }
    touch "$base.done"
fi
trap 'rm -rf --one-file-system "$run"' EXIT
cp -a "$base" "$run"
flock -u 8
cp "$package" "$run/root/package.deb"
inside "$run" "apt-get install -y -q --no-install-recommends /root/package.deb >/root/install.log 2>&1 </dev/null || { cat /root/install.log; exit 1; }
$script"
