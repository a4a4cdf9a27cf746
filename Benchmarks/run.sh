#!/bin/sh
# Builds the benchmarks in release mode and runs them; arguments go to the program (see --help).
set -eu
cd "$(dirname "$0")"
swift build -c release --product bench >&2
exec .build/release/bench --theater ../.build/release/theater "$@"
