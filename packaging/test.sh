#!/usr/bin/env bash
# Build the packages and try them. Usage: test.sh PYTHON [quick]
#   quick   the folders alone: for Linux, and for Windows where the lab stands already; what make test has time for
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
python=$1 depth=${2:-full}
lab=${SETUPWIZARD_LAB:-$project/build/lab}
status=0
cd "$project"

try() { "$python" -m pytest -q -o faulthandler_timeout=0 "$@" || status=1; }
lab_stands() { [ -e "$lab/python.done" ]; }
pcs() { # Usage: pcs [PYTEST-ARGUMENT...]
    echo "The simulated PCs, asked by the packaged program:"
    SETUPWIZARD_WINDOWS_LAB=$lab SETUPWIZARD_WINDOWS_PROGRAM='Z:\project\build\packages\windows\setupwizard\setupwizard.exe' \
        try tests/windows/test_pcs.py "$@"
}

if [ "$depth" = quick ]; then
    "$here/linux/build.sh" "$python" folder
    if lab_stands; then
        "$here/windows/build.sh" "$python" stage
    else
        echo "No Windows lab stands in $lab, so the package for Windows is not tried; make test-packages does it."
    fi
    try --timeout 600 -m "not full" tests/packages
    ! lab_stands || pcs -k laptop-rtx4060-581
else
    "$here/lab/make.sh" "$python" || [ $? = 75 ]
    "$here/linux/build.sh" "$python"
    "$here/windows/build.sh" "$python"
    try --timeout 1800 tests/packages
    ! lab_stands || pcs
fi
exit $status
