#!/usr/bin/env python3
"""Watch the log of a Transparency Centre: what was seen once must stay, and what is new is told.

    python3 watch_log.py https://centre.example/log/ seen.json --vkey 'NAME+HASH+KEY'

Written from https://c2sp.org/tlog-tiles alone, standard library only; `openssl` checks the signature. Each run reads every entry, computes
the root again, compares it with the signed checkpoint, and computes the root of the size that was seen the last time.

Exit codes: 0 all fits, and the new entries are printed; 1 ALARM, the log was rewritten, forked or signed by another key: keep both
checkpoints and tell others; 2 the log could not be read, which is neither a yes nor a no.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

ALARM, UNREADABLE = 1, 2
WIDTH = 256
MOST_BYTES = 32 * 1024**2
DER = bytes.fromhex("302a300506032b6570032100")  # before the bytes of an Ed25519 key, RFC 8410


class AlarmError(Exception):
    """The log is not what it was, or not what it says."""


def main() -> int:
    """Run once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", help="address under which checkpoint and tile/ are, with a slash at its end")
    parser.add_argument("seen", type=Path, help="file that keeps what was seen; made by the first run")
    parser.add_argument("--vkey", help="the log's key as you know it: name+hash+base64")
    given = parser.parse_args()
    try:
        return watch(given.log, given.seen, given.vkey)
    except AlarmError as error:
        print(f"ALARM: {error}", file=sys.stderr)
        return ALARM
    except (OSError, ValueError, LookupError) as error:
        print(f"could not be read: {error}", file=sys.stderr)
        return UNREADABLE


def watch(log: str, seen: Path, vkey: str | None) -> int:
    """Compare with what was seen, tell what is new, and keep what is seen now."""
    note = fetch(log + "checkpoint")
    text = note.partition(b"\n\n")[0] + b"\n"
    origin, size_text, root_text = text.decode().split("\n")[:3]
    size, root = int(size_text), base64.b64decode(root_text, validate=True).hex()
    if vkey:
        check_signature(note, text, vkey)
    old_origin, old_size, old_root = remembered(seen) or (origin, 0, "")
    entries = read_entries(log, size)
    hashes = [hashlib.sha256(b"\0" + entry).digest() for entry in entries]
    if root_of(hashes).hex() != root:
        raise AlarmError(f"the entries give the root {root_of(hashes).hex()}, the checkpoint of {size} says {root}")
    if old_origin != origin or size < old_size:
        raise AlarmError(f"seen before: {old_origin} of {old_size} entries; now: {origin} of {size}")
    if old_size and root_of(hashes[:old_size]).hex() != old_root:
        raise AlarmError(f"the first {old_size} entries are not the ones that were seen before")
    for number, entry in enumerate(entries[old_size:], start=old_size):
        print(number, entry.decode())
    seen.write_text(json.dumps({"origin": origin, "size": size, "root": root, "note": note.decode()}))
    print(f"{size} entries, root {root}, signature {'holds' if vkey else 'NOT CHECKED: give --vkey'}")
    return 0


def remembered(seen: Path) -> tuple[str, int, str] | None:
    """Origin, size and root of the last time."""
    if not seen.exists():
        return None
    before = json.loads(seen.read_text())
    return str(before["origin"]), int(before["size"]), str(before["root"])


def fetch(address: str) -> bytes:
    """A bounded answer; `address` is the one that the caller chose."""
    with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - any scheme that the caller asks for
        data: bytes = answer.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES} bytes at {address}")
    return data


def read_entries(log: str, size: int) -> list[bytes]:
    """All entries, from bundles of 256."""
    entries: list[bytes] = []
    for bundle in range(-(-size // WIDTH)):
        width = min(WIDTH, size - bundle * WIDTH)
        data = fetch(f"{log}tile/entries/{number_path(bundle)}{'' if width == WIDTH else f'.p/{width}'}")
        place = 0
        for _ in range(width):
            length = int.from_bytes(data[place : place + 2], "big")
            entry = data[place + 2 : place + 2 + length]
            if len(entry) != length or place + 2 > len(data):
                raise ValueError("a bundle ends too early")
            entries.append(entry)
            place += 2 + length
        if place != len(data):
            raise ValueError("a bundle is too long")
    return entries


def number_path(number: int) -> str:
    """1234 is x001/234."""
    groups = [f"{number % 1000:03}"]
    while number >= 1000:  # noqa: PLR2004 - groups of three digits
        number //= 1000
        groups.append(f"x{number % 1000:03}")
    return "/".join(reversed(groups))


def root_of(hashes: list[bytes]) -> bytes:
    """The root over leaf hashes, RFC 6962."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    middle = 1 << ((len(hashes) - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + root_of(hashes[:middle]) + root_of(hashes[middle:])).digest()


def check_signature(note: bytes, text: bytes, vkey: str) -> None:
    """The line by this key, checked by openssl."""
    name, hash_text, key_text = vkey.split("+", 2)
    key = base64.b64decode(key_text, validate=True)
    signatures = [line.split(" ") for line in note.decode().partition("\n\n")[2].splitlines()]
    own = [base64.b64decode(parts[2]) for parts in signatures if parts[:2] == ["\u2014", name]]
    own = [data[4:] for data in own if data[:4].hex() == hash_text]
    if not own:
        raise AlarmError(f"no signature by {vkey}")
    with tempfile.TemporaryDirectory() as folder:
        for file, data in (("key", DER + key[1:]), ("text", text), ("signature", own[0])):
            (Path(folder) / file).write_bytes(data)
        command = [
            "openssl",
            "pkeyutl",
            "-verify",
            "-pubin",
            "-inkey",
            "key",
            "-keyform",
            "DER",
            "-rawin",
            "-in",
            "text",
        ]
        done = subprocess.run([*command, "-sigfile", "signature"], cwd=folder, capture_output=True, check=False)
    if done.returncode:
        raise AlarmError(f"the signature by {vkey} does not hold")


if __name__ == "__main__":
    sys.exit(main())
