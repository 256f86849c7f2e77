"""Tar archives made by hand, header by header, so that every field can lie."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from transparency.proofs.sources.intake import Intake, take_in
from transparency.proofs.sources.membersource import Limits, Progress, TarSource

if TYPE_CHECKING:
    from collections.abc import Callable

END = bytes(1024)
POSIX, GNU, OLD = b"ustar\x0000", b"ustar  \x00", bytes(8)


def header(
    name: bytes,
    kind: bytes = b"0",
    *,
    size: int = 0,
    mode: bytes = b"0000644\0",
    target: bytes = b"",
    prefix: bytes = b"",
    magic: bytes = POSIX,
    size_field: bytes | None = None,
    checksum: bytes | None = None,
) -> bytes:
    """One block. `size_field` and `checksum` are written as they are."""
    size_field = b"%011o\0" % size if size_field is None else size_field
    owner = b"0000000\0" * 2
    start = name.ljust(100, b"\0") + mode + owner + size_field + b"00000000000\0"
    end = kind + target.ljust(100, b"\0") + magic + bytes(80) + prefix.ljust(155, b"\0") + bytes(12)
    total = sum(start) + sum(end) + 8 * 0x20
    block = start + (b"%06o\0 " % total if checksum is None else checksum) + end
    assert len(block) == 512
    return block


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def file(name: bytes, content: bytes = b"", *, mode: bytes = b"0000644\0", prefix: bytes = b"") -> bytes:
    return header(name, size=len(content), mode=mode, prefix=prefix) + padded(content)


def folder(name: bytes) -> bytes:
    return header(name, b"5", mode=b"0000755\0")


def symlink(name: bytes, target: bytes) -> bytes:
    return header(name, b"2", target=target, mode=b"0000777\0")


def hardlink(name: bytes, target: bytes) -> bytes:
    return header(name, b"1", target=target)


def record(key: bytes, value: bytes) -> bytes:
    """One PAX record, whose length counts its own digits."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest) + 1
    while len(b"%d" % length) + len(rest) != length:
        length = len(b"%d" % length) + len(rest)
    return b"%d" % length + rest


def pax(records: dict[bytes, bytes] | bytes, kind: bytes = b"x") -> bytes:
    data = records if isinstance(records, bytes) else b"".join(record(key, value) for key, value in records.items())
    return header(b"PaxHeaders/x", kind, size=len(data)) + padded(data)


def gnu_long(text: bytes, kind: bytes = b"L") -> bytes:
    return header(b"././@LongLink", kind, size=len(text) + 1, magic=GNU) + padded(text + b"\0")


def long_file(path: bytes, content: bytes = b"") -> bytes:
    return pax({b"path": path}) + file(b"x", content)


class PlainStream:
    """Uncompressed bytes as an ArchiveStream; `consumed` may be told to lag behind, as it does for compressed data."""

    flags: tuple[tuple[str, str], ...] = ()

    def __init__(self, data: bytes, *, compressed_to: int | None = None) -> None:
        self._stream = io.BytesIO(data)
        self._compressed_to = compressed_to

    def read(self, count: int, /) -> bytes:
        return self._stream.read(count)

    @property
    def consumed(self) -> int:
        return self._stream.tell() if self._compressed_to is None else self._compressed_to

    def finish(self) -> None:
        pass


def take(
    *members: bytes,
    end: bytes = END,
    limits: Limits | None = None,
    pack: io.BytesIO | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Intake:
    """Take in an archive of these members."""
    stream = PlainStream(b"".join(members) + end)
    return take_in(TarSource(stream, limits or Limits()), pack or io.BytesIO(), limits=limits, progress=progress)


def rules(intake: Intake) -> list[tuple[str, str]]:
    """(path, rule) of what was refused."""
    assert all(finding.fatal for finding in intake.refused)
    if intake.refused:
        nothing = (intake.manifest, intake.file_table, intake.index, intake.git_tree, intake.swhid, intake.dir_hash)
        assert nothing == (b"", b"", b"", None, None, None)
    return [(finding.path, finding.rule) for finding in intake.refused]


def flags(intake: Intake) -> list[tuple[str, str]]:
    """(path, rule) of what was kept and flagged."""
    assert not any(finding.fatal for finding in intake.flagged)
    return [(finding.path, finding.rule) for finding in intake.flagged]
