#!/usr/bin/env bash
# Make a release: what has to be true before, the packages, what has to be true after. Usage: release.sh PYTHON
# It uploads and tags nothing: dist/ is what a person looks at and hands out.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$(dirname "$here")"
python=$1
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' src/setupwizard/__init__.py)
stop() { echo "No release: $*" >&2; exit 1; }

[ -z "$(git status --porcelain)" ] || stop "there are changes that are not committed"
grep -qE "^## $version \([0-9]{4}-[0-9]{2}-[0-9]{2}\)$" CHANGELOG.md || stop "CHANGELOG.md has no \"## $version (YYYY-MM-DD)\""
tag=$(git tag --points-at HEAD --list 'v*')
[ -z "$tag" ] || [ "$tag" = "v$version" ] || stop "this commit is tagged $tag, and the version is $version"

rm -rf dist
"$here/linux/build.sh" "$python"
"$here/windows/build.sh" "$python"

# Smoke tests: each copy examines itself; the one for Windows where a lab stands.
build/packages/linux/setupwizard/setupwizard --self-test --json build/packages/self-test-linux.json
build/packages/venv/bin/setupwizard --self-test --json build/packages/self-test-wheel.json
if [ -e "${SETUPWIZARD_LAB:-build/lab}/python.done" ]; then
    "$here/lab/run.sh" wine 'Z:\project\build\packages\windows\setupwizard\setupwizard.exe' --self-test </dev/null
else
    echo "The package for Windows was not started: no lab stands here (make test-packages builds one)."
fi
for kind in .whl .tar.xz .deb -setup.exe .msi -portable.zip .cdx.json; do
    compgen -G "dist/*$kind" >/dev/null || stop "dist has no *$kind"
done
(cd dist && sha256sum --check --quiet SHA256SUMS)
echo "setupwizard $version is in dist. What only a real Windows can show stands in docs/packages.md."
