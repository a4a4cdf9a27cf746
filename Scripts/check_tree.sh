#!/bin/sh
# Rules of the tree that the compiler does not know: what may import Foundation, file sizes, stray files.
set -u
cd "$(dirname "$0")/.."
bad=0
complain() { echo "check_tree: $*" >&2; bad=1; }

# Foundation stays in the outermost layers; the guest shares TheaterValue, which may not have it.
for target in TheaterPlatform TheaterLaunch theater-launch TheaterProcess TheaterFiles TheaterValue TheaterPact TheaterChain TheaterEngine TheaterManifest \
    TheaterHandler TheaterRuntime TheaterHandlers; do
    found=$(grep -rlE '^(public |internal |private |@testable )*import Foundation' "Sources/$target" 2>/dev/null)
    [ -z "$found" ] || complain "Foundation is imported below its layer: $found"
done
# The clock, sleep and randomness have one door.
found=$(grep -rnE 'ContinuousClock\(|SystemRandomNumberGenerator\(|Task\.sleep|[^A-Za-z.]Date\(\)|[^A-Za-z.]UUID\(\)' \
    Sources --include='*.swift' | grep -v '^Sources/TheaterPlatform/' |
    grep -vE '^Sources/(TheaterCLI|TheaterBuild|TheaterTesting)/' | grep -v ':[0-9]*: *///')
[ -z "$found" ] || complain "chance enters outside TheaterPlatform: $found"
# Tests wait for notices.
# (`Timing.sleep` is what actors call, whose sources some tests hold.)
found=$(grep -rnE 'Task\.sleep|usleep\(|Thread\.sleep|[^a-z]sleep\([0-9]' Tests --include='*.swift' \
    | grep -v 'try Timing\.sleep' | head -n 5)
[ -z "$found" ] || complain "a test sleeps: $found"
# Every source says its licence.
for file in $(find Sources Tests Plugins Guest Examples -name '*.swift' -not -path '*/.*' -not -path '*/build/*' -type f); do
    case "$file" in */Package.swift) continue ;; esac
    head -n 1 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || complain "$file lacks its licence line"
done
for file in $(git ls-files 2>/dev/null | grep -E '(^|/)(Package\.resolved|\.build/)'); do
    complain "$file is tracked"
done
exit $bad
