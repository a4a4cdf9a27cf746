#!/bin/sh
# Builds the supervised team, lets it count the words of this repository's texts, and verifies and replays every chain.
# Usage: run_team.sh THEATER DATA_DIRECTORY [TEXT]
set -eu
cd "$(dirname "$0")/.."
theater=$1
data=$2
text=${3:-}

echo "== building Examples/team"
"$theater" build Examples/team/worker
"$theater" build Examples/team/coordinator
if [ -z "$text" ]; then
    mkdir -p "$data"
    text=$data/team.txt
    cat README.md CHANGELOG.md Documentation/*.md Guest/*.md Sources/*/*.swift Sources/*/*/*.swift >"$text"
fi
echo
echo "== running it on $(wc -c <"$text") bytes"
"$theater" run Examples/team/coordinator --data "$data" --call rank --stdin --chain <"$text"
echo
echo "== running everybody's code against the chains once more"
"$theater" replay --all --data "$data"
