"""Where a note stands: in words, and as an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from reviews.models import Note
from reviews.web.places import release_address

if TYPE_CHECKING:
    from reviews.models import Engagement

_WHOLE = {
    Note.About.FILE: "the whole file",
    Note.About.FOLDER: "the folder",
    Note.About.SNAPSHOT: "the whole source",
}


def words_of(note: Note) -> str:
    if note.about != Note.About.REGION:
        return _WHOLE[Note.About(note.about)]
    return f"line {note.start:,}" if note.start == note.end else f"lines {note.start:,} to {note.end:,}"


def address_of(note: Note, *, deleted: int | None = None) -> str:
    """The page where it is read among others, at its place; its own page where the release has another source by now."""
    release = note.engagement.release
    if note.snapshot_id != release.subject_id:
        return reverse("note", args=[note.thread_id or note.pk])
    asked = place_address(note.engagement, note.about, note.path, note.start, note.end)
    if deleted:
        return f"{asked}{'&' if '?' in asked else '?'}deleted={deleted}" + (f"#L{note.start}" if note.start else "")
    return f"{asked}#note-{note.pk}"


def place_address(engagement: Engagement, about: str, path: str, start: int = 0, end: int = 0) -> str:
    """The page of a place of the engagement's release, with the lines that are meant."""
    names = {Note.About.FOLDER: "folder", Note.About.SNAPSHOT: "tree"}
    name = names.get(Note.About(about), "file")
    address = release_address(name, engagement.release, "" if name == "tree" else path)
    return f"{address}?lines={start}-{end}" if start else address
