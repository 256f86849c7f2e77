"""Source RPMs and cpio payloads made by hand, so that every field can lie."""

from __future__ import annotations

import gzip
import hashlib
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INT16, INT32, STRING, BIN, STRINGS = 3, 4, 6, 7, 8
SIGNATURES, IMMUTABLE = 62, 63
# A tag, its type, the count of its values, and their bytes.
Entry = tuple[int, int, int, bytes]
FILES = {b"pump.spec": b"Name: pump\n", b"pump-1.0.tar.gz": b"an archive\n"}


def texts(tag: int, values: Sequence[bytes], kind: int = STRINGS) -> Entry:
    return tag, kind, len(values), b"".join(value + b"\0" for value in values)


def text(tag: int, value: bytes) -> Entry:
    return texts(tag, [value], STRING)


def numbers(tag: int, values: Sequence[int]) -> Entry:
    return tag, INT32, len(values), struct.pack(f">{len(values)}I", *values)


def header(
    entries: Sequence[Entry], region: int = IMMUTABLE, *, changed: Mapping[int, tuple[int, ...]] | None = None
) -> bytes:
    """A header structure; `changed` replaces the index entry of a tag by other numbers (tag, type, offset, count)."""
    index, store = [], b""
    for tag, kind, count, data in entries:
        store += bytes(-len(store) % 4) if kind == INT32 else b""
        index.append((changed or {}).get(tag, (tag, kind, len(store), count)))
        store += data
    index.insert(0, (changed or {}).get(region, (region, BIN, len(store), 16)))
    store += struct.pack(">IIiI", *(changed or {}).get(-region, (region, BIN, -16 * len(index), 16)))
    lines = b"".join(struct.pack(">IIiI", *line) for line in index)
    return b"\x8e\xad\xe8\x01\0\0\0\0" + struct.pack(">II", len(index), len(store)) + lines + store


def cpio_member(
    name: bytes, content: bytes = b"", *, mode: int = 0o100644, links: int = 1, magic: bytes = b"070701", check: int = 0,
    size: int | None = None, ended: bytes = b"\0",
) -> bytes:  # fmt: skip
    said = len(content) if size is None else size
    values = (1, mode, 0, 0, links, 0, said, 0, 0, 0, 0, len(name + ended), check)
    head = magic + b"".join(b"%08x" % value for value in values) + name + ended
    return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)


END = cpio_member(b"TRAILER!!!", mode=0)


def cpio(files: Mapping[bytes, bytes]) -> bytes:
    return b"".join(cpio_member(name, content) for name, content in files.items()) + END


def main_entries(files: Mapping[bytes, bytes], payload: bytes) -> list[Entry]:
    """What rpmbuild writes, as far as it matters here, in the order of the tags."""
    return [
        text(1000, b"pump"),
        text(1001, b"1.0"),
        text(1002, b"3"),
        text(1014, b"MIT"),
        numbers(1028, [len(content) for content in files.values()]),
        texts(1035, [hashlib.sha256(content).hexdigest().encode() for content in files.values()]),
        numbers(1037, [32 if name.endswith(b".spec") else 0 for name in files]),
        numbers(1106, [1]),
        numbers(1116, [0] * len(files)),
        texts(1117, list(files)),
        texts(1118, [b""]),
        text(1124, b"cpio"),
        text(1125, b"gzip"),
        numbers(5011, [8]),
        texts(5092, [hashlib.sha256(payload).hexdigest().encode()]),
        numbers(5093, [8]),
    ]


def replaced(entries: Sequence[Entry], *others: Entry) -> list[Entry]:
    """With other entries in the place of those of the same tags."""
    by_tag = {entry[0]: entry for entry in others}
    return [by_tag.get(entry[0], entry) for entry in entries]


def rpm(
    files: Mapping[bytes, bytes] = FILES,
    *,
    plain: bytes | None = None,
    payload: bytes | None = None,
    main: bytes | None = None,
    entries: Sequence[Entry] = (),
    without: Sequence[int] = (),
    signed: Sequence[Entry] | None = None,
    kind: int = 1,
) -> bytes:
    """A whole source RPM: `plain` is the cpio, `payload` what stands compressed, `main` the header, `entries` other entries of it."""
    payload = gzip.compress(cpio(files) if plain is None else plain, mtime=0) if payload is None else payload
    if main is None:
        kept = [entry for entry in replaced(main_entries(files, payload), *entries) if entry[0] not in without]
        main = header(kept)
    if signed is None:
        signed = [text(273, hashlib.sha256(main).hexdigest().encode()), numbers(1000, [len(main) + len(payload)])]
    lead = (
        b"\xed\xab\xee\xdb\3\0"
        + struct.pack(">HH", kind, 1)
        + b"pump-1.0-3".ljust(66, b"\0")
        + struct.pack(">HH", 1, 5)
    )
    front = lead.ljust(96, b"\0") + header(signed, SIGNATURES)
    return front + bytes(-len(front) % 8) + main + payload
