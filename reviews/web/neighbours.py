"""The files before and after a file in its folder, for those who read one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviews.web.places import readable, release_address
from transparency.proofs.escaping import escape_path
from transparency.queries import list_folder

if TYPE_CHECKING:
    from reviews.web.access import Readable
    from transparency.models import Release, Snapshot


@dataclass(frozen=True, slots=True)
class Neighbour:
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """None at either end of the folder."""

    before: Neighbour | None
    after: Neighbour | None


def neighbours_of(
    release: Release, snapshot: Snapshot, path: bytes, may_read: Readable, *, withdrawn: int | None = None
) -> Neighbours:
    folder = path.rpartition(b"/")[0]
    files = [escape_path(entry.path) for entry in list_folder(snapshot, folder).files]
    own = escape_path(path)
    shown = [each for each in files if each == own or may_read.file(each)]
    at = shown.index(own)
    return Neighbours(
        before=_neighbour(release, shown[at - 1], withdrawn) if at else None,
        after=_neighbour(release, shown[at + 1], withdrawn) if at + 1 < len(shown) else None,
    )


def _neighbour(release: Release, path: str, withdrawn: int | None) -> Neighbour:
    return Neighbour(readable(path.rpartition("/")[2]), release_address("file", release, path, withdrawn=withdrawn))
