# Names that the lab's scripts share. Sourced, never run.
# shellcheck shell=bash

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PROJECT=$(cd "$HERE/../.." && pwd)
LAB=${SETUPWIZARD_LAB:-$PROJECT/build/lab}
SYSTEM=$LAB/debian
SHARE=$LAB/share
SKIPPED=75
# 75 is what sysexits.h calls "try again later": the lab cannot be built on this machine now, which is no defect of ours.

say() { printf '[%4d s] %s\n' "$SECONDS" "$*"; }

# Run inside the lab: Debian's files, Wine, this checkout (read-only) as /project, the lab's own folder as /lab.
# The mounts and every process live in namespaces of their own and end with the command, however it ends.
inside() {
    SYSTEM=$SYSTEM SHARE=$SHARE PROJECT=$PROJECT \
        unshare --mount --propagation private --pid --fork --kill-child "$HERE/inside.sh" "$@"
}
