#!/bin/sh
# Installs the named Debian packages, those that are missing; options are passed to apt-get. Elsewhere
# than on Debian it does nothing.
# Exit status: 0 when nothing is missing, 1 when apt-get failed, 2 when only root could install them.
set -eu
say() { printf 'setup: %s\n' "$*" >&2; }

missing=""
options=""
for package in "$@"; do
    case "$package" in -*) options="$options $package"; continue ;; esac
    if command -v dpkg-query >/dev/null 2>&1; then
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
            missing="$missing $package"
    fi
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    say "these Debian packages seem to be missing:$missing; install them with: apt-get install$missing"
    exit 2
fi
say "installing Debian packages:$missing"
# shellcheck disable=SC2086
apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq $options $missing >/dev/null || {
    say "apt-get could not install:$missing; install them by hand and run again."
    exit 1
}
