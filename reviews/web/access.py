"""Objects of the upper app for the person who asks, or 404."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404

from reviews.models import Engagement, Note, Statement
from reviews.permissions import is_member, may_read_notes
from reviews.queries import engagements_of
from transparency.models import Person

if TYPE_CHECKING:
    from django.http import HttpRequest

    from transparency.models import Release


def engagement_or_404(request: HttpRequest, identity: int) -> Engagement:
    """Seen by the authority's people who may review the release."""
    rows = Engagement.objects.select_related("authority", "release__product__vendor", "release__subject")
    row = rows.filter(pk=identity).first()
    if row is None or not isinstance(request.user, Person) or not may_read_notes(request.user, row):
        raise Http404
    return row


def note_or_404(request: HttpRequest, identity: int) -> Note:
    note = Note.objects.select_related("engagement__release__product").filter(pk=identity).first()
    if note is None or note.author_id != request.user.pk or not is_member(request.user, note.engagement):
        raise Http404
    return note


def statement_or_404(request: HttpRequest, identity: int) -> Statement:
    rows = Statement.objects.select_related("engagement__release__product__vendor", "engagement__authority", "anchor")
    row = rows.filter(pk=identity, reviewer_id=request.user.pk).first()
    if row is None or not is_member(request.user, row.engagement):
        raise Http404
    return row


def own_engagement(request: HttpRequest, release: Release) -> Engagement | None:
    """The newest engagement of the person on this release, if there is one."""
    if not isinstance(request.user, Person):
        return None
    return next((row for row in engagements_of(request.user) if row.release_id == release.pk), None)
