"""A folder of a snapshot: its folders and files, their sizes, notes and the share read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from reviews.models import Note
from reviews.queries import reading_of
from reviews.rules.coverage import ScopedFile
from reviews.services.load_reading import load_scope
from reviews.services.locate_region import is_text
from reviews.web.access import own_engagement
from transparency.errors import EvidenceError
from transparency.permissions import Right, may
from transparency.proofs.escaping import escape_path, unescape_path
from transparency.queries import open_file_table
from transparency.web.access import release_or_404, signed_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

    from reviews.models import Engagement
    from reviews.rules.coverage import Reading, Share
    from transparency.models import Release, Snapshot
    from transparency.proofs.filetable import FileEntry

KINDS = {0o120000: "link", 0o160000: "submodule"}


@dataclass(frozen=True, slots=True)
class Row:
    """One child as the page shows it; `share` is None outside an engagement or its scope."""

    name: str
    address: str
    kind: str
    size: int
    lines: int | None
    notes: int
    share: Share | None
    files: int = 0


@login_required
@require_GET
def folder(request: HttpRequest, product: str, version: str, path: str = "") -> HttpResponse:
    release, snapshot = source_or_404(request, product, version)
    raw = path_or_404(path)
    table = open_file_table(snapshot)
    engagement = own_engagement(request, release)
    reading = reading_of(asked_by=signed_in(request), engagement=engagement) if engagement else None
    rows = _rows(request, release, snapshot, raw, reading, engagement)
    if not rows and raw:
        raise Http404
    context = {
        "release": release,
        "path": path,
        "places": places(release, path),
        "rows": rows,
        "totals": table.totals(raw),
        "engagement": engagement,
        "share": reading.share_of(path) if reading else None,
    }
    response = render(request, "reviews/tree.html", context)
    response.headers["Cache-Control"] = "no-store" if release.product.is_restricted else "private, no-cache"
    return response


def source_or_404(request: HttpRequest, product: str, version: str) -> tuple[Release, Snapshot]:
    """The release and its subject for somebody who may know of it; the right to read is asked for each path."""
    release = release_or_404(request, product, version)
    if release.subject is None:
        raise Http404
    return release, release.subject


def path_or_404(path: str) -> bytes:
    try:
        return unescape_path(path)
    except EvidenceError as error:
        raise Http404 from error


def places(release: Release, path: str) -> list[tuple[str, str]]:
    """Breadcrumbs from the product down to `path`, the last without an address."""
    base = f"/products/{release.product.slug}/{release.version}/"
    crumbs = [
        (release.product.name, f"/products/{release.product.slug}/"),
        (release.version, base),
        ("source", base + "tree/"),
    ]
    parts = path.split("/") if path else []
    for depth, part in enumerate(parts, start=1):
        crumbs.append((part, f"{base}tree/{quote('/'.join(parts[:depth]))}/"))
    crumbs[-1] = (crumbs[-1][0], "")
    return crumbs


def _rows(
    request: HttpRequest,
    release: Release,
    snapshot: Snapshot,
    raw: bytes,
    reading: Reading | None,
    engagement: Engagement | None,
) -> list[Row]:
    listing = open_file_table(snapshot).listing(raw)
    whole = may(request.user, Right.READ_SOURCE, release, path=escape_path(raw))
    notes = _note_counts(engagement, [entry.sha256.hex for entry in listing.files])
    base = f"/products/{release.product.slug}/{release.version}/"
    rows = []
    for item in listing.folders:
        path = escape_path(item.path)
        if whole or may(request.user, Right.READ_SOURCE, release, path=path):
            share = reading.share_of(path) if reading else None
            address = f"{base}tree/{quote(path)}/"
            rows.append(Row(path.rpartition("/")[2], address, "folder", item.size, item.lines, 0, share, item.files))
    for entry in listing.files:
        path = escape_path(entry.path)
        if whole or may(request.user, Right.READ_SOURCE, release, path=path):
            rows.append(_file_row(entry, path, base, notes, reading, engagement))
    return rows


def _file_row(
    entry: FileEntry,
    path: str,
    base: str,
    notes: Mapping[str, int],
    reading: Reading | None,
    engagement: Engagement | None,
) -> Row:
    share = None
    if reading is not None and engagement is not None and load_scope(engagement).covers(path):
        share = share_of_entry(reading, entry, path)
    return Row(
        name=path.rpartition("/")[2],
        address=f"{base}file/{quote(path)}",
        kind=KINDS.get(entry.mode, entry.language or ("binary" if entry.binary else "text")),
        size=entry.size,
        lines=entry.lines if is_text(entry) else None,
        notes=notes.get(entry.sha256.hex, 0),
        share=share,
    )


def share_of_entry(reading: Reading, entry: FileEntry, path: str) -> Share:
    file = ScopedFile(path, entry.sha256.hex, entry.size, entry.lines if is_text(entry) else None)
    return reading.share_of_file(file)


def _note_counts(engagement: Engagement | None, blobs: list[str]) -> Mapping[str, int]:
    if engagement is None:
        return {}
    rows = Note.objects.filter(
        product=engagement.release.product,
        engagement__authority=engagement.authority,
        blob__in=blobs,
        deleted_at__isnull=True,
    )
    return dict(rows.values_list("blob").annotate(count=Count("pk")))
