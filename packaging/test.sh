#!/usr/bin/env bash
# Build the packages and try them. Usage: test.sh PYTHON [quick]
#   quick   the folders alone: for Linux, and for Windows where the lab stands already; what make test has time for
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
python=$1 depth=${2:-full}
lab=${SETUPWIZARD_LAB:-$project/build/lab}
cd "$project"

if [ "$depth" = quick ]; then
    "$here/linux/build.sh" "$python" folder
    if [ -e "$lab/python.done" ]; then
        "$here/windows/build.sh" "$python" stage
    else
        echo "No Windows lab stands in $lab, so the package for Windows is not tried; make test-packages does it."
    fi
    exec "$python" -m pytest -q --timeout 600 -m "not full" tests/packages
fi

"$here/lab/make.sh" "$python" || [ $? = 75 ]
"$here/linux/build.sh" "$python"
"$here/windows/build.sh" "$python"
status=0
"$python" -m pytest -q -o faulthandler_timeout=0 --timeout 1800 tests/packages || status=1
if [ -e "$lab/python.done" ]; then
    echo "The simulated PCs, asked by the packaged program:"
    SETUPWIZARD_WINDOWS_LAB=$lab SETUPWIZARD_WINDOWS_PROGRAM='Z:\project\build\packages\windows\setupwizard\setupwizard.exe' \
        "$python" -m pytest -q -o faulthandler_timeout=0 tests/windows/test_pcs.py || status=1
fi
exit $status
