#!/usr/bin/env bash
# Measure which branches of the core (steps, store, tools, probes) the tests reach, the program's own children included.
#   coverage.sh PYTHON [PYTEST WORDS]      the lanes that a machine without a graphics card can run, when none are named
# The program gives its children a clean environment, so a line in site-packages starts the measuring, for as long as
# this script runs. Copies of the program that a test made are gone by the time of the report and do not count.
# build/coverage/report.txt lists every line and branch that was not reached (docs/tests.md says why).
set -euo pipefail

python=$(realpath -s "$1")
shift
cd "$(dirname "$0")/.."
top=$PWD
out=$top/build/coverage
core='*/setupwizard/steps/*,*/setupwizard/store/*,*/setupwizard/tools/*,*/setupwizard/probes/*'
start=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/a0_measure.pth

rm -rf "$out"
mkdir -p "$out"
cat >"$out/coveragerc" <<EOF
[run]
source = setupwizard
branch = true
parallel = true
sigterm = true
data_file = $out/data
[report]
include = $core
omit = */copy/*
exclude_also =
    if TYPE_CHECKING:
    @overload
    raise AssertionError
EOF
trap 'rm -f "$start"' EXIT
cat >"$start" <<EOF
import sys; exec('import os, coverage\nos.environ["COVERAGE_PROCESS_START"] = "$out/coveragerc"\ncoverage.process_startup()\ndel os.environ["COVERAGE_PROCESS_START"]')
EOF

lanes=("$@")
if [ ${#lanes[@]} -eq 0 ]; then lanes=(tests/unit tests/end2end tests/faults tests/gui/test_desktop_bus.py); fi
status=0
SETUPWIZARD_TORCH_PYTHON=$(ls "$top"/build/test-torch/current/bin/python 2>/dev/null || true) \
    "$python" -m pytest -q -n 2 --dist loadfile --timeout 900 "${lanes[@]}" || status=$?
rm -f "$start"

export COVERAGE_RCFILE=$out/coveragerc
"$python" -m coverage combine -q
"$python" -m coverage report --show-missing --skip-covered >"$out/report.txt" || true
"$python" -m coverage report --fail-under=95 --skip-covered || status=$?
exit "$status"
