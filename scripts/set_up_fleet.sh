#!/usr/bin/env bash
# Install what the simulated lab needs: an ssh server, network tools, and Ansible in a folder of its own.
# Usage: set_up_fleet.sh PYTHON FOLDER. Without root it names what is missing and goes on: those tests say why they skip.
set -eu
python=$1
folder=$2
missing=""
for package in openssh-server openssh-client iproute2; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get -o DPkg::Lock::Timeout=300 update -qq
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $missing >/dev/null
elif [ -n "$missing" ]; then
    echo "Not installed, so the tests of a lab will skip and say why:$missing" >&2
fi
[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
[ -x "$folder/bin/ansible-lint" ] || "$folder/bin/python" -m pip install --quiet 'ansible-core>=2.17' ansible-lint
