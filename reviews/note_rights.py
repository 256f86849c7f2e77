"""Who may read a thread of notes, write in it, settle it and share it (DESIGN section 1, principles 5 and 6).

A thread has one visibility, on the note that began it. `mine`: its author. `team`: the auditors of its engagement. `authority`: the
authority's people who may review the release there. `vendor`: those, and the people of the product's vendor. `public`: whoever may know of
the release, and only while the product is open: a path is source, so `public` of a product that is restricted counts as `vendor`.

In each case the place must be one that the person may read. Whoever operates the database can read the row; no page shows it to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviews.models import Note
from reviews.permissions import authority_of, is_member, require_member
from transparency.errors import EvidenceError, NotAllowedError
from transparency.models import Organisation, Person
from transparency.permissions import Right, may

if TYPE_CHECKING:
    from transparency.models import Product, Release
    from transparency.permissions import Someone

_Visibility = Note.Visibility
# From narrow to wide.
WIDTHS = (_Visibility.MINE, _Visibility.TEAM, _Visibility.AUTHORITY, _Visibility.VENDOR, _Visibility.PUBLIC)
OUTWARD = frozenset({_Visibility.VENDOR, _Visibility.PUBLIC})


def rights_key(first: Note) -> tuple[object, ...]:
    """All of a thread that rights on it depend on: threads of one key are read and answered by the same people."""
    mine = first.author_id if first.visibility == _Visibility.MINE else None
    return (first.engagement_id, first.visibility, first.path, mine)


def first_of(note: Note) -> Note:
    """The note that began the thread."""
    return note.thread or note


def may_read_thread(person: Someone, first: Note, *, release: Release | None = None) -> bool:
    """Whether the person may read the thread that `first` began; `release`: the one that it is looked at from, if not its own."""
    release = release or first.engagement.release
    if is_insider(person, first, release=release):
        return _within(person, first)
    if first.visibility not in OUTWARD:
        return False
    if is_of_vendor(person, release.product):
        return may(person, Right.READ_SOURCE, release, path=first.path)
    return is_public(first) and may(person, Right.KNOW, release)


def is_insider(person: Someone, first: Note, *, release: Release | None = None) -> bool:
    """Whether the person belongs to the thread's authority and may review the place."""
    if authority_of(person) != first.engagement.authority:
        return False
    return may(person, Right.REVIEW, release or first.engagement.release, path=first.path)


def is_of_vendor(person: Someone, product: Product) -> bool:
    organisation: Organisation | None = getattr(person, "organisation", None)
    return isinstance(person, Person) and organisation is not None and organisation.pk == product.vendor_id


def is_public(first: Note) -> bool:
    """Whether everybody who may know of the release may read the thread."""
    return first.visibility == _Visibility.PUBLIC and not first.engagement.release.product.is_restricted


def may_reply(person: Someone, first: Note) -> bool:
    """The engagement's auditors, and the vendor's people where they may read."""
    if not may_read_thread(person, first):
        return False
    if is_of_vendor(person, first.engagement.release.product):
        return first.visibility in OUTWARD
    return is_member(person, first.engagement, path=first.path)


def may_settle(person: Someone, first: Note) -> bool:
    """Resolve and reopen: the engagement's auditors who may read the thread."""
    return may_read_thread(person, first) and is_member(person, first.engagement, path=first.path)


def require_reply(person: Person, first: Note) -> None:
    """Raise `not-a-participant` unless `may_reply`, and `terms-not-accepted` for an auditor who has not accepted the terms."""
    if not may_reply(person, first):
        raise NotAllowedError(
            "not-a-participant", expected="an auditor of this engagement, or the vendor where it reads"
        )
    if not is_of_vendor(person, first.engagement.release.product):
        require_member(person, first.engagement, path=first.path)


def require_author(person: Person, note: Note) -> None:
    """Raise `not-a-participant` or `not-the-author`: who may no longer write in the thread changes nothing in it either."""
    require_reply(person, first_of(note))
    if note.author_id != person.pk:
        raise NotAllowedError("not-the-author", expected="the note's author", found="somebody else")


def check_visibility(visibility: str, product: Product) -> Note.Visibility:
    """Return the visibility; raise `visibility-unknown`, or `public-restricted` where nothing of a source may become public."""
    if visibility not in _Visibility.values:
        raise EvidenceError("visibility-unknown", expected=", ".join(_Visibility.values), found=visibility[:40])
    if visibility == _Visibility.PUBLIC and product.is_restricted:
        raise EvidenceError("public-restricted", expected="an open product", found="a restricted one")
    return _Visibility(visibility)


def _within(person: Someone, first: Note) -> bool:
    if not isinstance(person, Person):
        return False
    if first.visibility == _Visibility.MINE:
        return first.author_id == person.pk
    if first.visibility == _Visibility.TEAM:
        return first.engagement.auditors.filter(pk=person.pk).exists()
    return True
