#!/usr/bin/env bash
# Sendmail 8.17.1.9's configuration macros (sendmail-cf of Debian 12, with GNU m4 1.4.19).
#
# Good guess: m4 leaves alone what stands behind `#`, and sendmail.cf takes `#` for a comment too; so a setting of
# sendmail.mc is switched off by a `#` before it.
# Seen: the macros switch m4's comments off. A call behind `#` is carried out like any other: the host is set. Only `dnl`
# leaves a line out.
# What to do: read sendmail.mc as if `#` were any character; say so where a person hid a call behind one.
#
# Needs apt-get (Debian 12) and dpkg-deb; no root. Fails if the behaviour has changed.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q sendmail-cf=8.17.1.9-2+deb12u2 m4=1.4.19-3 libsigsegv2=2.14-1 >/dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" packages; done
library=$(dirname "$(find packages -name 'libsigsegv.so.2' | head -1)")
macros=$work/packages/usr/share/sendmail/cf

# What the configuration says of the host that mail is handed to.
smart_host() {
    printf '%s\n' "include(\`$macros/m4/cf.m4')" "OSTYPE(\`linux')" "$1" "MAILER(\`smtp')" |
        LD_LIBRARY_PATH=$work/$library packages/usr/bin/m4 -D_CF_DIR_="$macros/" - 2>/dev/null | grep '^DS'
}
plain_m4() { printf '%s\n' "define(\`HOST', \`set')" "# HOST" | LD_LIBRARY_PATH=$work/$library packages/usr/bin/m4 | tail -1; }
{
    echo "m4 by itself: $(plain_m4)"
    echo "written plainly: $(smart_host "define(\`SMART_HOST', \`relay.example.com')")"
    echo "behind #: $(smart_host "# define(\`SMART_HOST', \`relay.example.com')")"
    echo "behind dnl: $(smart_host "dnl define(\`SMART_HOST', \`relay.example.com')")"
} | tee outcome
diff outcome - <<'EOF'
m4 by itself: # HOST
written plainly: DSrelay.example.com
behind #: DSrelay.example.com
behind dnl: DS
EOF
echo "as seen with Sendmail 8.17.1.9 and m4 1.4.19"
