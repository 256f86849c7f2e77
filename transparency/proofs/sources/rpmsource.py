"""The members of a source RPM: those of its payload, each of them one that the header lists with this size and this digest.

A member that is not listed, or is another than the one listed, is fatal (`rpm-file`), and so is a listed one that is not there: a reader
of the header and a reader of the payload would see two packages.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.escaping import escape_path
from transparency.proofs.sources import rpm
from transparency.proofs.sources.archive import SHOWN_BYTES, ArchiveError, Member
from transparency.proofs.sources.bounds import BoundedStream
from transparency.proofs.sources.cpio import CpioReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transparency.proofs.sources.membersource import ArchiveStream, Limits

# Digests in headers by their OpenPGP numbers. MD5 and SHA-1 are of old packages: they show an accident, and hold against nobody.
_ALGORITHMS = {1: "md5", 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512"}
_OLD = 1
_GHOST, _SPEC = 1 << 6, 1 << 5


@dataclass(frozen=True, slots=True)
class Listed:
    """What the header says of one file; the digest is empty for what is no regular file."""

    size: int
    digest: bytes
    flags: int


class RpmSource:
    """A MemberSource over the decompressed payload."""

    def __init__(self, head: rpm.RpmHead, stream: ArchiveStream, limits: Limits) -> None:
        self.head = head
        self._stream = stream
        self._limits = limits
        self._algorithm = _algorithm(head.header)
        self._listed = files_of(head.header)

    @property
    def spec(self) -> str:
        """The spec file's path as in the manifest; empty where the header marks none."""
        found = [path for path, item in self._listed.items() if item.flags & _SPEC or path.endswith(b".spec")]
        return escape_path(found[0]) if len(found) == 1 else ""

    def __iter__(self) -> Iterator[Member]:
        left = {path: item for path, item in self._listed.items() if not item.flags & _GHOST}
        wrong: ArchiveError | None = None
        for member in CpioReader(BoundedStream(self._stream, self._limits)):
            path = member.path.removeprefix(b"./")
            listed = left.pop(path, None)
            if listed is None:
                wrong = wrong or _differs(path, "a file that the header lists", "one that it does not")
                yield member  # the path policy names what else is wrong with it
            elif member.kind == "file":
                yield self._checked(path, member, listed)
            else:
                yield member
        if wrong:
            raise wrong
        if left:
            raise _differs(min(left), "a file that the header lists", "nothing")

    def _checked(self, path: bytes, member: Member, listed: Listed) -> Member:
        if member.size != listed.size:
            raise _differs(path, f"{listed.size} bytes", str(member.size))
        if member.data is not None:
            self._compare(path, listed, hashlib.new(self._algorithm, member.data, usedforsecurity=False).hexdigest())
            return member
        return Member(
            "file", member.path, member.executable, member.size, data=None, pieces=self._hashed(path, member, listed)
        )

    def _hashed(self, path: bytes, member: Member, listed: Listed) -> Iterator[bytes]:
        hasher = hashlib.new(self._algorithm, usedforsecurity=False)
        for piece in member.pieces or ():
            hasher.update(piece)
            yield piece
        self._compare(path, listed, hasher.hexdigest())

    @staticmethod
    def _compare(path: bytes, listed: Listed, found: str) -> None:
        if listed.digest != found.encode():
            raise _differs(path, escape_path(listed.digest[:128]), found)

    @property
    def consumed(self) -> int:
        return self._stream.consumed

    @property
    def flags(self) -> tuple[tuple[str, str], ...]:
        return self._stream.flags

    def finish(self) -> None:
        self._stream.finish()


def _algorithm(header: rpm.Header) -> str:
    number = header.number(rpm.DIGEST_ALGORITHM)
    found = _ALGORITHMS.get(_OLD if number is None else number)
    if found is None:
        raise ArchiveError("rpm-header", expected="a digest of a kind that we know", found=str(number))
    return found


def files_of(header: rpm.Header) -> dict[bytes, Listed]:
    """By path: folder and name, as the header puts them together."""
    names, folders, places = header.texts(rpm.NAMES), header.texts(rpm.FOLDER_NAMES), header.numbers(rpm.FOLDERS)
    sizes, digests, flags = header.numbers(rpm.SIZES), header.texts(rpm.DIGESTS), header.numbers(rpm.FLAGS)
    if not names or {len(places), len(sizes), len(digests), len(flags)} != {len(names)}:
        raise ArchiveError("rpm-header", expected="as much said of each file", found=f"{len(names)} names")
    if any(place >= len(folders) for place in places):
        raise ArchiveError("rpm-header", expected=f"one of {len(folders)} folders", found=str(max(places)))
    found = {
        folders[place] + name: Listed(size, digest, flag)
        for name, place, size, digest, flag in zip(names, places, sizes, digests, flags, strict=True)
    }
    if len(found) != len(names):
        raise ArchiveError("rpm-header", expected="each path once", found="one twice")
    return found


def _differs(path: bytes, expected: str, found: str) -> ArchiveError:
    return ArchiveError("rpm-file", subject=escape_path(path[:SHOWN_BYTES]), expected=expected, found=found)
