#!/usr/bin/env bash
# Run one command in the lab, for looking around. Usage: run.sh COMMAND..., for example
#   packaging/lab/run.sh bash
#   packaging/lab/run.sh wine 'C:\Python313\python.exe' -m setupwizard detect
set -eu
. "$(dirname "$0")/lab.sh"
[ -e "$LAB/python.done" ] || { echo "No lab stands in $LAB; make test-windows builds one." >&2; exit 1; }
exec 9>"$LAB/lock"
flock 9
inside "$@"
