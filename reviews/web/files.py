"""A file: its rows with line anchors, the notes and marks of the reader's authority, and the forms to add to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.queries import marks_on, notes_on, reading_of
from reviews.rules.render import RenderedFile
from reviews.rules.render import render as render_rows
from reviews.services.load_reading import load_scope
from reviews.services.locate_region import is_text
from reviews.web.access import own_engagement
from reviews.web.tree import path_or_404, places, share_of_entry, source_or_404
from transparency.errors import EvidenceError
from transparency.models import Snapshot
from transparency.permissions import Right, may
from transparency.queries import open_file_table, read_file
from transparency.web.access import signed_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest

    from reviews.models import Note, ReadMark

ROWS_A_PART = 5_000
RENDERED_FILES = 32
_LINES = re.compile(r"([1-9][0-9]{0,8})(?:-([1-9][0-9]{0,8}))?\Z")


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its number, HTML made by the renderer, the strongest mark on it, the notes that end at it."""

    number: int
    html: str
    mark: str
    notes: tuple[Note, ...]
    selected: bool


@login_required
@require_safe
def file(request: HttpRequest, product: str, version: str, path: str) -> HttpResponse:
    release, snapshot = source_or_404(request, product, version)
    raw = path_or_404(path)
    entry = open_file_table(snapshot).find(raw)
    if entry is None or not may(request.user, Right.READ_SOURCE, release, path=path):
        raise Http404
    engagement = own_engagement(request, release)
    context = {
        "release": release,
        "path": path,
        "places": places(release, path),
        "entry": entry,
        "text": is_text(entry),
        "engagement": engagement,
        "in_scope": bool(engagement and load_scope(engagement).covers(path)),
        "deleted": _whole(request.GET.get("deleted")),
        "may_download": may(request.user, Right.DOWNLOAD_SOURCE, release, path=path),
    }
    if context["text"]:
        notes = notes_on(asked_by=request.user, release=release, snapshot=snapshot, path=path)
        marks = marks_on(asked_by=request.user, release=release, snapshot=snapshot, path=path)
        context |= _shown_lines(request, snapshot, raw, notes, marks)
    if engagement:
        reading = reading_of(asked_by=signed_in(request), engagement=engagement)
        context["share"] = share_of_entry(reading, entry, path)
    response = render(request, "reviews/file.html", context)
    response.headers["Cache-Control"] = "no-store" if release.product.is_restricted else "private, no-cache"
    return response


@login_required
@require_safe
def raw(request: HttpRequest, product: str, version: str, path: str) -> HttpResponse:
    """The bytes, as an attachment of plain text: never shown by a browser as anything else."""
    release, snapshot = source_or_404(request, product, version)
    if not may(request.user, Right.DOWNLOAD_SOURCE, release, path=path):
        raise Http404
    try:
        _, data = read_file(snapshot, path_or_404(path))
    except EvidenceError as error:
        raise Http404 from error
    response = HttpResponse(data, content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = "attachment; filename=file.txt"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response


def _shown_lines(
    request: HttpRequest, snapshot: Snapshot, raw_path: bytes, notes: Iterable[Note], marks: Iterable[ReadMark]
) -> dict[str, object]:
    try:
        rendered = _rendered(snapshot.pk, raw_path)
    except EvidenceError as error:
        return {"too_large": str(error)}
    start, end = _selection(request.GET.get("lines", ""), len(rendered.rows))
    part = min(max(_whole(request.GET.get("part")) or (start - 1) // ROWS_A_PART + 1, 1), _parts(rendered))
    first = (part - 1) * ROWS_A_PART
    levels = _levels(marks)
    ends: dict[int, list[Note]] = {}
    for note in notes:
        ends.setdefault(note.end, []).append(note)
    lines = [
        Line(number, html, levels.get(number, ""), tuple(ends.get(number, ())), start <= number <= end)
        for number, html in enumerate(rendered.rows[first : first + ROWS_A_PART], start=first + 1)
    ]
    chosen = bool(request.GET.get("lines"))
    return {
        "lines": lines,
        "rendered": rendered,
        "count": len(rendered.rows),
        "start": start if chosen else 1,
        "end": end if chosen else len(rendered.rows),
        "part": part,
        "parts": range(1, _parts(rendered) + 1),
    }


@lru_cache(maxsize=RENDERED_FILES)
def _rendered(snapshot: int, path: bytes) -> RenderedFile:
    entry, data = read_file(Snapshot.objects.select_related("product").get(pk=snapshot), path)
    return render_rows(data, entry.language)


def _levels(marks: Iterable[ReadMark]) -> dict[int, str]:
    levels: dict[int, str] = {}
    for mark in marks:
        strong = mark.level != "skimmed"
        for number in range(mark.start, mark.end + 1):
            if strong or number not in levels:
                levels[number] = "read" if strong else "skimmed"
    return levels


def _selection(text: str, count: int) -> tuple[int, int]:
    match = _LINES.match(text)
    if not match:
        return 0, 0
    start = min(int(match[1]), count)
    return start, min(max(int(match[2] or start), start), count)


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 7 else 0  # noqa: PLR2004 - digits of a part number


def _parts(rendered: RenderedFile) -> int:
    return max(1, -(-len(rendered.rows) // ROWS_A_PART))
