"""Find the lines that somebody points at: in a snapshot of the engagement's release, in a text file, within its lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviews.rules.anchor import Region, check_region
from transparency.errors import EvidenceError
from transparency.models import Delivery
from transparency.proofs.escaping import escape_path, unescape_path
from transparency.queries import open_file_table

if TYPE_CHECKING:
    from reviews.models import Engagement
    from transparency.models import Snapshot
    from transparency.proofs.filetable import FileEntry

REGULAR_MODES = frozenset({0o100644, 0o100755})


@dataclass(frozen=True, slots=True)
class Located:
    """Lines of a file; `path` is escaped."""

    snapshot: Snapshot
    path: str
    blob: str
    region: Region


def locate_region(*, engagement: Engagement, snapshot: Snapshot | None, path: str, start: int, end: int) -> Located:
    """Return the place; raise `snapshot-foreign`, `path-unknown`, `path-escaping`, `not-text`, `region-outside-file`."""
    where = snapshot_of(engagement, snapshot)
    entry = open_file_table(where).find(unescape_path(path))
    if entry is None:
        raise EvidenceError("path-unknown", expected="a file of the snapshot", found="nothing")
    if not is_text(entry):
        raise EvidenceError("not-text", expected="a regular file of text", found="no lines to point at")
    return Located(
        snapshot=where,
        path=escape_path(entry.path),
        blob=entry.sha256.hex,
        region=check_region(start, end, lines=entry.lines),
    )


def is_text(entry: FileEntry) -> bool:
    """Whether the file has lines: links and submodules have none, whatever their target says."""
    return entry.mode in REGULAR_MODES and not entry.binary


def snapshot_of(engagement: Engagement, snapshot: Snapshot | None) -> Snapshot:
    release = engagement.release
    if snapshot is None:
        if release.subject is None:
            raise EvidenceError("release-without-subject", expected="a release with an admitted source", found="none")
        return release.subject
    admitted = release.deliveries.filter(state=Delivery.State.ADMITTED, snapshot=snapshot)
    if snapshot.pk != release.subject_id and not admitted.exists():
        raise EvidenceError("snapshot-foreign", expected="a snapshot of the engagement's release", found="another")
    return snapshot
