"""What a distribution package holds of files that tools copy into releases: a `.deb`, or a source archive called NAME-VERSION.tar.*.

Everything is read as a stream of members and nothing is unpacked. In gettext's `archive.dir.tar.*` lie the files of many versions: it is
read as well, and each file there belongs to the version that its top folder names.

| code | when |
|---|---|
| catalogue-package | no such package: another kind of file, no name and version, compressed in a way that is not read |
| deb-malformed, tar-… | the package is broken |
| catalogue-size | more comes out than a package of such tools holds |
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.catalogue.deb import MAGIC, deb_members
from transparency.proofs.catalogue.m4text import serial_of, without_comments
from transparency.proofs.comparisons.generated import is_copied
from transparency.proofs.errors import EvidenceError
from transparency.proofs.sources.archive import TarReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transparency.proofs.sources.archive import Member, Stream

MAX_CONTENT_BYTES = 2 * 1024**3
MAX_FILES = 50_000
MAX_NESTED_BYTES = 8 * 1024**2
_NESTED = re.compile(rb"(?:\A|/)archive\.dir\.tar\.(?:gz|bz2|xz)\Z")
_SOURCE = re.compile(r"([a-z0-9][a-z0-9+.-]{0,60}?)[-_]([0-9][A-Za-z0-9.+~-]{0,60}?)(?:\.orig)?\.tar\.(?:gz|bz2|xz)\Z")
_FOLDER = re.compile(rb"([a-z][a-z0-9+-]{0,60})-([0-9][A-Za-z0-9.]{0,30})/")
_CONTROL = re.compile(rb"^(Package|Version): ([A-Za-z0-9.+~:-]{1,120})$", re.MULTILINE)
_BROKEN = (OSError, EOFError, lzma.LZMAError, ValueError)


@dataclass(frozen=True, slots=True)
class KnownCopy:
    """A file as one version of a package has it. `serial` and `stripped` are an `.m4` file's; digests in hex."""

    package: str
    version: str
    path: str
    sha256: str
    serial: str = ""
    stripped: str = ""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class _Bounded:
    """Stops what unpacks to more than any such package."""

    def __init__(self, stream: Stream) -> None:
        self._stream, self._left = stream, MAX_CONTENT_BYTES

    def read(self, count: int, /) -> bytes:
        data = self._stream.read(count)
        self._left -= len(data)
        if self._left < 0:
            raise EvidenceError("catalogue-size", expected=f"at most {MAX_CONTENT_BYTES} bytes", found="more")
        return data


def read_package(data: bytes, *, file_name: str) -> list[KnownCopy]:
    """The codes above."""
    try:
        copies = list(_copies(data, file_name))
    except _BROKEN as error:
        raise EvidenceError("catalogue-package", expected="a whole package", found=type(error).__name__) from error
    if len(copies) > MAX_FILES:
        raise EvidenceError("catalogue-size", expected=f"at most {MAX_FILES} files", found=str(len(copies)))
    return copies


def _copies(data: bytes, file_name: str) -> Iterator[KnownCopy]:
    if data.startswith(MAGIC):
        members = deb_members(data)
        package, version = _named(members)
        yield from _tree(_only(members, "data.tar"), package, version)
        return
    match = _SOURCE.search(file_name)
    if match is None:
        raise EvidenceError("catalogue-package", expected="a .deb or NAME-VERSION.tar.*", found=file_name[:100])
    yield from _tree(data, match[1], match[2])


def _tree(compressed: bytes, package: str, version: str, *, by_folder: bool = False) -> Iterator[KnownCopy]:
    for member in TarReader(_Bounded(_opened(compressed))):
        path, content = member.path.removeprefix(b"./"), _content(member)
        if content is None:
            continue
        named = _FOLDER.match(path) if by_folder else None
        if is_copied(path):
            name = (named[1].decode(), named[2].decode()) if named else (package, version)
            yield _copy(*name, path, content)
        elif not by_folder and _NESTED.search(path):
            yield from _tree(content, package, version, by_folder=True)


def _content(member: Member) -> bytes | None:
    """Of a regular file that is no larger than any of ours; larger ones are passed over."""
    if member.kind != "file":
        return None
    if member.pieces is None:
        return member.data
    for _ in member.pieces:
        pass
    return None


def _copy(package: str, version: str, path: bytes, content: bytes) -> KnownCopy:
    text = path.decode("utf-8", "replace")[-500:]
    digest = hashlib.sha256(content).hexdigest()
    if not path.endswith(b".m4"):
        return KnownCopy(package, version, text, digest)
    stripped = hashlib.sha256(without_comments(content)).hexdigest()
    return KnownCopy(package, version, text, digest, serial_of(content), stripped)


def _opened(data: bytes) -> Stream:
    source = io.BytesIO(data)
    if data.startswith(b"\xfd7zXZ\0"):
        return lzma.open(source)
    if data.startswith(b"\x1f\x8b"):
        return gzip.open(source)
    if data.startswith(b"BZh"):
        return bz2.open(source)
    raise EvidenceError("catalogue-package", expected="gzip, bzip2 or xz", found=repr(data[:6]))


def _named(members: dict[str, bytes]) -> tuple[str, str]:
    for member in TarReader(_Bounded(_opened(_only(members, "control.tar")))):
        content = _content(member)
        if member.path in {b"./control", b"control"} and content:
            said = dict(_CONTROL.findall(content))
            if len(said) == 2:  # noqa: PLR2004 - both of them
                return said[b"Package"].decode(), said[b"Version"].decode()
    raise EvidenceError("catalogue-package", expected="a package's name and version", found="none")


def _only(members: dict[str, bytes], start: str) -> bytes:
    found = [content for name, content in members.items() if name.startswith(start)]
    if len(found) != 1:
        raise EvidenceError("deb-malformed", expected=f"one {start}", found=str(len(found)))
    return found[0]
