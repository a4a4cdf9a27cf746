#!/bin/sh
# Types what "From a crash to its cause" in Documentation/Replay.md shows, in a new folder with a data directory of its
# own, and compares what the program answers with the page. Ends with 1 where they differ.
# Usage: run_walkthrough.sh THEATER
set -eu
cd "$(dirname "$0")/.."
theater=$(cd "$(dirname "$1")" && pwd)
mkdir -p .build
folder=$(mktemp -d "$PWD/.build/walkthrough.XXXXXX")
trap 'rm -rf "$folder"' EXIT
THEATER_HOME=$folder/data PATH=$theater:$PATH \
    python3 Scripts/walk.py Documentation/Replay.md "From a crash to its cause" "$folder"
