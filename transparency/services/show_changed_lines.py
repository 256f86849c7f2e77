"""The lines in which two files of two snapshots differ, found in a contained process; or all lines of one that stands alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.errors import EvidenceError
from transparency.proofs.comparisons.questions import ask_lines, read_lines
from transparency.queries import read_file
from transparency.services.compare_snapshots import FOLDER, MAX_TEXT_BYTES, QUESTIONS, is_readable
from transparency.services.contain import warm

if TYPE_CHECKING:
    from transparency.models import Snapshot
    from transparency.proofs.comparisons.lines import ChangedLines
    from transparency.proofs.filetable import FileEntry

# An empty side: the file is not there.
Side = tuple["Snapshot", "FileEntry | None"]


def show_changed_lines(*, first: Side, second: Side) -> ChangedLines:
    """Raise `lines-none` where one of them is no text, `file-too-large`, `warm-limit` where it is too much work, `object-damaged`."""
    return read_lines(warm(QUESTIONS, FOLDER).run(ask_lines(_content(first), _content(second))))


def _content(side: Side) -> bytes:
    snapshot, entry = side
    if entry is None:
        return b""
    if not is_readable(entry):
        if entry.size > MAX_TEXT_BYTES:
            raise EvidenceError(
                "file-too-large", expected=f"at most {MAX_TEXT_BYTES} bytes", found=f"{entry.size} bytes"
            )
        raise EvidenceError("lines-none", expected="two texts", found="a file without lines")
    return read_file(snapshot, entry.path)[1]
