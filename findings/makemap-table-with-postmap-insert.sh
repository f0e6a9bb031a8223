#!/usr/bin/env bash
# Sendmail 8.17.1.9's makemap and Postfix 3.7.11's postmap (Debian 12) write the same Berkeley DB format, but makemap stores
# keys without, postmap with a null byte behind them. Each reads the other's tables.
#
# Good guess: so an entry may be added to a table that came from Sendmail with `postmap -i`, and both kinds are found.
# Seen: each key is found when it is asked alone. A process that asks for several keys settles on the form of the first that
# it finds, and from then on never finds one of the other: a mail system would find old or new entries, by which came first.
# What to do: make the table anew from its text with one of the two programs; never add to one made by the other.
#
# Needs apt-get (Debian 12) and dpkg-deb; no root. Fails if the behaviour has changed.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q postfix=3.7.11-0+deb12u1 sendmail-bin=8.17.1.9-2+deb12u2 libdb5.3=5.3.28+dfsg2-1 libicu72 >/dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" packages; done
library=$(dirname "$(find packages -name 'libdb-5.3.so')")
export LD_LIBRARY_PATH="$work/packages/usr/lib/postfix:$work/$library"

cat >main.cf <<EOF
compatibility_level = 3.6
shlib_directory = $work/packages/usr/lib/postfix
meta_directory = $work
mail_owner = nobody
default_privs = daemon
setgid_group = mail
EOF
: >dynamicmaps.cf
: >sendmail.cf
postmap() { packages/usr/sbin/postmap -c "$work" "$@"; }

printf 'old@example.com\tann\n' | packages/usr/sbin/makemap -C sendmail.cf hash "$work/table.db" 2>/dev/null
printf 'new@example.com bob\n' | postmap -i hash:table
{
    for key in old@example.com new@example.com; do echo "alone: $key is $(postmap -q "$key" hash:table)"; done
    printf 'old@example.com\nnew@example.com\n' | postmap -q - hash:table | sed 's/^/old first: /'
    printf 'new@example.com\nold@example.com\n' | postmap -q - hash:table | sed 's/^/new first: /'
} | tee outcome
diff outcome - <<'EOF'
alone: old@example.com is ann
alone: new@example.com is bob
old first: old@example.com	ann
new first: new@example.com	bob
EOF
echo "as seen with Postfix 3.7.11, Sendmail 8.17.1.9 and Berkeley DB 5.3.28"
