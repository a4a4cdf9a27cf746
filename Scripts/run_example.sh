#!/bin/sh
# Builds the example actor, lets it read this repository's README, and verifies and replays the run's chain.
# Usage: run_example.sh THEATER DATA_DIRECTORY
set -eu
cd "$(dirname "$0")/.."
theater=$1
data=$2

echo "== building Examples/digest"
"$theater" build Examples/digest
echo
echo "== running it on README.md"
"$theater" run Examples/digest --data "$data" --call digest --stdin --call totals --chain <README.md
echo
echo "== verifying every chain in $data"
"$theater" chain verify --all --data "$data"
echo
echo "== running its code against the chain once more"
"$theater" replay --all --data "$data"
