"""Exposure of a release: who may read which folder of it now, through what and until when; and what was published about it.

For the vendor and the operator. What auditors read is not theirs to know: nothing of it is asked for here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from reviews.models import Engagement
from reviews.permissions import Phase, phase_of
from reviews.queries import attestations_of, review_of
from reviews.web.places import parent_of, readable, release_address
from transparency.errors import EvidenceError
from transparency.openings import openings_of
from transparency.permissions import Right, may, may_end_grants
from transparency.proofs.escaping import unescape_path
from transparency.proofs.filetable import FolderEntry
from transparency.queries import open_file_table
from transparency.web.access import refuse, release_or_404

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from transparency.models import Release
    from transparency.openings import Opening
    from transparency.permissions import Someone

_WORDS = ((Right.READ_SOURCE, "read"), (Right.DOWNLOAD_SOURCE, "download"), (Right.REVIEW, "review"))
NOT_YOURS = "Who may read a release is shown to its vendor and to the operator of this centre."


@dataclass(frozen=True, slots=True)
class OpenedRow:
    """One opening in words; `rights` names what touches the source, and nothing else."""

    opening: Opening
    rights: str


@dataclass(frozen=True, slots=True)
class OpenedFolder:
    """What was opened at a folder, and the folders above it whose openings reach it too. `totals`: None where one may not read it."""

    path: str
    name: str
    address: str
    rows: tuple[OpenedRow, ...]
    above: tuple[str, ...]
    totals: FolderEntry | None


@login_required
@never_cache
@require_safe
def exposure(request: HttpRequest, product: str, version: str) -> HttpResponse:
    release = release_or_404(request, product, version)
    if not may_end_grants(request.user, release.product):
        refuse(NOT_YOURS)
    engagements = Engagement.objects.filter(release=release).select_related("authority").prefetch_related("auditors")
    phases = [(row, phase_of(row), len(row.auditors.all())) for row in engagements]
    context = {
        "release": release,
        "product": release.product,
        "folders": opened_folders(request.user, release),
        "engagements": [each for each in phases if each[1] is not Phase.OVER],
        "attestations": [
            (row, review_of(row.statement)) for row in attestations_of(asked_by=request.user, release=release)
        ],
    }
    return render(request, "reviews/exposure.html", context)


def opened_folders(someone: Someone, release: Release) -> list[OpenedFolder]:
    """The whole source first, then each folder that was opened by itself, in the order of their paths."""
    openings = [each for each in openings_of(release) if Right.READ_SOURCE in each.rights]
    paths = sorted({each.folder for each in openings} | {""})
    return [
        OpenedFolder(
            path=path,
            name=_name(path),
            address=release_address("folder" if path else "tree", release, path),
            rows=tuple(OpenedRow(each, _rights(each)) for each in openings if each.folder == path),
            above=tuple(_name(each) or "the whole source" for each in _above(path) if each in paths),
            totals=_totals(someone, release, path),
        )
        for path in paths
    ]


def _rights(opening: Opening) -> str:
    return ", ".join(word for right, word in _WORDS if right in opening.rights)


def _above(path: str) -> list[str]:
    """The folders that this one lies in, the top first."""
    above = []
    while path:
        path = parent_of(path)
        above.append(path)
    return above[::-1]


def _name(path: str) -> str:
    try:
        return readable(path)
    except EvidenceError:  # a grant that somebody wrote by hand: it reaches nothing
        return path


def _totals(someone: Someone, release: Release, path: str) -> FolderEntry | None:
    if release.subject is None or not may(someone, Right.READ_SOURCE, release, path=path):
        return None
    try:
        raw = unescape_path(path)
    except EvidenceError:
        return None
    table = open_file_table(release.subject)
    file = table.find(raw)
    return FolderEntry(raw, 1, file.size, file.lines) if file else table.totals(raw)
