"""Objects of the upper app for the person who asks, or 404."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.db.models import Q
from django.http import Http404

from reviews.models import Attestation, Engagement, Note, Statement
from reviews.note_rights import first_of, may_read_thread
from reviews.permissions import Phase, is_member, may_read_notes, phase_of
from transparency.errors import EvidenceError
from transparency.models import Delivery, Grant, Person
from transparency.permissions import Right, may
from transparency.proofs.escaping import unescape_path
from transparency.web.access import release_or_404

if TYPE_CHECKING:
    from django.http import HttpRequest

    from transparency.models import Release, Snapshot
    from transparency.permissions import Someone

_ID = re.compile(r"[1-9][0-9]{0,17}\Z")


def source_or_404(
    request: HttpRequest, product: str, version: str, withdrawn: int | None = None
) -> tuple[Release, Snapshot]:
    """The release and its subject for somebody who may know of it; the right to read is asked for each path.

    With the number of a withdrawn delivery its snapshot, for reviewers alone: their notes and marks hang on it.
    """
    release = release_or_404(request, product, version)
    snapshot = _withdrawn_snapshot(request, release, withdrawn) if withdrawn else release.subject
    if snapshot is None:
        raise Http404
    if snapshot.product_id == release.product_id:
        snapshot.product = release.product
    return release, snapshot


def _withdrawn_snapshot(request: HttpRequest, release: Release, identity: int) -> Snapshot | None:
    if not _reviews_somewhere(request.user, release):
        return None
    rows = release.deliveries.filter(state=Delivery.State.WITHDRAWN).select_related("snapshot__product")
    row = rows.filter(pk=identity).first()
    return row.snapshot if row else None


def _reviews_somewhere(someone: Someone, release: Release) -> bool:
    """Whether the person reviews the release, or at least a folder of it."""
    if may(someone, Right.REVIEW, release):
        return True
    here = Q(release=release) | Q(product=release.product)
    folders = Grant.objects.filter(here).exclude(folder="").values_list("folder", flat=True).distinct()
    return any(may(someone, Right.REVIEW, release, path=folder) for folder in folders)


def path_or_404(path: str) -> bytes:
    try:
        return unescape_path(path)
    except EvidenceError as error:
        raise Http404 from error


def engagement_or_404(request: HttpRequest, identity: int) -> Engagement:
    """Seen by the authority's people who may review the release."""
    row = _engagement(identity)
    if not isinstance(request.user, Person) or not may_read_notes(request.user, row):
        raise Http404
    return row


def writable_engagement_or_404(request: HttpRequest, identity: int, path: str) -> Engagement:
    """For its authority's reviewers, and for a member who reviews no more than a folder, there."""
    row = _engagement(identity)
    if not isinstance(request.user, Person):
        raise Http404
    if not (is_member(request.user, row, path=path) or may_read_notes(request.user, row)):
        raise Http404
    return row


def _engagement(identity: int) -> Engagement:
    rows = Engagement.objects.select_related("authority", "release__product__vendor", "release__subject")
    row = rows.filter(pk=identity).first()
    if row is None:
        raise Http404
    return row


def note_or_404(request: HttpRequest, identity: int) -> Note:
    """A note of a thread that the person may read; a deleted one is there for its author alone."""
    related = ("engagement__release__product__vendor", "engagement__release__subject", "engagement__authority")
    rows = Note.objects.select_related(*related, "author", *(f"thread__{each}" for each in related))
    note = rows.filter(pk=identity).first()
    if note is None or not may_read_thread(request.user, first_of(note)):
        raise Http404
    if note.deleted_at and note.author_id != request.user.pk and (note.thread_id or not note.replies.exists()):
        raise Http404
    return note


def deleted_note(request: HttpRequest) -> Note | None:
    """The note that the person has just deleted, so that the page can offer to take that back."""
    asked = request.GET.get("deleted", "")
    if not _ID.match(asked):
        return None
    return Note.objects.filter(author_id=request.user.pk, deleted_at__isnull=False, pk=asked).first()


def statement_or_404(request: HttpRequest, identity: int) -> Statement:
    rows = Statement.objects.select_related("engagement__release__product__vendor", "engagement__authority", "anchor")
    row = rows.filter(pk=identity, reviewer_id=request.user.pk).first()
    if row is None or not is_member(request.user, row.engagement):
        raise Http404
    return row


def attestation_or_404(request: HttpRequest, digest: str) -> Attestation:
    """By the SHA-256 of its envelope, for whoever may know of the release."""
    rows = Attestation.objects.select_related(
        "entry", "release__product__vendor", "release__subject", "statement__snapshot", "statement__reviewer",
        "statement__engagement__authority", "statement__anchor",
    )  # fmt: skip
    row = rows.filter(digest=digest).first()
    if row is None or not may(request.user, Right.KNOW, row.release):
        raise Http404
    return row


def own_engagement(someone: Someone, release: Release, path: str = "") -> Engagement | None:
    """The newest engagement on this release in which the person works (there, at `path`), a running one before others."""
    if not isinstance(someone, Person):
        return None
    rows = Engagement.objects.filter(auditors=someone, authority=someone.organisation_id, release=release)
    if not may(someone, Right.REVIEW, release, path=path):
        return None
    newest = list(rows.select_related("authority").order_by("-created_at"))
    row = next((each for each in newest if phase_of(each) is Phase.RUNNING), newest[0] if newest else None)
    if row is not None:
        row.release = release
    return row


class Readable:
    """Which paths of a release's source somebody may read; folders that only lead to such paths may be walked through."""

    def __init__(self, someone: Someone, release: Release) -> None:
        self._someone, self._release = someone, release
        self.whole = may(someone, Right.READ_SOURCE, release)
        self._granted = () if self.whole else self._granted_folders()

    def file(self, path: str) -> bool:
        return self.whole or may(self._someone, Right.READ_SOURCE, self._release, path=path)

    def folder(self, path: str) -> bool:
        """Whether there is anything to read in the folder; `""` is the top."""
        return self.file(path) or bool(self.granted_below(path))

    def granted_below(self, path: str) -> tuple[str, ...]:
        """The folders below `path` that were opened one by one, none inside another."""
        inside = [each for each in self._granted if not path or each.startswith(f"{path}/")]
        return tuple(each for each in inside if not any(each.startswith(f"{other}/") for other in inside))

    def _granted_folders(self) -> tuple[str, ...]:
        """Candidates from the rows; `may` alone decides whether a grant is live and means reading."""
        if not isinstance(self._someone, Person):
            return ()
        here = Q(release=self._release) | Q(product=self._release.product)
        folders = Grant.objects.filter(here).exclude(folder="").values_list("folder", flat=True).distinct()
        return tuple(folder for folder in folders if self.file(folder))
