#!/bin/sh
# Checks the form of every Swift file of the tree; generated and built files are not the tree's.
# Usage: lint.sh lint|format
set -eu
cd "$(dirname "$0")/.."
list() {
    find Package.swift Sources Tests Plugins Guest Examples Benchmarks -name '*.swift' -type f \
        -not -path '*/build/*' -not -path '*/.build/*' -print0
}
case "${1:-lint}" in
    lint) list | xargs -0 swift format lint --strict --parallel ;;
    format) list | xargs -0 swift format format --in-place --parallel ;;
    *) echo "usage: lint.sh lint|format" >&2; exit 2 ;;
esac
