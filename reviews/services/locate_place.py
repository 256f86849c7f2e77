"""Find what a note is about: lines, a file, a folder or the whole source, in a snapshot of the engagement's release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviews.models import Note
from reviews.services.locate_region import locate_region, snapshot_of
from transparency.errors import EvidenceError
from transparency.proofs.escaping import escape_path, unescape_path
from transparency.queries import open_file_table

if TYPE_CHECKING:
    from reviews.models import Engagement
    from transparency.models import Snapshot

SUBMODULE = 0o160000


@dataclass(frozen=True, slots=True)
class Place:
    """`path` is escaped, and "" for the whole source; `blob` is "" where it is not a file; lines are 0 where there are none."""

    snapshot: Snapshot
    path: str
    blob: str = ""
    start: int = 0
    end: int = 0


def locate_place(
    *, engagement: Engagement, snapshot: Snapshot | None, about: str, path: str, start: int = 0, end: int = 0
) -> Place:
    """Return the place; raise as locate_region does, and `about-unknown`, `no-content`."""
    if about == Note.About.REGION:
        found = locate_region(engagement=engagement, snapshot=snapshot, path=path, start=start, end=end)
        return Place(found.snapshot, found.path, found.blob, found.region.start, found.region.end)
    where = snapshot_of(engagement, snapshot)
    if about == Note.About.FILE:
        return _file(where, path)
    if about == Note.About.FOLDER:
        return _folder(where, path)
    if about == Note.About.SNAPSHOT:
        return Place(where, "")
    raise EvidenceError("about-unknown", expected=", ".join(Note.About.values), found=about[:40])


def _file(snapshot: Snapshot, path: str) -> Place:
    entry = open_file_table(snapshot).find(unescape_path(path))
    if entry is None:
        raise EvidenceError("path-unknown", expected="a file of the snapshot", found="nothing")
    if entry.mode == SUBMODULE:
        raise EvidenceError("no-content", expected="a file with content", found="a submodule")
    return Place(snapshot, escape_path(entry.path), entry.sha256.hex)


def _folder(snapshot: Snapshot, path: str) -> Place:
    raw = unescape_path(path)
    start, end = open_file_table(snapshot).span(raw)
    if not raw or start == end:
        raise EvidenceError("path-unknown", expected="a folder of the snapshot", found="nothing")
    return Place(snapshot, escape_path(raw))
