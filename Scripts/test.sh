#!/bin/sh
# Builds everything, runs every test, and ends with the plain line "N passed, N failed".
set -u
cd "$(dirname "$0")/.."

log=.build/test.log
mkdir -p .build
passed=0
failed=0

# Builds first and apart, so that a compiler error is not mistaken for a failed test.
swift build --build-tests --explicit-target-dependency-import-check error || {
    echo "0 passed, 1 failed"
    exit 1
}

if python3 Scripts/check_layout.py; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
if Scripts/check_tree.sh; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
if Scripts/lint.sh lint; then passed=$((passed + 1)); else failed=$((failed + 1)); fi

# How many mutated inputs the fuzz tests take: values, then Pact texts and metadata (a tenth), then modules.
export THEATER_FUZZ_COUNT="${THEATER_FUZZ_COUNT:-1000000}"
export THEATER_FUZZ_MODULES="${THEATER_FUZZ_MODULES:-20000}"

# The pipe would hide the runner's status, so it is kept in a file.
{ swift test --skip-build 2>&1; echo $? >.build/test.status; } | tee "$log"
status=$(cat .build/test.status)

# Swift Testing closes with "Test run with N tests in M suites passed" or "… failed … with K issues".
total=$(sed -n 's/.*Test run with \([0-9][0-9]*\) tests.*/\1/p' "$log" | tail -n 1)
bad=$(grep -E '^.{0,4}Test .* failed after' "$log" | grep -vc 'Test run with')
total=${total:-0}
if [ "$total" -eq 0 ]; then
    echo "no test was executed"
    bad=1
fi
if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
[ "$bad" -le "$total" ] || total=$bad
passed=$((passed + total - bad))
failed=$((failed + bad))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
