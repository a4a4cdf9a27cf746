#!/bin/sh
# Makes what can be given to others, from a staged installation: a relocatable archive and a Debian package.
# Usage: dist.sh BUILD_DIRECTORY OUTPUT_DIRECTORY      (see stage.sh)
set -eu
cd "$(dirname "$0")/.."
build=$1
output=$2
version=$(sed -n "s/^## \([0-9][0-9.]*\).*/\1/p" CHANGELOG.md | head -n 1)
name=theater-$version-linux-x86_64
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$output"
# The same sources give the same bytes: one date, one owner, one order.
epoch=$(git log -1 --format=%ct 2>/dev/null || date +%s -r CHANGELOG.md)
export SOURCE_DATE_EPOCH="$epoch"

Scripts/stage.sh "$build" "$work" "/$name"
tar --create --gzip --file "$output/$name.tar.gz" --directory "$work" --sort=name --mtime="@$epoch" \
    --owner=0 --group=0 --numeric-owner "$name"
if ! command -v dpkg-deb >/dev/null 2>&1; then
    echo "dist: dpkg-deb is not on PATH, so no Debian package is made" >&2
    Scripts/check_package.sh "$output/$name.tar.gz"
    echo "$output/$name.tar.gz"
    exit 0
fi
root=$work/debian
mkdir -p "$root"
cp -a "$work/$name" "$root/usr"
mkdir -p "$root/DEBIAN"
Scripts/install_service.sh "$root" /usr
echo /etc/theater/theater.toml >"$root/DEBIAN/conffiles"
install -m 755 Packaging/postinst Packaging/prerm Packaging/postrm "$root/DEBIAN/"
# Where Debian's zsh looks.
mv "$root/usr/share/zsh/site-functions" "$root/usr/share/zsh/vendor-completions"
mv "$root/usr/share/doc/theater/LICENSE" "$root/usr/share/doc/theater/copyright"
# The newest glibc whose functions are used is the oldest that will do.
glibc=$(for file in "$root/usr/bin/theater" "$root/usr/libexec/theater/theater-launch" "$root/usr/lib/theater/libwasmtime.so"; do
    objdump -T "$file"
done | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1 | cut -d_ -f2)
cat >"$root/DEBIAN/control" <<CONTROL
Package: theater
Version: $version
Architecture: amd64
Maintainer: The Theater project <theater@localhost>
Installed-Size: $(du -sk "$root/usr" | cut -f1)
Depends: libc6 (>= $glibc), libstdc++6, libgcc-s1
Recommends: systemd
Section: devel
Priority: optional
Description: Runs AI agents and their tools as sandboxed, recorded actors
 An actor is a WebAssembly module that reaches nothing but what its manifest
 grants. Everything that crosses the boundary of its sandbox is an event in a
 hash chain, which can be verified, replayed, forked and proved to others.
CONTROL
# What `dpkg --verify` compares with.
(cd "$root" && find usr lib -type f | LC_ALL=C sort | xargs md5sum) >"$root/DEBIAN/md5sums"
dpkg-deb --root-owner-group --build "$root" "$output/theater_${version}_amd64.deb" >/dev/null
# They are worth nothing if they do not work somewhere else.
Scripts/check_package.sh "$output/$name.tar.gz" "$output/theater_${version}_amd64.deb"
echo "$output/$name.tar.gz"
echo "$output/theater_${version}_amd64.deb"
