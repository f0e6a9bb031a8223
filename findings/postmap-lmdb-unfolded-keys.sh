#!/usr/bin/env bash
# Debian 12's Postfix 3.7.11 with LMDB 0.9.24: an lmdb: table that outgrows lmdb_map_size while postmap compiles it is
# finished with status 0 and no message, but its keys are stored as they are written and no longer in lower case. Lookups
# are in lower case, so that no key with a capital letter is ever found. The same source is sound under a larger map.
#
# Good guess: the map grows (it does), and the table is the same whatever the first size of the map was.
# Seen: with 16 MiB all of 40,000 keys are folded and found; with 1 MiB none is.
# What to do: set lmdb_map_size to several times the size of the source before compiling, or write keys in lower case.
#
# Needs apt-get (Debian 12, amd64 or arm64), dpkg-deb and python3; no root. Fails if the behaviour has changed.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q postfix=3.7.11-0+deb12u1 postfix-lmdb=3.7.11-0+deb12u1 liblmdb0=0.9.24-1 libicu72 >/dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" packages; done
library=$(dirname "$(find packages -name 'liblmdb.so.0')")
export LD_LIBRARY_PATH="$work/packages/usr/lib/postfix:$work/$library"

python3 -c 'for i in range(40000): print(f"User{i:06d}@Example.COM target{i}@example.com")' >source

# compile MEGABYTES: a configuration with that map size, and the table made under it.
compile() {
    mkdir "$1"
    cat >"$1/main.cf" <<EOF
compatibility_level = 3.6
shlib_directory = $work/packages/usr/lib/postfix
meta_directory = $work/$1
mail_owner = nobody
default_privs = daemon
setgid_group = mail
lmdb_map_size = $(($1 * 1048576))
EOF
    printf 'lmdb\tpostfix-lmdb.so\tdict_lmdb_open\tmkmap_lmdb_open\n' >"$1/dynamicmaps.cf"
    cp source "$1/table"
    packages/usr/sbin/postmap -c "$work/$1" "lmdb:$work/$1/table" 2>"$1/said"
    capitals=$(packages/usr/sbin/postmap -c "$work/$1" -s "lmdb:$work/$1/table" | grep -c '^User' || true)
    found=$(packages/usr/sbin/postmap -c "$work/$1" -q user000007@example.com "lmdb:$work/$1/table" || true)
    echo "map of $1 MiB: said '$(cat "$1/said")', $capitals keys with capitals, user000007@example.com is '${found:-not found}'"
}

compile 16 | tee outcome
compile 1 | tee -a outcome
diff outcome - <<'EOF'
map of 16 MiB: said '', 0 keys with capitals, user000007@example.com is 'target7@example.com'
map of 1 MiB: said '', 40000 keys with capitals, user000007@example.com is 'not found'
EOF
echo "as seen with Postfix 3.7.11 and LMDB 0.9.24"
