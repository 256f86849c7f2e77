"""What file tables tell the jump box: paths and contents, in the newest releases whose source the person may read."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from reviews.web.access import Readable
from reviews.web.jump_hit import Hit
from reviews.web.jump_rows import MOST, hex_digest
from reviews.web.places import readable, release_address
from transparency.errors import EvidenceError, UnavailableError
from transparency.models import Person, Release
from transparency.permissions import known_releases
from transparency.proofs.escaping import escape_path, unescape_path
from transparency.queries import OPEN_TABLES, open_file_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transparency.permissions import Someone
    from transparency.proofs.filetable import FileEntry, FileTable

RELEASES = OPEN_TABLES  # so many tables stay open; older releases are found through their pages
# A folder's grants hide other places: more are looked at than are shown.
LOOKED_AT = 200
_LINE = re.compile(r"(.+):([1-9][0-9]{0,8})\Z", re.DOTALL)


def find_files(person: Someone, wanted: str) -> Iterator[Hit]:
    """Files by path or by the end of it in whole components (`:12` for a line), by SHA-256 or git's blob id."""
    if not isinstance(person, Person) or not person.is_active:
        return
    path, line = _split_line(wanted)
    digest = hex_digest(wanted)
    found = 0
    for release in _releases(person):
        may_read = Readable(person, release)
        if not may_read.folder("") or release.subject is None:
            continue
        with suppress(UnavailableError):  # a store that is away finds nothing here; its own pages say so
            table = open_file_table(release.subject)
            for entry in _entries(table, path, digest):
                name = escape_path(entry.path)
                if not may_read.file(name):
                    continue
                address = release_address("file", release, name) + (f"#L{line}" if line else "")
                yield Hit("Files", readable(name), f"{release.product.name} {release.version}", address, exact=True)
                found += 1
                if found >= MOST:
                    return


def _releases(person: Person) -> Iterator[Release]:
    rows = Release.objects.filter(known_releases(person), subject__isnull=False)
    yield from rows.select_related("product", "subject__product").order_by("-created_at")[:RELEASES]


def _split_line(wanted: str) -> tuple[str, str]:
    match = _LINE.match(wanted)
    return (match[1], match[2]) if match else (wanted, "")


def _entries(table: FileTable, path: str, digest: str) -> Iterator[FileEntry]:
    if digest:
        yield from table.with_content(bytes.fromhex(digest), limit=LOOKED_AT)
        return
    spellings = {path.strip("/").encode("utf-8", "surrogateescape")}
    with suppress(EvidenceError):  # as manifests spell it
        spellings.add(unescape_path(path.strip("/")))
    for name in spellings - {b""}:
        yield from table.ending(name, limit=LOOKED_AT)
