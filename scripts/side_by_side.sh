#!/usr/bin/env bash
# Run two or more commands at once and show what each printed, one after the other. Usage: side_by_side.sh COMMAND...
# Each COMMAND is one word that a shell takes apart. Ends with 1 when one of them did not end with 0.
set -u
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
workers=()
for command in "$@"; do
    bash -c "$command" >"$logs/${#workers[@]}" 2>&1 </dev/null &
    workers+=($!)
done
failed=0
for number in "${!workers[@]}"; do
    status=0
    wait "${workers[$number]}" || status=$?
    [ $status = 0 ] || failed=1
    shift_to=$((number + 1))
    echo "--- ${!shift_to} (ended with $status)"
    cat "$logs/$number"
done
exit $failed
