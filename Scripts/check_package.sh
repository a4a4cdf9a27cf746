#!/bin/sh
# Looks at what `make dist` made as those do who get it: the archive runs where it is unpacked, its pages and completions can
# be read, and the Debian package installs into an empty root. What a missing tool would check is passed over, and said.
# Usage: check_package.sh ARCHIVE [PACKAGE]
set -eu
archive=$1
package=${2:-}
work=$(mktemp -d)
node=
trap '[ -z "$node" ] || kill "$node" 2>/dev/null; rm -rf "$work"' EXIT
fail() { echo "check_package: $*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1 || { echo "check_package: $1 is not on PATH, and what it checks is passed over" >&2; false; }; }

tar --extract --gzip --file "$archive" --directory "$work"
root=$(find "$work" -mindepth 1 -maxdepth 1 -type d)
# Nothing of this machine's environment: no toolchain, no variable but a home.
theater() { (cd / && env -i PATH=/usr/bin:/bin HOME="$work/home" "$root/bin/theater" "$@"); }
[ "$(theater --version)" = "$(sed -n "s/^## \([0-9][0-9.]*\).*/\1/p" "$root/share/doc/theater/CHANGELOG.md" | head -n 1)" ] ||
    fail "the version of the program is not that of its CHANGELOG.md"
echo hello | theater run --quiet "$root/share/theater/examples/digest" --call digest --stdin >/dev/null
theater chain verify >/dev/null
# A node, as the configuration of the service has it, elsewhere.
env -i "$root/bin/theater" serve --data "$work/node" 2>"$work/serve.log" &
node=$!
until grep -q ' ready$' "$work/serve.log"; do
    kill -0 "$node" 2>/dev/null || { cat "$work/serve.log" >&2; fail "the node does not start"; }
    sleep 0.1
done
theater ps --data "$work/node" >/dev/null
kill "$node"
wait "$node" || fail "the node did not end in order"
node=

for command in $(theater help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p'); do
    [ "$command" = help ] || [ -f "$root/share/man/man1/theater-$command.1.gz" ] || fail "'theater $command' has no page"
done
if has man; then
    for page in "$root"/share/man/man1/*.1.gz; do
        wrong=$(MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings --local-file "$page" 2>&1 >/dev/null)
        [ -z "$wrong" ] || fail "$(basename "$page"): $wrong"
    done
fi
bash -n "$root/share/bash-completion/completions/theater"
if has zsh; then zsh -n "$root/share/zsh/site-functions/_theater"; fi
if has fish; then fish --no-execute "$root/share/fish/vendor_completions.d/theater.fish"; fi

[ -n "$package" ] || exit 0
mkdir -p "$work/system"
dpkg-deb --extract "$package" "$work/system"
dpkg-deb --control "$package" "$work/control"
for script in postinst prerm postrm; do sh -n "$work/control/$script"; done
(cd "$work/system" && md5sum --quiet --check "$work/control/md5sums")
env -i "$work/system/usr/bin/theater" serve --check --config "$work/system/etc/theater/theater.toml" >/dev/null
if has systemd-analyze; then
    # Beside the units of this machine, which they need; with the program where it is now.
    mkdir "$work/units"
    for unit in theater.service theater.socket; do
        sed "s|/usr/bin/theater|$work/system&|" "$work/system/lib/systemd/system/$unit" >"$work/units/$unit"
    done
    wrong=$(systemd-analyze verify --man=no "$work/units/theater.service" "$work/units/theater.socket" 2>&1 | grep -i theater || true)
    [ -z "$wrong" ] || fail "$wrong"
fi
