#!/bin/sh
# Lays out what a service manager needs: units for systemd, the node's user, and a configuration, which is left as it is
# if there is one.
# Usage: install_service.sh DESTINATION PREFIX
set -eu
cd "$(dirname "$0")/.."
root=$1
prefix=$2
# What is installed for the whole system has its configuration where the system has it.
case $prefix in
/usr) etc=/etc units=/lib/systemd/system ;;
*) etc=$prefix/etc units=$prefix/lib/systemd/system ;;
esac
mkdir -p "$root$units" "$root$prefix/lib/sysusers.d" "$root$etc/theater"
sed -e "s|/usr/bin/theater|$prefix/bin/theater|" -e "s|/etc/theater/|$etc/theater/|" Packaging/theater.service \
    >"$root$units/theater.service"
install -m 644 Packaging/theater.socket "$root$units/theater.socket"
install -m 644 Packaging/theater.sysusers "$root$prefix/lib/sysusers.d/theater.conf"
chmod 644 "$root$units/theater.service"
[ -e "$root$etc/theater/theater.toml" ] || install -m 644 Packaging/theater.toml "$root$etc/theater/theater.toml"
