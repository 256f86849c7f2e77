"""A file: its rows with line anchors, the notes and marks of the reader's authority, and the forms to add to them."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.permissions import stopped_by
from reviews.queries import marks_on
from reviews.rules.rows import splice
from reviews.services.locate_region import REGULAR_MODES, is_text
from reviews.services.remember_place import remember_place
from reviews.services.render_file import FOR_NOW, render_file
from reviews.threads import threads_on
from reviews.web.access import Readable, deleted_note, own_engagement, path_or_404, source_or_404
from reviews.web.binary import shown_bytes
from reviews.web.folders import Work, kind_of
from reviews.web.lines import part_of, parts_of, selection_of, spans_of
from reviews.web.neighbours import neighbours_of
from reviews.web.places import crumbs_to, parent_of, readable, release_address
from reviews.web.readers import choices_of
from reviews.web.room_state import file_state
from reviews.web.threads import rows_after, shown_threads
from transparency.errors import EvidenceError
from transparency.permissions import Right, may
from transparency.queries import open_file_table, read_file
from transparency.web.access import refuse, signed_in
from transparency.web.caching import kept_as
from transparency.web.kept_pages import keep_page, kept_page

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from reviews.web.room_state import RoomState
    from transparency.models import Release, Snapshot
    from transparency.proofs.filetable import FileEntry

SUBMODULE = 0o160000
REFUSED = frozenset({"refused", "bytes_refused"})  # what is mended later changes no row
SHOWN = frozenset({HTTPStatus.OK, HTTPStatus.NOT_MODIFIED})


@require_safe
def file(request: HttpRequest, product: str, version: str, path: str, identity: int | None = None) -> HttpResponseBase:
    """Of the release's subject; with `identity` of a withdrawn delivery's snapshot, which is read and no longer worked on."""
    state = None
    if request.user.is_authenticated and not identity:
        state = file_state(signed_in(request), product, version, path)
    response = kept_page(request, state) if state else None
    if response is None:
        response = _page(request, product, version, path, identity, state)
    if state and response.status_code in SHOWN:
        _remember(request, state, path)
    return response


def _page(
    request: HttpRequest, product: str, version: str, path: str, identity: int | None, state: RoomState | None
) -> HttpResponse:
    release, snapshot = source_or_404(request, product, version, identity)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    may_read = Readable(signed_in(request), release)
    found = _found(request, release, snapshot, _entry_or_404(snapshot, path, may_read), path, identity)
    shown = _shown(request, found, may_read)
    response = kept_as(render(request, "reviews/file.html", shown), release.product)
    if state is None or shown.keys() & REFUSED or shown.get("plain_reason") == FOR_NOW:
        return response
    return keep_page(request, response, state, file_state(signed_in(request), product, version, path))


@require_safe
def raw(request: HttpRequest, product: str, version: str, path: str) -> HttpResponse:
    """The bytes, as an attachment of plain text: never shown by a browser as anything else."""
    release, snapshot = source_or_404(request, product, version)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    entry = _entry_or_404(snapshot, path, Readable(request.user, release))
    if not may(request.user, Right.DOWNLOAD_SOURCE, release, path=path):
        refuse("You may read this source here. Downloading it is a right of its own, which nobody has given you.")
    if entry.mode == SUBMODULE:
        refuse("This is a submodule: its commit is named here, its content is not part of this source.")
    _, data = read_file(snapshot, entry.path)
    response = HttpResponse(data, content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{entry.sha256.hex[:16]}.txt"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _remember(request: HttpRequest, state: RoomState, path: str) -> None:
    """Where the person is now, with the first of the lines that the address points at."""
    selection = selection_of(request.GET.get("lines", ""), state.lines)
    line = selection.start if selection.given else None
    remember_place(person=signed_in(request), release=state.release, path=path, line=line)


def _entry_or_404(snapshot: Snapshot, path: str, may_read: Readable) -> FileEntry:
    entry = open_file_table(snapshot).find(path_or_404(path))
    if entry is None or not may_read.file(path):
        raise Http404
    return entry


def _found(
    request: HttpRequest, release: Release, snapshot: Snapshot, entry: FileEntry, path: str, withdrawn: int | None
) -> dict[str, Any]:
    """What the rows say: all that the page depends on beside the content itself."""
    text, person = is_text(entry), signed_in(request)
    place: dict[str, Any] = {"asked_by": person, "release": release, "snapshot": snapshot, "path": path}
    threads = shown_threads(threads_on(**place), person, release=release, closed=withdrawn is not None)
    engagement = None if withdrawn else own_engagement(person, release, path)
    return {
        "release": release,
        "snapshot": snapshot,
        "entry": entry,
        "path": path,
        "text": text,
        "threads": threads,
        "marks": marks_on(**place) if text else [],
        "engagement": engagement,
        "choices": choices_of(engagement) if engagement else (),
        "stopped": stopped_by(person, engagement) if engagement else "",
        "withdrawn": withdrawn,
        "may_download": not withdrawn and may(person, Right.DOWNLOAD_SOURCE, release, path=path),
    }


def _shown(request: HttpRequest, found: dict[str, Any], may_read: Readable) -> dict[str, Any]:
    """The page's context."""
    release, snapshot, entry, path = (found[key] for key in ("release", "snapshot", "entry", "path"))
    withdrawn = found["withdrawn"]
    work = Work(signed_in(request), found["engagement"], release, snapshot)
    share = work.share_by(found["marks"], entry, path)
    context = found | {
        "name": readable(path),
        "crumbs": crumbs_to(release, path, withdrawn=withdrawn),
        "kind": kind_of(entry),
        "in_scope": work.covers(path),
        "share": share,
        "deleted": deleted_note(request),
        "on_file": [thread for thread in found["threads"] if not thread.start],
        "on_lines": [thread for thread in found["threads"] if thread.start],
        "up": release_address("folder" if "/" in path else "tree", release, parent_of(path), withdrawn=withdrawn),
        "neighbours": neighbours_of(release, snapshot, entry.path, may_read, withdrawn=withdrawn),
    }
    if found["text"]:
        return context | _rows(request, found)
    return context | (shown_bytes(snapshot, entry, request.GET) if entry.mode in REGULAR_MODES else {})


def _rows(request: HttpRequest, found: dict[str, Any]) -> dict[str, Any]:
    entry, threads = found["entry"], [thread for thread in found["threads"] if thread.start]
    selection = selection_of(request.GET.get("lines", ""), entry.lines)
    parts = parts_of(entry.lines)
    if not parts:
        return {"count": 0}
    part = part_of(request.GET.get("part", ""), selection, parts)
    try:
        rows = render_file(snapshot=found["snapshot"], entry=entry, part=part.number)
    except EvidenceError as error:
        return {"refused": error}
    return {
        "plain_reason": rows.plain_reason,
        "count": entry.lines,
        "selection": selection,
        "parts": parts,
        "part": part,
        "before": parts[part.number - 2] if part.number > 1 else None,
        "after": parts[part.number] if part.number < len(parts) else None,
        "bodies": splice(rows, spans_of(part, selection, found["marks"]), rows_after(threads, entry.lines)),
    }
