#!/bin/sh
# Builds the benchmarks in release mode and runs them; arguments go to the program (see --help).
# The peer in Erlang needs Debian's erlang-base, which is installed if it is missing; without it the rest
# is measured.
set -eu
cd "$(dirname "$0")"
erlang=.build/erlang
if ! command -v erl >/dev/null 2>&1 || ! command -v erlc >/dev/null 2>&1; then
    ../Scripts/install_debian.sh --no-install-recommends erlang-base || true
fi
if command -v erl >/dev/null 2>&1 && command -v erlc >/dev/null 2>&1; then
    rm -rf "$erlang"
    mkdir -p "$erlang"
    erlc -Werror -o "$erlang" Sources/ErlangPeer/*.erl
    set -- --erlang "$PWD/$erlang" "$@"
else
    echo "bench: erl and erlc are not on PATH, so nothing is measured beside Erlang/OTP; install Debian's" \
        "erlang-base (as root: apt-get install erlang-base) and run again" >&2
fi
swift build -c release --product bench >&2
exec .build/release/bench --theater ../.build/release/theater "$@"
