#!/bin/sh
# Uses the dashboard of the debug build in a headless Chromium, which is installed if it is missing.
# Usage: test_dashboard.sh [--screenshots FOLDER]
set -eu
cd "$(dirname "$0")/.."
Scripts/install_debian.sh --no-install-recommends chromium fonts-dejavu-core
PYTHONDONTWRITEBYTECODE=1 exec python3 Tests/Dashboard/test_dashboard.py "$@"
