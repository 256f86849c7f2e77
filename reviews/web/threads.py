"""Threads as pages show them: words, names that the reader may know, and what the reader may do. Values, so that their rows can be kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from django.template.loader import get_template

from reviews.models import Note
from reviews.note_rights import is_insider, may_reply, may_settle, rights_key
from reviews.web.note_places import address_of, words_of
from reviews.web.places import readable
from reviews.web.readers import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from reviews.threads import Thread
    from transparency.models import Person, Release
    from transparency.permissions import Someone

KEPT_ROWS = 1024


@dataclass(frozen=True, slots=True)
class ShownNote:
    """`who` is a name where the reader may know it, else an organisation. `own`: the reader may change and delete it."""

    pk: int
    who: str
    when: datetime
    text: str
    edited: datetime | None
    own: bool
    begins: bool


@dataclass(frozen=True, slots=True)
class ShownThread:
    """`settled` is empty for an open thread, else who settled it; `visibility` is a word."""

    pk: int
    path: str
    where: str
    address: str
    start: int
    end: int
    visibility: str
    gone: bool
    notes: tuple[ShownNote, ...]
    settled: str
    settled_at: datetime | None
    may_reply: bool
    may_settle: bool
    may_share: bool

    @property
    def lead(self) -> str:
        """The beginning of what it says, on one line."""
        return " ".join(self.notes[0].text.split())[:80] if self.notes else ""


@dataclass(frozen=True, slots=True)
class Rights:
    """What the reader is and may do in threads of one key (note_rights.rights_key)."""

    insider: bool
    replies: bool
    settles: bool


def shown_threads(
    threads: Iterable[Thread], someone: Someone, *, release: Release | None = None, closed: bool = False
) -> tuple[ShownThread, ...]:
    """`release`: the one that they are looked at from; `closed`: nothing may be done here."""
    rights: dict[tuple[object, ...], Rights] = {}
    shown = []
    for thread in threads:
        key = rights_key(thread.first)
        if key not in rights:
            rights[key] = _rights(thread.first, someone, release, closed=closed)
        shown.append(_shown(thread, someone, rights[key]))
    return tuple(shown)


def rows_after(threads: Iterable[ShownThread], count: int) -> dict[int, str]:
    """The rows of threads on lines, by the line that they stand after: the last that they are about."""
    after: dict[int, str] = {}
    for thread in threads:
        line = min(thread.end, count)
        after[line] = after.get(line, "") + _row(thread)
    return after


@lru_cache(maxsize=KEPT_ROWS)
def _row(thread: ShownThread) -> str:
    """The row of a file's table. What it shows is its own key, so a kept row is never another's."""
    return get_template("reviews/thread_row.html").render({"thread": thread})


def _rights(first: Note, someone: Someone, release: Release | None, *, closed: bool) -> Rights:
    return Rights(
        insider=is_insider(someone, first, release=release),
        replies=not closed and may_reply(someone, first),
        settles=not closed and may_settle(someone, first),
    )


def _shown(thread: Thread, someone: Someone, rights: Rights) -> ShownThread:
    first, insider, replies = thread.first, rights.insider, rights.replies
    settled = first.resolved_by if first.resolved_at else None
    return ShownThread(
        pk=first.pk,
        path=readable(first.path),
        where=words_of(first),
        address=address_of(first),
        start=first.start,
        end=first.end,
        visibility=WORDS[Note.Visibility(first.visibility)],
        gone=first.deleted_at is not None,
        notes=tuple(_note(note, someone, insider=insider, writes=replies) for note in thread.notes),
        settled=_name(settled, someone, insider=insider) if settled else "",
        settled_at=first.resolved_at,
        may_reply=replies,
        may_settle=rights.settles,
        may_share=replies and first.author_id == someone.pk,
    )


def _note(note: Note, someone: Someone, *, insider: bool, writes: bool) -> ShownNote:
    return ShownNote(
        pk=note.pk,
        who=_name(note.author, someone, insider=insider),
        when=note.created_at,
        text=note.text,
        edited=note.edited_at,
        own=writes and note.author_id == someone.pk,
        begins=note.thread_id is None,
    )


def _name(person: Person, someone: Someone, *, insider: bool) -> str:
    """People are named to their own organisation and to the thread's authority; to others their organisation speaks."""
    organisation = person.organisation.name if person.organisation else ""
    if person.organisation_id and getattr(someone, "organisation_id", None) == person.organisation_id:
        return person.display_name
    if insider:
        return f"{person.display_name}, {organisation}" if organisation else person.display_name
    return organisation or "somebody"
