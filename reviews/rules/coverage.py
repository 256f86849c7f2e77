"""How much of what was in scope people say they read (DESIGN section 2, docs/formats.md section 8).

Marks hang on a blob's digest, so two files of one content are read by one mark, and each of them counts in the
scope. Lines count once however often they were marked. Files that are not text are counted in bytes, beside the lines
and never among them.

>>> files = [ScopedFile("a.c", "aa", 9, 10), ScopedFile("copy.c", "aa", 9, 10), ScopedFile("x.png", "bb", 4000, None)]
>>> marks = [Mark("aa", Region(1, 5), "read", 1), Mark("aa", Region(4, 6), "examined", 2)]
>>> marks.append(Mark("aa", Region(1, 10), "skimmed", 2))
>>> share = cover(files, marks)
>>> share.in_scope, share.read, share.read_twice, share.skimmed, share.opaque_bytes
(20, 12, 4, 8, 4000)
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
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
class BlobReading:
    """What was read of one blob, by how many; `skimmed` without what was read."""

    read: tuple[Region, ...] = ()
    twice: tuple[Region, ...] = ()
    skimmed: tuple[Region, ...] = ()


_NOBODY = BlobReading()
_Counts = tuple[int, int, int]  # lines read, read twice, skimmed
_NO_LINES: _Counts = (0, 0, 0)


def cover(files: Iterable[ScopedFile], marks: Iterable[Mark]) -> Share:
    """Return the share of all files together."""
    return ScopedTree(files).reading(marks).share_of("")


class ScopedTree:
    """The files in scope with the totals of each folder: made once for a scope, asked for many sets of marks."""

    def __init__(self, files: Iterable[ScopedFile]) -> None:
        self._totals: dict[str, Share] = {}
        self._texts: list[ScopedFile] = []
        self._blobs: dict[str, list[ScopedFile]] = defaultdict(list)
        totals: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
        for file in files:
            total = totals[parent_of(file.path)]
            total[0] += 1
            if file.lines is None:
                total[3] += 1
                total[4] += file.size
                continue
            total[1] += 1
            total[2] += file.lines
            self._blobs[file.blob].append(file)
            if file.lines:
                self._texts.append(file)
        # Deepest first, so that each folder is complete when it is added to the one above it.
        for folder in sorted({*totals, *_above(totals)}, key=lambda name: -name.count("/") if name else 1):
            if folder:
                totals[parent_of(folder)] = [
                    a + b for a, b in zip(totals[parent_of(folder)], totals[folder], strict=True)
                ]
        for folder, (every, text, lines, opaque, size) in totals.items():
            self._totals[folder] = Share(every, text, lines, opaque_files=opaque, opaque_bytes=size)

    def totals_of(self, folder: str) -> Share:
        """Return what is in scope below a folder, nothing of it read."""
        return self._totals.get(folder, Share())

    def files_of(self, blob: str) -> Sequence[ScopedFile]:
        """Return the text files in scope that have this content."""
        return self._blobs.get(blob, ())

    @property
    def texts(self) -> Sequence[ScopedFile]:
        """The text files in scope that have lines, in the order of the scope."""
        return self._texts

    def reading(self, marks: Iterable[Mark]) -> Reading:
        """Return what these marks make of it."""
        return Reading(self, marks)


class Reading:
    """What people read of a scope: asked folder by folder and file by file."""

    def __init__(self, tree: ScopedTree, marks: Iterable[Mark]) -> None:
        self._tree = tree
        self._blobs = read_blobs(marks)
        self._folders: dict[str, _Counts] = {}
        for blob, reading in self._blobs.items():
            for file in tree.files_of(blob):
                counts = _count(reading, file.lines or 0)
                for folder in _above([file.path]):
                    self._folders[folder] = _plus(self._folders.get(folder, _NO_LINES), counts)

    def share_of(self, folder: str) -> Share:
        """Return the share of a folder with all that is below it; `""` is the whole tree."""
        read, twice, skimmed = self._folders.get(folder, _NO_LINES)
        return replace(self._tree.totals_of(folder), read=read, read_twice=twice, skimmed=skimmed)

    def share_of_file(self, file: ScopedFile) -> Share:
        """Return the share of one file."""
        if file.lines is None:
            return Share(files=1, opaque_files=1, opaque_bytes=file.size)
        reading = self._blobs.get(file.blob)
        read, twice, skimmed = _count(reading, file.lines) if reading else _NO_LINES
        return Share(files=1, text_files=1, in_scope=file.lines, read=read, read_twice=twice, skimmed=skimmed)

    def next_unread(self) -> tuple[ScopedFile, int] | None:
        """The file with the fewest lines read among those that have unread ones, the first of several, and its first unread line."""
        least: tuple[int, ScopedFile] | None = None
        for file in self._tree.texts:
            read = _count(self.of_blob(file.blob), file.lines or 0)[0] if file.blob in self._blobs else 0
            if read < (file.lines or 0) and (least is None or read < least[0]):
                least = (read, file)
                if not read:
                    break
        if least is None:
            return None
        whole = Region(1, least[1].lines or 1)
        return least[1], next(iter(subtract(whole, self.of_blob(least[1].blob).read))).start

    def of_blob(self, blob: str) -> BlobReading:
        """Return the lines of a blob that were read."""
        return self._blobs.get(blob, _NOBODY)


def read_blobs(marks: Iterable[Mark]) -> dict[str, BlobReading]:
    """Return what people read of each blob that has a mark."""
    by_blob: dict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        by_blob[mark.blob].append(mark)
    return {blob: _read_blob(of_blob) for blob, of_blob in by_blob.items()}


def parent_of(path: str) -> str:
    """Return the folder that a file or folder lies in; `""` is the top."""
    return path.rpartition("/")[0]


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


def _count(reading: BlobReading, lines: int) -> _Counts:
    return (
        _lines_within(reading.read, lines),
        _lines_within(reading.twice, lines),
        _lines_within(reading.skimmed, lines),
    )


def _lines_within(regions: tuple[Region, ...], lines: int) -> int:
    """A mark can never count more lines than the file has, whatever a row says."""
    return count_lines(Region(each.start, min(each.end, lines)) for each in regions if each.start <= lines)


def _plus(one: _Counts, two: _Counts) -> _Counts:
    return (one[0] + two[0], one[1] + two[1], one[2] + two[2])


def _above(paths: Iterable[str]) -> set[str]:
    """Every folder above these paths, but not the paths themselves."""
    every: set[str] = set()
    for path in paths:
        name = path
        while name:
            name = parent_of(name)
            if name in every:
                break
            every.add(name)
    return every
