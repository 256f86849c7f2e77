"""Immutable objects by (compartment, SHA-256). A compartment is one product: nothing is shared between vendors.

Streams only; a path is never handed out. `cache.py` is the one caller of `copy_out`. This is the folder backend of the embedded size.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from transparency.gateways.durable import disk_weather, make_folder, sync_file, sync_folder, temporary_file
from transparency.gateways.uploadfile import UploadFile, open_upload, prefix_digest
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError, UnavailableError, UnusableInputError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from io import FileIO
    from pathlib import Path

_COMPARTMENT = re.compile(r"p[0-9]{1,18}\Z")
_UPLOAD = re.compile(r"[0-9a-f]{32}\Z")
CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What was put: its digests and size in bytes. The second and third digest are what SSH and minisign signatures cover."""

    digest: Digest
    size: int
    sha512: bytes
    blake2b512: bytes


class ObjectStore:
    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, compartment: str, chunks: Iterable[bytes], *, limit: int) -> StoredObject:
        """Store a stream of at most `limit` bytes; what exists already is kept (`object-too-large`, `disk-failed`)."""
        sha256, sha512, blake2b = hashlib.sha256(), hashlib.sha512(), hashlib.blake2b()
        size = 0
        with temporary_file(self._folder(compartment) / "incoming", "object") as (stream, path):
            for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise UnusableInputError("object-too-large", expected=f"at most {limit} bytes", found="more")
                stream.write(chunk)
                for hasher in (sha256, sha512, blake2b):
                    hasher.update(chunk)
            digest = Digest(sha256.digest())
            self._keep(compartment, digest, stream, path)
        return StoredObject(digest, size, sha512.digest(), blake2b.digest())

    def put_bytes(self, compartment: str, data: bytes) -> Digest:
        return self.put(compartment, (data,), limit=len(data)).digest

    def put_file(self, compartment: str, source: BinaryIO, *, limit: int) -> StoredObject:
        return self.put(compartment, iter(lambda: source.read(CHUNK_BYTES), b""), limit=limit)

    def scratch(self, compartment: str) -> Path:
        """Folder for files that `adopt` will take; on the same disk, cleaned by `sweep`."""
        folder = self._folder(compartment) / "incoming"
        make_folder(folder)
        return folder

    def adopt(self, compartment: str, digest: Digest, stream: BinaryIO, path: Path) -> None:
        """Take over a finished file of `scratch` whose SHA-256 its writer computed; no copy is made."""
        self._keep(compartment, digest, stream, path)

    @contextmanager
    def upload(self, compartment: str, name: str) -> Iterator[UploadFile]:
        """The file `name` that arrives in pieces, locked for this caller (`upload-busy`)."""
        with open_upload(self._upload_path(compartment, name)) as file:
            yield file

    def upload_prefix(self, compartment: str, name: str, count: int) -> Digest:
        """SHA-256 of the first `count` bytes of an upload: whoever goes on with it can tell whether it is the same file."""
        return prefix_digest(self._upload_path(compartment, name), count)

    def finish_upload(
        self, compartment: str, file: UploadFile, *, size: int, expect: Digest | None = None
    ) -> StoredObject:
        """Make a whole upload an object, without a copy (`upload-mismatch` when it is not what was expected).

        It stays where it was too until `discard_upload`, so that this can be repeated.
        """
        sha256, sha512, blake2b = hashlib.sha256(), hashlib.sha512(), hashlib.blake2b()
        for chunk in file.chunks(size):
            for hasher in (sha256, sha512, blake2b):
                hasher.update(chunk)
        digest = Digest(sha256.digest())
        if expect and digest != expect:
            raise EvidenceError("upload-mismatch", expected=expect.hex, found=digest.hex)
        self._link(compartment, digest, file.stream, file.path)
        return StoredObject(digest, size, sha512.digest(), blake2b.digest())

    def discard_upload(self, compartment: str, name: str) -> None:
        """Remove the unfinished file; what became an object of it stays. The caller holds the lock, or nobody can ask for it any more."""
        with disk_weather():
            self._upload_path(compartment, name).unlink(missing_ok=True)

    def sweep_uploads(self, *, older_than: float) -> int:
        """Remove uploads last written before `older_than` (seconds since the epoch); return how many."""
        return self._remove_old("p*/uploads/*", older_than)

    def free_bytes(self) -> int:
        """Room on the disk that objects lie on."""
        make_folder(self._root)
        return shutil.disk_usage(self._root).free

    def open(self, compartment: str, digest: Digest) -> BinaryIO:
        """Open for reading; `object-missing` if it is not there. The reader checks the digest of what it uses."""
        try:
            return self._path(compartment, digest).open("rb")
        except FileNotFoundError as error:
            raise UnavailableError("object-missing", expected=digest.hex, found="nothing") from error

    def read(self, compartment: str, digest: Digest, *, limit: int) -> bytes:
        """Read wholly and check the digest (`object-too-large`, `object-damaged`)."""
        with self.open(compartment, digest) as stream:
            data = stream.read(limit + 1)
        if len(data) > limit:
            raise EvidenceError("object-too-large", expected=f"at most {limit} bytes", found="more", subject=digest.hex)
        found = Digest.of(data)
        if found != digest:
            raise EvidenceError("object-damaged", expected=digest.hex, found=found.hex)
        return data

    def has(self, compartment: str, digest: Digest) -> bool:
        return self._path(compartment, digest).is_file()

    def size(self, compartment: str, digest: Digest) -> int:
        """Bytes on the disk; 0 where nothing is."""
        try:
            return self._path(compartment, digest).stat().st_size
        except FileNotFoundError:
            return 0

    def copy_out(self, compartment: str, digest: Digest, target: Path) -> None:
        """For the cache alone: place the object at `target` (a hard link where the disk allows)."""
        source = self._path(compartment, digest)
        try:
            os.link(source, target)
        except FileExistsError:
            return
        except FileNotFoundError as error:
            raise UnavailableError("object-missing", expected=digest.hex, found="nothing") from error
        except OSError:
            with source.open("rb") as stream, temporary_file(target.parent, target.name) as (copy, path):
                while chunk := stream.read(CHUNK_BYTES):
                    copy.write(chunk)
                copy.flush()
                path.replace(target)

    def compartments(self) -> list[str]:
        return sorted(path.name for path in self._root.glob("p*") if _COMPARTMENT.match(path.name))

    def unused(self, compartment: str, used: Container[str], *, older_than: float) -> Iterator[Digest]:
        """Objects whose names are not in `used` and that nobody put (again) since `older_than` (seconds since the epoch)."""
        for path in self._folder(compartment).glob("[0-9a-f][0-9a-f]/*"):
            with suppress(FileNotFoundError):
                if path.name not in used and path.stat().st_mtime < older_than:
                    yield Digest.parse(path.name)

    def remove(self, compartment: str, digest: Digest, *, older_than: float) -> bool:
        """Remove an object, unless somebody puts it at this moment: then it stays."""
        target = self._path(compartment, digest)
        aside = self.scratch(compartment) / f"unused.{digest.hex}.tmp"
        with disk_weather():
            try:
                target.rename(aside)
            except FileNotFoundError:
                return False
            again = aside.stat().st_mtime >= older_than
            if again:
                with suppress(FileExistsError):
                    os.link(aside, target)
            aside.unlink()
        return not again

    def sweep(self, *, older_than: float) -> int:
        """Remove unfinished files last touched before `older_than` (seconds since the epoch); return how many."""
        return self._remove_old("p*/incoming/*", older_than)

    def _remove_old(self, pattern: str, older_than: float) -> int:
        removed = 0
        for path in self._root.glob(pattern):
            with disk_weather(), suppress(FileNotFoundError):
                if path.stat().st_mtime < older_than:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
                    removed += 1
        return removed

    def _keep(self, compartment: str, digest: Digest, stream: BinaryIO, path: Path) -> None:
        self._link(compartment, digest, stream, path)
        path.unlink()

    def _link(self, compartment: str, digest: Digest, stream: BinaryIO | FileIO, path: Path) -> None:
        target = self._path(compartment, digest)
        with disk_weather():
            os.fchmod(stream.fileno(), 0o444)
            sync_file(stream)
            make_folder(target.parent)
            try:
                os.link(path, target)
            except FileExistsError:
                with suppress(FileNotFoundError):
                    os.utime(target)  # wanted again: `remove` leaves it alone
        sync_folder(target.parent)

    def _folder(self, compartment: str) -> Path:
        if not _COMPARTMENT.match(compartment):
            raise AssertionError(compartment)
        return self._root / compartment

    def _path(self, compartment: str, digest: Digest) -> Path:
        return self._folder(compartment) / digest.hex[:2] / digest.hex

    def _upload_path(self, compartment: str, name: str) -> Path:
        if not _UPLOAD.match(name):
            raise AssertionError(name)
        return self._folder(compartment) / "uploads" / name
