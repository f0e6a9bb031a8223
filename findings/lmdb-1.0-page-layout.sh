#!/usr/bin/env bash
# LMDB 1.0 (inside PyPI's lmdb 3.0.0) lays out a page otherwise than 0.9 in more than its header.
#
# Good guess: the header grew by eight bytes, a transaction number, and all behind it moved along.
# Seen, on one leaf page with the keys "a" and "bb": offsets on the page count from behind the header (0.9: from the start of the
# page); a value begins at an even place, so that a key of odd length has a byte behind it that belongs to nothing; and the node
# of a value that stands on pages of its own holds 24 bytes, page, transaction and number of pages, where 0.9 has 8, the page.
# What to do: a reader that only adds eight to its offsets finds keys and wrong values; test with keys of odd length.
#
# Needs python3 with venv. Fails if the behaviour has changed.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv python
python/bin/pip install -q --disable-pip-version-check lmdb==3.0.0

cat >show.py <<'EOF'
import lmdb, struct

for engine, name, header in ((0, "0.9", 16), (1, "1.0", 24)):
    environment = lmdb.open(name, subdir=False, lock=False, lib_version=engine, map_size=1 << 20)
    with environment.begin(write=True) as transaction:
        transaction.put(b"a", b"value")
        transaction.put(b"bb", b"L" * 5000)
    data = open(name, "rb").read()
    for number in range(2, len(data) // 4096):
        page = data[number * 4096:(number + 1) * 4096]
        flags, lower, upper = struct.unpack_from("<HHH", page, header - 6)
        if flags != 2:
            continue
        first = struct.unpack_from("<2H", page, header)
        nodes = [page.rindex(b"\x01\x00a") - 6, page.rindex(b"\x02\x00bb") - 6]
        print(f"{name}: header {header}, lower {lower}, upper {upper}")
        print(f"  pointers {first}, nodes at {tuple(nodes)} of the page")
        print(f"  value of 'a' {page.index(b'value', nodes[0]) - nodes[0] - 9} bytes behind its key")
        print(f"  node of 'bb' has {nodes[0] - nodes[1] - 10 if nodes[0] > nodes[1] else 4096 - nodes[1] - 10} bytes behind its key")
EOF
python/bin/python show.py | tee outcome
diff outcome - <<'EOF'
0.9: header 16, lower 20, upper 4064
  pointers (4082, 4064), nodes at (4082, 4064) of the page
  value of 'a' 0 bytes behind its key
  node of 'bb' has 8 bytes behind its key
1.0: header 24, lower 4, upper 4022
  pointers (4056, 4022), nodes at (4080, 4046) of the page
  value of 'a' 1 bytes behind its key
  node of 'bb' has 24 bytes behind its key
EOF
echo "as seen with lmdb 3.0.0 of PyPI, which holds LMDB 0.9 and 1.0"
