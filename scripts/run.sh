#!/usr/bin/env bash
# Run the wizard: its window where there is a display, the terminal where there is one, else unattended into build/pytorch.
set -eu
bin=$1
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    exec "$bin/setupwizard"
elif [ -t 0 ]; then
    exec "$bin/setupwizard" --text
fi
mkdir -p build
"$bin/setupwizard" apply --yes --env build/pytorch
"$bin/setupwizard" report --env build/pytorch --html build/report.html --json > build/report.json
echo "The report: build/report.html and build/report.json"
