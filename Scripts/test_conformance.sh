#!/bin/sh
# Holds the API of a real node against its own description with schemathesis, which is installed, pinned, beside the build.
# Usage: test_conformance.sh [--seed NUMBER]
set -eu
cd "$(dirname "$0")/.."
wanted=Tests/Conformance/requirements.txt
tools=.build/conformance
# By what is wanted, so that another list makes another environment.
sum=$(sha256sum "$wanted" | cut -c 1-64)
if [ "$(cat "$tools/installed" 2>/dev/null)" != "$sum" ]; then
    if ! python3 -c 'import ensurepip' 2>/dev/null; then
        Scripts/install_debian.sh python3-venv
    fi
    rm -rf "$tools"
    python3 -m venv "$tools"
    "$tools/bin/pip" -q --disable-pip-version-check install --no-deps -r "$wanted"
    echo "$sum" >"$tools/installed"
fi
PYTHONDONTWRITEBYTECODE=1 exec "$tools/bin/python" Tests/Conformance/test_conformance.py "$@"
