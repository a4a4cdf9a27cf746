#!/bin/sh
# Lays built programs out as they are installed: DESTINATION/PREFIX/{bin,lib,libexec,share}. What is there can be
# moved as a whole: programs find each other, and libwasmtime, from where they are.
# Usage: stage.sh BUILD_DIRECTORY DESTINATION PREFIX
#   BUILD_DIRECTORY has theater, theater-launch and generate-manual, built with THEATER_RELOCATABLE=1.
set -eu
cd "$(dirname "$0")/.."
build=$1
root=$2$3

# The date on the manual pages is that of the sources, so that the same sources give the same files.
date=$(git log -1 --format=%cs 2>/dev/null || date +%Y-%m-%d -r CHANGELOG.md)

put() { # put MODE FILE FOLDER [NAME]
    mkdir -p "$root/$3"
    install -m "$1" "$2" "$root/$3/${4:-$(basename "$2")}"
}
put 755 "$build/theater" bin
put 755 "$build/theater-launch" libexec/theater
put 644 Vendor/lib/libwasmtime.so lib/theater
strip -g "$root/bin/theater" "$root/libexec/theater/theater-launch"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$build/generate-manual" "$root/bin/theater" --multi-page --section 1 --date "$date" --output-directory "$work"
for page in "$work"/*.1; do
    # As git has it: the page of `theater run` is theater-run(1).
    name=$(basename "$page" .1 | tr . -)
    # An empty line is none of a manual page's.
    sed -E -e '/^\.(Dt|Xr) /s/([A-Za-z])\./\1-/g' -e 's/^$/.Pp/' "$page" | gzip -9n >"$work/$name.1.gz"
    put 644 "$work/$name.1.gz" share/man/man1
done
"$root/bin/theater" completion bash >"$work/theater"
"$root/bin/theater" completion zsh >"$work/_theater"
"$root/bin/theater" completion fish >"$work/theater.fish"
put 644 "$work/theater" share/bash-completion/completions
put 644 "$work/_theater" share/zsh/site-functions
put 644 "$work/theater.fish" share/fish/vendor_completions.d

# What the programs contain of others comes with its terms.
toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")
put 644 "$toolchain/share/swift/LICENSE.txt" share/doc/theater/licenses/swift
put 644 Vendor/wasmtime/LICENSE share/doc/theater/licenses/wasmtime
for package in "$(dirname "$build")"/checkouts/*; do
    for file in "$package"/LICENSE* "$package"/NOTICE* "$package"/Sources/*/LICENSE*; do
        [ ! -f "$file" ] || put 644 "$file" "share/doc/theater/licenses/$(basename "$package")"
    done
done

for file in README.md CHANGELOG.md LICENSE; do put 644 "$file" share/doc/theater; done
for file in Documentation/*.md; do put 644 "$file" share/doc/theater/Documentation; done
for file in Documentation/Decisions/*.md; do put 644 "$file" share/doc/theater/Documentation/Decisions; done

# Actors that run at once, where no compiler is.
git ls-files Examples | grep -v '/\.' | while read -r file; do put 644 "$file" "share/theater/$(dirname "$file" | tr E e)"; done
for manifest in $(cd "$root/share/theater/examples" && find . -name manifest.toml | sort); do
    "$root/bin/theater" build "$root/share/theater/examples/$(dirname "$manifest")" >/dev/null
done
