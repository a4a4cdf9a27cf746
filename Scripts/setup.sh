#!/bin/sh
# Makes the tree ready to build: checks the toolchain, installs missing Debian packages, and puts
# libwasmtime.so from the pinned PyPI wheel into Vendor/. Idempotent; says what is missing.
set -eu
cd "$(dirname "$0")/.."

WASMTIME_VERSION=50.0.1
WASMTIME_SHA256=3127ca42fe7cdd3f0a43a358e79177dcfedd46c1746329826403b9d854de6178
SWIFT_VERSION=6.3

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

command -v swift >/dev/null 2>&1 ||
    fail "swift is not on PATH; install the Swift $SWIFT_VERSION toolchain from swift.org and run again."
found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
case "$found" in
    "$SWIFT_VERSION"*) ;;
    *) fail "Swift $SWIFT_VERSION is needed, '${found:-unknown}' is on PATH; put the $SWIFT_VERSION toolchain first on PATH." ;;
esac
toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")
for tool in clang wasm-ld; do
    [ -x "$toolchain/bin/$tool" ] ||
        fail "the Swift toolchain lacks $tool, which building actors needs; install the complete toolchain."
done
[ -d "$toolchain/lib/swift/embedded/wasm32-unknown-none-wasm" ] ||
    fail "the Swift toolchain lacks Embedded Swift for wasm32; install the complete toolchain."
command -v python3 >/dev/null 2>&1 || fail "python3 is not on PATH; install python3 (3.9 or newer)."
[ "$(uname -sm)" = "Linux x86_64" ] ||
    fail "only Linux on x86_64 is supported so far; this is $(uname -sm)."

# Debian packages: the headers and tools that the Swift packages need beyond the toolchain.
needed="libc6-dev git make openssl"
ls /usr/lib/gcc/*/*/libstdc++.so >/dev/null 2>&1 || needed="$needed g++"
python3 -m pip --version >/dev/null 2>&1 || needed="$needed python3-pip"
# Without root the build shows whether they are missing.
Scripts/install_debian.sh $needed || [ $? = 2 ] || exit 1

# The check is by content, so a damaged or outdated copy is replaced.
have() { [ -f Vendor/wasmtime/_bindings.py ] && [ -f Vendor/wasmtime/LICENSE ] &&
    echo "$WASMTIME_SHA256  Vendor/lib/libwasmtime.so" | sha256sum --status -c - 2>/dev/null; }
if ! have; then
    say "fetching libwasmtime $WASMTIME_VERSION"
    python3 -m pip --version >/dev/null 2>&1 ||
        fail "python3 has no pip; install python3-pip and run again."
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    python3 -m pip -q --disable-pip-version-check download --no-deps --only-binary=:all: \
        --platform manylinux1_x86_64 -d "$work" "wasmtime==$WASMTIME_VERSION" ||
        fail "pip could not download the wheel wasmtime==$WASMTIME_VERSION; check the network or the package index and run again."
    python3 Scripts/unpack_wasmtime.py "$work" "$WASMTIME_SHA256"
fi
