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

# What failed, and the last that it said, stands once more at the end, where it is seen.
failures=.build/test.failures
: >"$failures"
# Runs a script and counts it as one test.
check() {
    "$@" >.build/check.log 2>&1
    status=$?
    cat .build/check.log
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok: $*"
    else
        failed=$((failed + 1))
        { echo "failed with status $status: $*"; tail -n 12 .build/check.log; } >>"$failures"
    fi
}

check python3 Scripts/check_layout.py
check Scripts/check_tree.sh
check Scripts/lint.sh lint
check Scripts/test_conformance.sh
check Scripts/test_dashboard.sh

# How many mutated inputs the fuzz tests take (values, then Pact texts and metadata, a tenth, then modules), how many
# mutated journals the verifier gets, how often nodes with effects are killed, and how many seeds the simulation takes.
export THEATER_FUZZ_COUNT="${THEATER_FUZZ_COUNT:-1000000}"
export THEATER_FUZZ_MODULES="${THEATER_FUZZ_MODULES:-20000}"
export THEATER_MUTATIONS="${THEATER_MUTATIONS:-100000}"
export THEATER_EFFECT_KILLS="${THEATER_EFFECT_KILLS:-50}"
export THEATER_SIM_SEEDS="${THEATER_SIM_SEEDS:-20000}"

# Suites that keep every processor busy for a minute and more: they run after the others, which wait for
# processes and would starve beside them.
long='\.(Mutation|Fuzz|Crash|EffectCrash|Damage|Fault|CareFault|PlantedFault|Simulation)Tests/'
# Suites that measure the descriptors and the memory of the process: they run alone, one test after the other.
alone='\.(Ending|ProcessEnding)Tests/'

total=0
bad=0
# Runs the tests that the arguments select, and adds to `total` and `bad`.
run_tests() {
    # The pipe would hide the runner's status, so it is kept in a file.
    # Few tests at a time: each of them has the processors it expects.
    { swift test --skip-build --experimental-maximum-parallelization-width 6 "$@" 2>&1; echo $? >.build/test.status; } | tee "$log"
    # Swift Testing closes with "Test run with N tests in M suites passed" or "… failed … with K issues".
    count=$(sed -n 's/.*Test run with \([0-9][0-9]*\) tests.*/\1/p' "$log" | tail -n 1)
    count=${count:-0}
    wrong=$(grep -aE '^.{0,4}Test .* failed after [0-9]' "$log" | grep -vc 'Test run with')
    if [ "$count" -eq 0 ]; then echo "no test was executed"; count=1; wrong=1; fi
    status=$(cat .build/test.status)
    if [ "$status" -ne 0 ] && [ "$wrong" -eq 0 ]; then wrong=1; fi
    [ "$wrong" -le "$count" ] || wrong=$count
    if [ "$wrong" -gt 0 ]; then
        {
            echo "failed with status $status: swift test $*"
            grep -aE '^.{0,4}Test .* (recorded an issue at|failed after [0-9])' "$log" || tail -n 12 "$log"
        } >>"$failures"
    fi
    total=$((total + count))
    bad=$((bad + wrong))
}

run_tests --skip "$long" --skip "$alone"
run_tests --filter "$long"
run_tests --no-parallel --filter "$alone"
# What the README and Documentation/Replay.md tell a new user to do, in data directories of their own.
rm -rf .build/try-data
check Scripts/run_example.sh .build/debug/theater .build/try-data/example
check Scripts/run_team.sh .build/debug/theater .build/try-data/team
check Scripts/run_agent.sh .build/debug/theater .build/try-data/agent
check Scripts/run_walkthrough.sh .build/debug/theater
passed=$((passed + total - bad))
failed=$((failed + bad))
cat "$failures"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
