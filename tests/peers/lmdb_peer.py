"""What the real LMDB makes of a file: `lmdb_peer.py 0.9|1.0 FILE`.

Standard input: changes, made in one transaction if there are any. Each is a byte, 0 to put and 1 to delete, the lengths of key and
value, 4 bytes each, and both. Standard output: all entries in order, each as the two lengths and both; each was also looked up.
With POSTWRIGHT_VERIFY=1 the package's own verifier looks at the file first.
"""

import os
import struct
import sys

import lmdb
import lmdb.verify

engine, path = {"0.9": 0, "1.0": 1}[sys.argv[1]], sys.argv[2]


def opened(**more):
    return lmdb.open(path, subdir=False, lock=False, lib_version=engine, map_size=1 << 34, **more)


if os.environ.get("POSTWRIGHT_VERIFY") == "1":
    problems = lmdb.verify.verify(path, subdir=False)
    if problems:
        sys.exit("\n".join(problems))

changes = sys.stdin.buffer.read()
if changes:
    at = 0
    with opened() as environment, environment.begin(write=True) as transaction:
        while at < len(changes):
            kind, key_length, value_length = struct.unpack_from("<BII", changes, at)
            at += 9
            key = changes[at : at + key_length]
            at += key_length
            value = changes[at : at + value_length]
            at += value_length
            if kind == 0:
                transaction.put(key, value)
            else:
                transaction.delete(key)

with opened(readonly=True) as environment, environment.begin() as transaction:
    count = 0
    for key, value in transaction.cursor():
        assert transaction.get(key) == value, key
        sys.stdout.buffer.write(struct.pack("<II", len(key), len(value)) + key + value)
        count += 1
    assert count == environment.stat()["entries"], count
