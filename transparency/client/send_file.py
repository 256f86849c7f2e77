"""Send one file in pieces, going on where an earlier push was interrupted; the portal compares the whole with our own digest at the end."""

from __future__ import annotations

import hashlib
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from transparency.client.portal import LONG_SECONDS
from transparency.client.push_state import Begun, PushState
from transparency.proofs.errors import UnusableInputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from transparency.client.portal import Answer, Portal

READ_BYTES = 1024**2
# How often a file is begun anew because what lies on the portal is another one.
BEGINNINGS = 3
_FOUND_OTHER = frozenset({"upload-mismatch", "upload-damaged", "upload-exists", "upload-unknown", "not-found"})


@dataclass(slots=True)
class Sent:
    """How far it is, for whoever shows it: bytes there when we began, bytes there now, bytes in all, seconds since."""

    name: str
    before: int
    there: int
    size: int
    began: float


class LocalFile:
    """The file, with a running SHA-256 over as much of it as was read from its beginning."""

    def __init__(self, stream: BinaryIO, name: str, size: int) -> None:
        self._stream = stream
        self.name = name
        self.size = size
        self._hash = hashlib.sha256()
        self._hashed = 0

    def read(self, offset: int, count: int) -> bytes:
        """Exactly `count` bytes (`file-changed`)."""
        self._stream.seek(offset)
        data = self._stream.read(count)
        if len(data) != count:
            raise UnusableInputError("file-changed", expected=f"{self.size} bytes", found="fewer", subject=self.name)
        if offset <= self._hashed < offset + count:
            self._hash.update(data[self._hashed - offset :])
            self._hashed = offset + count
        return data

    def digest(self) -> str:
        """SHA-256 of the whole."""
        while self._hashed < self.size:
            self.read(self._hashed, min(READ_BYTES, self.size - self._hashed))
        return self._hash.hexdigest()

    def begins_with(self, head: dict[str, Any]) -> bool:
        count = int(head["bytes"])
        return 0 < count <= self.size and hashlib.sha256(self.read(0, count)).hexdigest() == str(head["sha256"])


def send_file(portal: Portal, product: str, path: Path, show: Callable[[Sent], None]) -> tuple[str, PushState]:
    """Return the finished upload's id, and what is remembered of it: the caller forgets that when nothing more is to come."""
    try:
        with path.open("rb") as stream:
            return _send(portal, product, path, stream, show)
    except OSError as error:
        raise UnusableInputError(
            "file-unreadable", expected="a readable file", found=error.strerror or "", subject=str(path)
        ) from error


def _send(
    portal: Portal, product: str, path: Path, stream: BinaryIO, show: Callable[[Sent], None]
) -> tuple[str, PushState]:
    state = PushState(portal.url, product, path)
    begun = state.load()
    if begun and not (begun.name == path.name and _unchanged(path, begun)):
        portal.ask("DELETE", f"uploads/{begun.id}")  # of a file that is no more; whatever the answer
        begun = None
    for _ in range(BEGINNINGS):
        facts = path.stat()
        begun = begun or Begun(str(uuid.uuid4()), path.name, facts.st_size, facts.st_mtime_ns)
        state.keep(begun)
        file = LocalFile(stream, path.name, begun.size)
        if _complete(portal, product, begun, file, show) and _unchanged(path, begun):
            return begun.id, state
        portal.ask("DELETE", f"uploads/{begun.id}")
        begun = None
    raise UnusableInputError(
        "file-changed", expected="a file that stays as it is while it is sent", found="another one", subject=str(path)
    )


def _unchanged(path: Path, begun: Begun) -> bool:
    now = path.stat()
    return (now.st_size, now.st_mtime_ns) == (begun.size, begun.mtime_ns)


def _complete(portal: Portal, product: str, begun: Begun, file: LocalFile, show: Callable[[Sent], None]) -> bool:
    """Whether all of this file is there now; False when something else is, which has to be begun anew."""
    asked = {"id": begun.id, "name": begun.name, "size": begun.size}
    answer = portal.ask("POST", f"products/{product}/uploads", asked)
    if answer.code == "not-found":
        raise UnusableInputError("product-unknown", expected="the product that the token is for", found=product)
    if answer.code == "upload-exists":
        return False
    upload = _good(answer, file)
    if upload["begins"] and not file.begins_with(upload["begins"]):
        return False
    if upload["state"] == "receiving":
        if not _send_pieces(portal, upload, file, show):
            return False
        answer = portal.ask("POST", f"uploads/{begun.id}/finish", {"sha256": file.digest()}, seconds=LONG_SECONDS)
        if answer.code in _FOUND_OTHER:
            return False
        upload = _good(answer, file)
    return bool(upload["sha256"] == file.digest())


def _send_pieces(portal: Portal, upload: dict[str, Any], file: LocalFile, show: Callable[[Sent], None]) -> bool:
    there, size = upload["received"], upload["chunkBytes"]
    sent = Sent(file.name, there, there, file.size, time.monotonic())
    show(sent)
    while there < file.size:
        data = file.read(there, min(size, file.size - there))
        answer = portal.put_chunk(f"uploads/{upload['id']}/chunks/{there}", data)
        if answer.code == "upload-offset" and answer.expected.isdigit() and int(answer.expected) != there:
            there = min(int(answer.expected), file.size)  # an answer to us was lost, or somebody else sends it too
        elif answer.code in _FOUND_OTHER:
            return False
        else:
            there = _good(answer, file)["received"]
        sent.there = there
        show(sent)
    return True


def _good(answer: Answer, file: LocalFile) -> dict[str, Any]:
    if answer.code or answer.status >= 300:  # noqa: PLR2004 - neither success nor an error of ours: something on the way
        raise answer.refusal(subject=file.name)
    needed = {"id", "received", "state", "chunkBytes", "begins", "sha256"}
    if not needed <= set(answer.value) or not isinstance(answer.value["chunkBytes"], int):
        raise UnusableInputError("answer-unusable", expected="an upload", found="something else", subject=file.name)
    return answer.value
