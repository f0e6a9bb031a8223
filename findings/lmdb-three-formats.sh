#!/usr/bin/env bash
# Three libraries that are called LMDB write three file formats, and none opens another's file: LMDB 0.9.36 writes data version
# 1 and LMDB 1.0 version 3 (both inside PyPI's lmdb 3.0.0), npm's lmdb 3.5.6 version 2.
#
# Good guess: an older or newer file is refused with MDB_VERSION_MISMATCH.
# Seen: between 0.9 and 1.0 the error is MDB_INVALID ("File is not an LMDB file"), since the page header grew by eight bytes
# and the magic number moved from offset 16 to 24; only 1.0 says MDB_VERSION_MISMATCH, and only of version 2. The largest
# key grew from 511 to 1978 bytes, so that a table of 1.0 may hold keys that 0.9 cannot take at all.
# What to do: look at the bytes at 16 and 24 for 0xBEEFC0DE and the version behind it; convert by a dump, never by copying.
#
# Needs python3 with venv, node and npm. Fails if the behaviour has changed.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv python
python/bin/pip install -q --disable-pip-version-check lmdb==3.0.0
npm install --silent --no-fund --no-audit --prefix "$work" lmdb@3.5.6 >/dev/null

cat >write.py <<'EOF'
import lmdb
for engine, name in ((0, "0.9"), (1, "1.0")):
    environment = lmdb.open(f"{name}.lmdb", subdir=False, lock=False, lib_version=engine, map_size=1 << 20)
    with environment.begin(write=True) as transaction:
        transaction.put(b"key", b"value")
    print(name, "takes keys of", environment.max_key_size(), "bytes")
EOF
cat >write.js <<'EOF'
const { open } = require("lmdb");
(async () => {
  const database = open({ path: "npm.lmdb", noSubdir: true, encoding: "binary", keyEncoding: "binary" });
  await database.put(Buffer.from("key"), Buffer.from("value"));
  await database.close();
})();
EOF
cat >read.py <<'EOF'
import lmdb, sys
engine, name = int(sys.argv[1]), sys.argv[2]
bytes = open(name, "rb").read(32)
magic = bytes.index((0xBEEFC0DE).to_bytes(4, "little"))
version = int.from_bytes(bytes[magic + 4:magic + 8], "little")
try:
    lmdb.open(name, subdir=False, lock=False, readonly=True, lib_version=engine)
    said = "opened"
except lmdb.Error as error:
    said = str(error).split(": ")[1]
print(f"{name} (magic at {magic}, version {version}) in {['0.9', '1.0'][engine]}: {said}")
EOF
{
    python/bin/python write.py
    node write.js
    for name in 0.9.lmdb 1.0.lmdb npm.lmdb; do
        for engine in 0 1; do python/bin/python read.py "$engine" "$name"; done
    done
} | tee outcome
diff outcome - <<'EOF'
0.9 takes keys of 511 bytes
1.0 takes keys of 1978 bytes
0.9.lmdb (magic at 16, version 1) in 0.9: opened
0.9.lmdb (magic at 16, version 1) in 1.0: MDB_INVALID
1.0.lmdb (magic at 24, version 3) in 0.9: MDB_INVALID
1.0.lmdb (magic at 24, version 3) in 1.0: opened
npm.lmdb (magic at 24, version 2) in 0.9: MDB_INVALID
npm.lmdb (magic at 24, version 2) in 1.0: MDB_VERSION_MISMATCH
EOF
echo "as seen with lmdb 3.0.0 of PyPI and lmdb 3.5.6 of npm"
