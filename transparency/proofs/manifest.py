"""The manifest: one line a file, sorted by raw path; its SHA-256 names the snapshot (docs/formats.md section 1).

>>> entry = ManifestEntry("100644", 64 * "0", 1, b"a file")
>>> format_manifest([entry]).decode().splitlines()[1][-11:]
' 1 a%20file'
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError
from transparency.proofs.escaping import escape_path, unescape_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HEADER = b"transparency-manifest/v1\n"
SUBMODULE = "160000"
REGULAR = frozenset({"100644", "100755"})
# A million files with long paths; the tree limits of EDGES stay far below.
MAX_MANIFEST_BYTES = 1024 * 1024 * 1024
_LINE = re.compile(rb"(100644|100755|120000|160000) ([0-9a-f]{40}|[0-9a-f]{64}) (0|[1-9][0-9]{0,18}) ([!-~]+)\Z")


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """Mode, SHA-256 (hex; commit for submodules), size in bytes, raw path."""

    mode: str
    digest: str
    size: int
    path: bytes


def format_line(entry: ManifestEntry) -> bytes:
    """The entry's line with its LF."""
    return f"{entry.mode} {entry.digest} {entry.size} {escape_path(entry.path)}\n".encode("ascii")


def format_manifest(entries: Iterable[ManifestEntry]) -> bytes:
    """Bytes of the manifest; the entries must be sorted and pass the rules of `parse_manifest`."""
    manifest = io.BytesIO(HEADER)  # a list of a million lines would be as large again
    manifest.seek(len(HEADER))
    manifest.writelines(map(format_line, entries))
    return manifest.getvalue()


def manifest_lines(data: bytes) -> list[bytes]:
    """The lines after the header, each with its LF: the leaves of the opening root."""
    return data[len(HEADER) :].splitlines(keepends=True)


def parse_manifest(data: bytes) -> tuple[ManifestEntry, ...]:
    """Read a whole manifest strictly (`manifest-header`, `manifest-line`, `manifest-order`, `manifest-path`)."""
    if len(data) > MAX_MANIFEST_BYTES or not data.startswith(HEADER):
        raise EvidenceError("manifest-header", expected=HEADER.decode().strip(), found=repr(data[:40]))
    if not data.endswith(b"\n"):
        raise EvidenceError("manifest-line", expected="LF at the end", found="none")
    entries = tuple(_parse_lines(data[len(HEADER) :]))
    _check_order(entries)
    return entries


def _parse_lines(body: bytes) -> Iterator[ManifestEntry]:
    for number, line in enumerate(body.split(b"\n")[:-1], start=2):
        match = _LINE.match(line)
        if not match or (match[1] != b"160000" and len(match[2]) != 64):  # noqa: PLR2004 - a SHA-256 in hex
            raise EvidenceError(
                "manifest-line", subject=f"line {number}", expected="mode sha256 size path", found=repr(line[:80])
            )
        entry = ManifestEntry(match[1].decode(), match[2].decode(), int(match[3]), unescape_path(match[4].decode()))
        if entry.mode == SUBMODULE and entry.size:
            raise EvidenceError(
                "manifest-line", subject=f"line {number}", expected="size 0 for a submodule", found=repr(line[:80])
            )
        yield entry


def _check_order(entries: tuple[ManifestEntry, ...]) -> None:
    before: bytes | None = None
    files = set()
    for entry in entries:
        components = entry.path.split(b"/")
        if any(component in {b"", b".", b".."} for component in components):
            raise EvidenceError(
                "manifest-path", expected="no empty, . or .. component", found=escape_path(entry.path)[:200]
            )
        if before is not None and entry.path <= before:
            raise EvidenceError(
                "manifest-order", expected="sorted paths, each once", found=escape_path(entry.path)[:200]
            )
        before = entry.path
        files.add(entry.path)
    for entry in entries:
        parent = entry.path.rpartition(b"/")[0]
        while parent:
            if parent in files:
                raise EvidenceError(
                    "manifest-path", expected="a file or a folder", found=f"both: {escape_path(parent)[:200]}"
                )
            parent = parent.rpartition(b"/")[0]
