"""A backup in a folder, checkable with `sha256sum -c SHA256SUMS` alone.

    database.sqlite3   objects/p1/ab/ab12…   log/tile/…   keys/log.skey   backup.json   SHA256SUMS

`SHA256SUMS` names every file and is written last: a folder without it is no backup. Nothing in it is a link, and no name leads out.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import stat
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from transparency.gateways.durable import make_folder, sync_file, sync_folder, temporary_file, write_durable
from transparency.proofs.errors import EvidenceError, UnavailableError, UnusableInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

SUMS, FACTS, DATABASE = "SHA256SUMS", "backup.json", "database.sqlite3"
CHUNK_BYTES = 1024 * 1024
MAX_FACTS_BYTES = 64 * 1024
_COMPONENT = r"[A-Za-z0-9_+~@=,-][A-Za-z0-9._+~@=,-]*"
_LINE = re.compile(rf"([0-9a-f]{{64}})  ({_COMPONENT}(?:/{_COMPONENT})*)\Z")
_OBJECT = re.compile(r"objects/p[0-9]{1,18}/[0-9a-f]{2}/([0-9a-f]{64})\Z")


class BackupWriter:
    """Writes one backup into an empty or new folder (`backup-exists`, `file-unwritable`)."""

    def __init__(self, folder: Path) -> None:
        try:
            make_folder(folder)
            if any(folder.iterdir()):
                raise UnusableInputError("backup-exists", expected="an empty or new folder", found=str(folder))
        except (PermissionError, NotADirectoryError) as error:
            raise UnusableInputError("file-unwritable", expected="a folder to write into", found=str(error)) from error
        self._folder = folder
        self._sums: dict[str, str] = {}
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._sums)

    def add_database(self, source: Path, *, without: Sequence[str]) -> None:
        """One consistent state of a running SQLite database; `without` are statements that take out what no copy should hold."""
        target = self._folder / DATABASE
        with _database_weather(), closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            copy.execute("PRAGMA secure_delete=ON")
            for statement in without:
                copy.execute(statement)
            copy.commit()
            found = copy.execute("PRAGMA quick_check").fetchone()[0]
        if found != "ok":
            raise EvidenceError("backup-damaged", subject=DATABASE, expected="a sound database", found=str(found)[:200])
        with target.open("rb") as stream:
            os.fchmod(stream.fileno(), 0o600)
            self._sums[DATABASE] = _digest(stream)
            self.bytes += stream.tell()
            os.fsync(stream.fileno())

    def add_folder(self, name: str, source: Path, *, keep: Callable[[str], bool]) -> None:
        """Copy the files below `source` whose names (relative to it) `keep` wants. An object must have the digest that names it."""
        for path in sorted(_files_below(source)):
            inside = path.relative_to(source).as_posix()
            if keep(inside):
                self._add_file(f"{name}/{inside}", path)

    def finish(self, facts: bytes) -> None:
        """Write the facts and, last, the sums: from here on it is a backup."""
        write_durable(self._folder / FACTS, facts, mode=0o600)
        self._sums[FACTS] = hashlib.sha256(facts).hexdigest()
        sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(self._sums.items()))
        for folder in {(self._folder / name).parent for name in self._sums}:
            sync_folder(folder)
        write_durable(self._folder / SUMS, sums.encode(), mode=0o600)

    def _add_file(self, name: str, source: Path) -> None:
        if not _LINE.match(f"{'0' * 64}  {name}"):
            raise EvidenceError("backup-name", subject=name, expected="a plain name", found=ascii(name))
        target = self._folder / name
        make_folder(target.parent)
        with source.open("rb") as stream:
            found = _copy(stream, target, mode=0o600)
            self.bytes += stream.tell()
        _check_object(name, found)
        self._sums[name] = found


class Backup:
    """A finished backup (`backup-unknown` for any other folder); the files' digests are checked as they are copied out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            lines = (folder / SUMS).read_text("ascii").splitlines()
            facts = (folder / FACTS).read_bytes()
        except (OSError, UnicodeDecodeError) as error:
            raise UnusableInputError(
                "backup-unknown", expected=f"a folder with {SUMS} and {FACTS}", found=str(folder)
            ) from error
        self._sums = _parse_sums(lines)
        if len(facts) > MAX_FACTS_BYTES or self._sums.get(FACTS) != hashlib.sha256(facts).hexdigest():
            raise EvidenceError("backup-damaged", subject=FACTS, expected="the digest that is listed", found="another")
        self.facts = facts

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._sums)

    def copy_into(self, target: Path, *, progress: Callable[[str], None]) -> None:
        """Copy every listed file into a new folder (`backup-damaged`, naming the first that differs; `backup-unlisted`)."""
        for path in _files_below(self._folder):
            name = path.relative_to(self._folder).as_posix()
            if name != SUMS and name not in self._sums:
                raise EvidenceError("backup-unlisted", subject=name, expected="files that are listed", found="another")
        for number, (name, expected) in enumerate(sorted(self._sums.items())):
            if number % 1000 == 0:
                progress(f"{number} of {len(self._sums)} files")
            make_folder((target / name).parent)
            with _plain_file(self._folder / name, name) as stream:
                found = _copy(stream, target / name, mode=0o444 if name.startswith(("objects/", "log/")) else 0o600)
            if found != expected:
                raise EvidenceError("backup-damaged", subject=name, expected=expected, found=found)
            _check_object(name, found)
        for folder in {(target / name).parent for name in self._sums}:
            sync_folder(folder)


def _parse_sums(lines: Sequence[str]) -> Mapping[str, str]:
    sums: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        match = _LINE.match(line)
        if match is None or match[2] in sums:
            raise EvidenceError(
                "backup-damaged", subject=f"{SUMS}, line {number}", expected="a digest and a name", found=line[:200]
            )
        sums[match[2]] = match[1]
    return sums


def _check_object(name: str, found: str) -> None:
    match = _OBJECT.match(name)
    if match and match[1] != found:
        raise EvidenceError("object-damaged", expected=match[1], found=found, subject=name)


def _files_below(folder: Path) -> Iterator[Path]:
    """Every file, and whatever else is no folder. Files that come and go meanwhile are nobody's loss."""
    for path, _, names in os.walk(folder):
        yield from (folder.__class__(path) / name for name in names)


@contextmanager
def _plain_file(path: Path, name: str) -> Iterator[BinaryIO]:
    """Open without following a link at its end."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise EvidenceError("backup-damaged", subject=name, expected="a file", found=str(error.strerror)) from error
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise EvidenceError("backup-damaged", subject=name, expected="a file", found="something else")
        yield stream


def _copy(source: BinaryIO, target: Path, *, mode: int) -> str:
    """Copy durably into a new file and return the SHA-256 of what was copied."""
    sums = hashlib.sha256()
    with temporary_file(target.parent, target.name) as (stream, path):
        while chunk := source.read(CHUNK_BYTES):
            sums.update(chunk)
            stream.write(chunk)
        os.fchmod(stream.fileno(), mode)
        sync_file(stream)
        path.rename(target)
    return sums.hexdigest()


def _digest(stream: BinaryIO) -> str:
    sums = hashlib.sha256()
    while chunk := stream.read(CHUNK_BYTES):
        sums.update(chunk)
    return sums.hexdigest()


@contextmanager
def _database_weather() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise UnavailableError("database-failed", expected="a database that can be copied", found=str(error)) from error
