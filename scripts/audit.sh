#!/usr/bin/env bash
# Ask about known weaknesses of everything that is installed for the project, and list what is not the newest.
#   audit.sh PYTHON
# pip-audit lives in a folder of its own, so that it is no part of what it looks at. A package that it cannot ask about
# is a failure: silence is no clean bill.
set -euo pipefail

python=$(realpath -s "$1")
cd "$(dirname "$0")/.."
packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

[ -x build/audit/bin/pip-audit ] || { "$python" -m venv build/audit && build/audit/bin/python -m pip install --quiet pip-audit; }

echo "Not the newest (PySide6 is held back on Python 3.11, docs/decisions/0002-libraries.md):"
"$python" -m pip list --outdated
echo "Known weaknesses:"
build/audit/bin/pip-audit --strict --skip-editable --path "$packages"
