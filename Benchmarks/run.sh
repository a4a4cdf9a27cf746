#!/bin/sh
# Builds the benchmarks in release mode and runs them; arguments go to the program (see --help).
# The peers in Erlang and Node need Debian's erlang-base and nodejs, which are installed if they are missing; without
# them the rest is measured.
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
command -v node >/dev/null 2>&1 || ../Scripts/install_debian.sh --no-install-recommends nodejs || true
if command -v node >/dev/null 2>&1; then
    set -- --node "$PWD/Sources/NodePeer/peer.js" "$@"
else
    echo "bench: node is not on PATH, so nothing is measured beside it; install Debian's nodejs (as root:" \
        "apt-get install nodejs) and run again" >&2
fi
swift build -c release --product bench >&2
exec .build/release/bench --theater ../.build/release/theater "$@"
