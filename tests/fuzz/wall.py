"""Targets for the sandbox's wall: what a task that was taken over may say to the process that asked it, and xz, which is a child too."""

from __future__ import annotations

import lzma
import os
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

from transparency.gateways.contained.wire import (
    digests_json,
    intake_json,
    parse_digests,
    parse_failure,
    parse_intake,
    parse_line,
    parse_verdict,
    verdict_json,
)
from transparency.gateways.decompress import XZ_MAGIC, open_archive
from transparency.gateways.xzstream import count_xz_streams
from transparency.proofs.errors import UnavailableError
from transparency.proofs.escaping import escape_path, unescape_path

if TYPE_CHECKING:
    import io

_EDGE = 12
_NO_CHECK = b"\0\0"


def contained_intake(data: bytes) -> None:
    """An answer and a manifest file: what comes through is of the types and the size that it should be, and can be written down."""
    cut = int.from_bytes(data[:2], "big")
    manifest = data[2 + cut :]
    with suppress(UnavailableError):  # no message at all
        found = parse_intake(parse_line(data[2 : 2 + cut]), manifest=manifest, file_table=b"", index=b"")
        assert parse_intake(intake_json(found), manifest=manifest, file_table=b"", index=b"") == found
        assert found.refused or manifest.count(b"\n") == found.files + 1
        for item in (*found.flagged, *found.refused):
            _writable(item.path, item.rule, item.detail)
        _writable(found.prefix, *(name or "" for name in (found.git_tree, found.swhid, found.dir_hash)))


def contained_verdict(data: bytes) -> None:
    """An answer about so many signature files as the first byte says."""
    with suppress(UnavailableError):
        found = parse_verdict(parse_line(data[1:]), files=data[0] if data else 0)
        assert parse_verdict(verdict_json(found), files=data[0]) == found
        for item in found.findings:
            _writable(item.key or "", item.code, *(text for step in item.steps for text in (step.expected, step.found)))


def contained_message(data: bytes) -> None:
    """Any line: digests of the right length, or an error whose code is one."""
    with suppress(UnavailableError):
        message = parse_line(data)
        if "error" in message:
            error = parse_failure(message["error"])
            _writable(error.code, error.expected, error.found, error.subject)
            return
        answer = message.get("answer")
        found = parse_digests(answer if isinstance(answer, dict) else {})
        assert parse_digests(digests_json(found)) == found


def xz(data: bytes) -> None:
    """An xz file behind right checksums of its header, index and footer: what comes out is what the library makes of it."""
    whole = xz_with_sums(XZ_MAGIC + data)
    with _file(whole) as source, open_archive(source) as stream:
        pieces = []
        while piece := stream.read(1 << 16):
            pieces.append(piece)
        stream.finish()
    assert b"".join(pieces) == lzma.decompress(whole, lzma.FORMAT_XZ)


def xz_streams(data: bytes) -> None:
    """The walk over footers and indexes, of files that xz would refuse too: an answer or a code, in bounded time."""
    with _file(xz_with_sums(data)) as source:
        assert count_xz_streams(source.fileno()) > 0 or not data


def xz_with_sums(data: bytes) -> bytes:
    """The checksums of the first header, the last index and the footer made right; the blocks' check is left out."""
    whole = bytearray(data)
    if len(whole) < 2 * _EDGE:
        return data
    whole[6:8] = whole[-4:-2] = _NO_CHECK
    whole[8:12] = zlib.crc32(whole[6:8]).to_bytes(4, "little")
    whole[-2:] = b"YZ"
    index = (int.from_bytes(whole[-8:-4], "little") + 1) * 4
    if 8 <= index <= len(whole) - 2 * _EDGE:
        start, end = len(whole) - _EDGE - index, len(whole) - _EDGE
        whole[end - 4 : end] = zlib.crc32(whole[start : end - 4]).to_bytes(4, "little")
    whole[-12:-8] = zlib.crc32(whole[-8:-2]).to_bytes(4, "little")
    return bytes(whole)


def _file(data: bytes) -> io.BufferedRandom:
    file = os.fdopen(os.memfd_create("archive"), "w+b")
    file.write(data)
    file.seek(0)
    return file


def _writable(*texts: str) -> None:
    for text in texts:
        assert len(text.encode()) <= 4 * 64 * 1024
    assert escape_path(unescape_path(escape_path(texts[0].encode()))) == escape_path(texts[0].encode())
