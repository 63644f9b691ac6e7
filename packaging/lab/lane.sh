#!/usr/bin/env bash
# The tests in Windows Python: unit, window and Windows tests, in a Western and in a Chinese Windows.
# Usage: lane.sh [PYTHON [short | PYTEST-ARGUMENT...]]   PYTHON as for make.sh; "short" is the choice of tests for each
# change, without a word all of them run; arguments replace the runs by one (LANE_PLATFORM names Qt's platform for it).
# Ends with 0 and one line when the lab cannot be built on this machine now.
set -euo pipefail
. "$(dirname "$0")/lab.sh"
python=${1:-python3}
shift || true

"$HERE/make.sh" "$python" || {
    status=$?
    [ $status = $SKIPPED ] || exit $status
    echo "The Windows lane did not run; the line above says why."
    exit 0
}

exec 9>"$LAB/lock"
flock 9
rm -rf "$SHARE/results"
mkdir "$SHARE/results"
# A screen and a window manager: without one no window of Wine becomes the active one.
exec 8< <(exec Xvfb -displayfd 1 -screen 0 1600x1000x24 -nolisten tcp 2>/dev/null)
screen=$!
read -r -t 30 -u 8 number || { echo "Xvfb did not start." >&2; exit 1; }
export DISPLAY=:$number
openbox >/dev/null 2>&1 &
manager=$!
trap 'kill $manager $screen 2>/dev/null || true' EXIT
say "the screen is there"

inside bash -s -- "$@" <"$HERE/tests.sh" || failed=1
"$python" "$HERE/summary.py" "$SHARE/results" "$SECONDS"
kill $manager $screen 2>/dev/null || true
flock -u 9
case ${1:-} in
    short) whole="" pcs=(-k "laptop-rtx4060-581 or desktop-rtx3060-code-43 or test_install") ;;
    '') whole=1 pcs=() ;;
    *) exit "${failed:-0}" ;;
esac
say "the simulated PCs, asked from Linux"
(cd "$PROJECT" && SETUPWIZARD_WINDOWS_LAB=$LAB SETUPWIZARD_WINDOWS_INSTALL=$whole \
    "$python" -m pytest -q -o faulthandler_timeout=0 tests/windows/test_{pcs,install}.py "${pcs[@]}") || failed=1
say "the Windows lane is through"
exit "${failed:-0}"
