"""How much of what was in scope people say they read (DESIGN section 2, docs/formats.md section 8).

Marks hang on a blob's digest, so two files of one content are read by one mark, and each of them counts in the
scope. Lines count once however often they were marked. Files that are not text are counted in bytes, beside the lines and never
among them.

>>> files = [ScopedFile("a.c", "aa", 9, 10), ScopedFile("copy.c", "aa", 9, 10), ScopedFile("x.png", "bb", 4000, None)]
>>> marks = [Mark("aa", Region(1, 5), "read", 1), Mark("aa", Region(4, 6), "examined", 2)]
>>> marks.append(Mark("aa", Region(1, 10), "skimmed", 2))
>>> share = cover(files, marks)
>>> share.in_scope, share.read, share.read_twice, share.skimmed, share.opaque_bytes
(20, 12, 4, 8, 4000)
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reviews.rules.anchor import Region, count_lines, in_common, subtract, union

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Level = Literal["skimmed", "read", "examined"]
LEVELS: tuple[Level, ...] = ("skimmed", "read", "examined")  # rising
COUNTED: frozenset[Level] = frozenset({"read", "examined"})


@dataclass(frozen=True, slots=True)
class ScopedFile:
    """A regular file in scope; `path` is escaped, `lines` is None for a file that is not text."""

    path: str
    blob: str
    size: int
    lines: int | None


@dataclass(frozen=True, slots=True)
class Mark:
    blob: str
    region: Region
    level: Level
    person: int


@dataclass(frozen=True, slots=True)
class Share:
    """Lines and bytes of a set of files. `read`: marked at least `read`; `read_twice`: so by two or more people."""

    files: int = 0
    text_files: int = 0
    in_scope: int = 0
    read: int = 0
    read_twice: int = 0
    skimmed: int = 0  # marked `skimmed` and no more
    opaque_files: int = 0
    opaque_bytes: int = 0

    @property
    def unread(self) -> int:
        return self.in_scope - self.read


@dataclass(frozen=True, slots=True)
class FolderShare:
    """`folder` is escaped, without a slash at its end; empty for the whole tree."""

    folder: str
    share: Share


def cover(files: Iterable[ScopedFile], marks: Iterable[Mark]) -> Share:
    """Return the share of all files together."""
    (whole, *_) = cover_folders(files, marks)
    return whole.share


def cover_folders(files: Iterable[ScopedFile], marks: Iterable[Mark]) -> tuple[FolderShare, ...]:
    """Return the share of every folder with all that is below it, the whole tree (an empty name) first, sorted."""
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    reading = read_blobs(marks)
    for file in files:
        tallies[file.path.rpartition("/")[0]].count(file, reading.get(file.blob))
    # Deepest first, so that each folder is complete when it is added to the one above it.
    for folder in sorted(_with_parents(tallies), key=lambda name: -name.count("/")):
        tallies[folder.rpartition("/")[0]].add(tallies[folder])
    tallies.setdefault("", _Tally())
    return tuple(FolderShare(folder, tallies[folder].share()) for folder in sorted(tallies))


class _Tally:
    """Running totals: a tree may have 100,000 files, so nothing is built for each of them."""

    __slots__ = ("files", "in_scope", "opaque_bytes", "opaque_files", "read", "skimmed", "text_files", "twice")

    def __init__(self) -> None:
        self.files = self.text_files = self.in_scope = self.opaque_files = self.opaque_bytes = 0
        self.read = self.twice = self.skimmed = 0

    def count(self, file: ScopedFile, reading: BlobReading | None) -> None:
        self.files += 1
        if file.lines is None:
            self.opaque_files += 1
            self.opaque_bytes += file.size
            return
        self.text_files += 1
        self.in_scope += file.lines
        if reading is not None:
            self.read += _lines_within(reading.read, file.lines)
            self.twice += _lines_within(reading.twice, file.lines)
            self.skimmed += _lines_within(reading.skimmed, file.lines)

    def add(self, other: _Tally) -> None:
        for name in _Tally.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def share(self) -> Share:
        return Share(
            files=self.files,
            text_files=self.text_files,
            in_scope=self.in_scope,
            read=self.read,
            read_twice=self.twice,
            skimmed=self.skimmed,
            opaque_files=self.opaque_files,
            opaque_bytes=self.opaque_bytes,
        )


@dataclass(frozen=True, slots=True)
class BlobReading:
    """What was read of one blob, by how many."""

    read: tuple[Region, ...] = ()
    twice: tuple[Region, ...] = ()
    skimmed: tuple[Region, ...] = ()


def read_blobs(marks: Iterable[Mark]) -> dict[str, BlobReading]:
    """Return what people read of each blob that has a mark."""
    by_blob: dict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        by_blob[mark.blob].append(mark)
    return {blob: _read_blob(of_blob) for blob, of_blob in by_blob.items()}


def _read_blob(marks: Sequence[Mark]) -> BlobReading:
    by_person: dict[int, list[Region]] = defaultdict(list)
    for mark in marks:
        if mark.level in COUNTED:
            by_person[mark.person].append(mark.region)
    once: tuple[Region, ...] = ()
    twice: tuple[Region, ...] = ()
    for regions in by_person.values():
        twice = union((*twice, *in_common(once, regions)))
        once = union((*once, *regions))
    looked_at = union(mark.region for mark in marks if mark.level not in COUNTED)
    skimmed = tuple(rest for region in looked_at for rest in subtract(region, once))
    return BlobReading(read=once, twice=twice, skimmed=skimmed)


def _lines_within(regions: tuple[Region, ...], lines: int) -> int:
    """A mark can never count more lines than the file has, whatever a row says."""
    return count_lines(Region(each.start, min(each.end, lines)) for each in regions if each.start <= lines)


def _with_parents(folders: Iterable[str]) -> set[str]:
    every: set[str] = set()
    for folder in folders:
        name = folder
        while name and name not in every:
            every.add(name)
            name = name.rpartition("/")[0]
    return every
