"""Who reads a thread of each visibility, by name, as the person is told before choosing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviews.models import Note
from reviews.note_rights import WIDTHS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reviews.models import Engagement

_Visibility = Note.Visibility
WORDS = {
    _Visibility.MINE: "only me",
    _Visibility.TEAM: "team",
    _Visibility.AUTHORITY: "authority",
    _Visibility.VENDOR: "with the vendor",
    _Visibility.PUBLIC: "public",
}
NAMED = 6


@dataclass(frozen=True, slots=True)
class Choice:
    """One visibility: its value, its name, who reads a thread that has it."""

    value: str
    word: str
    readers: str


def choices_of(engagement: Engagement) -> tuple[Choice, ...]:
    """From narrow to wide. Nothing of a restricted product is public: a path alone would say something of its source."""
    widths = [width for width in WIDTHS if width != _Visibility.PUBLIC or not engagement.release.product.is_restricted]
    names = [person.display_name for person in engagement.auditors.order_by("pk")[: NAMED + 1]]
    return tuple(Choice(width.value, WORDS[width], _readers(engagement, width, names)) for width in widths)


def readers_of(engagement: Engagement, visibility: str) -> str:
    return next((each.readers for each in choices_of(engagement) if each.value == visibility), "")


def _readers(engagement: Engagement, width: Note.Visibility, names: Iterable[str]) -> str:
    release = engagement.release
    authority, vendor = engagement.authority.name, release.product.vendor.name
    return {
        _Visibility.MINE: "You alone.",
        _Visibility.TEAM: f"The auditors of this engagement: {_listed(list(names))}.",
        _Visibility.AUTHORITY: f"Everybody of {authority} who may review {release.product.name} {release.version} there.",
        _Visibility.VENDOR: f"Those of {authority} who may review it, and the people of {vendor}, who may answer.",
        _Visibility.PUBLIC: "Everybody, without signing in, on the page of this release's public notes.",
    }[width]


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:NAMED])
    return f"{shown} and others" if len(names) > NAMED else shown
