#!/bin/sh
# Builds the tool-using agent, lets it look at the examples, verifies its chains, and replays them without its server.
# Usage: run_agent.sh THEATER DATA_DIRECTORY
set -eu
cd "$(dirname "$0")/.."
theater=$1
data=$2
server=Examples/agent/tools/server.py

echo "== building Examples/agent"
"$theater" build Examples/agent/tools
"$theater" build Examples/agent
echo
echo "== running it"
"$theater" run Examples/agent --data "$data" --chain
echo
echo "== running both actors' code against their chains once more, without the server"
away=$(mktemp -d)
trap 'mv "$away/server.py" "$server"; rmdir "$away"' EXIT
trap 'exit 1' HUP INT TERM
mv "$server" "$away/server.py"
"$theater" replay --all --data "$data"
