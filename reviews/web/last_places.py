"""Where somebody stopped reading, offered while the place is there and may be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviews.models import LastPlace
from reviews.web.places import readable, release_address
from transparency.permissions import Right, may
from transparency.proofs.escaping import unescape_path
from transparency.queries import open_file_table

if TYPE_CHECKING:
    from transparency.models import Person, Release


@dataclass(frozen=True, slots=True)
class Stop:
    """A file and a line to go on at."""

    name: str
    line: int
    address: str


def stop_of(person: Person, release: Release) -> Stop | None:
    """None where there is none, or where it leads nowhere any more: the subject changed, the right to read ended."""
    row = LastPlace.objects.filter(person=person, release=release).first()
    if row is None or release.subject is None:
        return None
    if not may(person, Right.READ_SOURCE, release, path=row.path):
        return None
    if open_file_table(release.subject).find(unescape_path(row.path)) is None:
        return None
    address = release_address("file", release, row.path)
    return Stop(readable(row.path), row.line, f"{address}?lines={row.line}#L{row.line}" if row.line > 1 else address)
