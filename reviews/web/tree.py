"""A folder of a snapshot: its folders and files, their sizes, notes and the share read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.models import Note
from reviews.note_rights import is_of_vendor
from reviews.permissions import stopped_by
from reviews.threads import threads_of_folder
from reviews.web.access import Readable, deleted_note, own_engagement, path_or_404, source_or_404
from reviews.web.folders import Work, row_html, rows_of
from reviews.web.last_places import stop_of
from reviews.web.places import crumbs_to, parent_of, readable, release_address
from reviews.web.readers import choices_of
from reviews.web.room_state import folder_state
from reviews.web.threads import shown_threads
from transparency.permissions import Right, may
from transparency.web.access import signed_in
from transparency.web.caching import kept_as
from transparency.web.kept_pages import keep_page, kept_page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from reviews.web.folders import Row
    from transparency.models import Release


@require_safe
def folder(
    request: HttpRequest, product: str, version: str, path: str = "", identity: int | None = None
) -> HttpResponseBase:
    """Of the release's subject; with `identity` of a withdrawn delivery's snapshot, which is read and no longer worked on."""
    if not request.user.is_authenticated or identity:
        return _page(request, product, version, path, identity)
    person = signed_in(request)
    state = folder_state(person, product, version)
    kept = kept_page(request, state) if state else None
    if kept is not None:
        return kept
    response = _page(request, product, version, path, identity)
    return keep_page(request, response, state, folder_state(person, product, version)) if state else response


def _page(request: HttpRequest, product: str, version: str, path: str, identity: int | None) -> HttpResponse:
    release, snapshot = source_or_404(request, product, version, identity)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    person, raw = signed_in(request), path_or_404(path)
    engagement = None if identity else own_engagement(person, release, path)
    work = Work(person, engagement, release, snapshot)
    threads = threads_of_folder(asked_by=person, release=release, snapshot=snapshot, path=path)
    rows = rows_of(release, snapshot, raw, Readable(person, release), work, withdrawn=identity)
    if not rows and (raw or snapshot.files):
        raise Http404
    sees_notes = engagement is not None or is_of_vendor(person, release.product)
    context = {
        "release": release,
        "path": readable(path),
        "crumbs": crumbs_to(release, path, withdrawn=identity),
        "withdrawn": identity,
        "rows": rows,
        "totals": _totals(rows),
        "about": Note.About.FOLDER if path else Note.About.SNAPSHOT,
        "raw_path": path,
        "threads": shown_threads(threads, person, release=release, closed=identity is not None),
        "choices": choices_of(engagement) if engagement else (),
        "stopped": stopped_by(person, engagement) if engagement else "",
        "deleted": deleted_note(request),
        "stop": None if identity or path else stop_of(person, release),
        "engagement": engagement,
        "sees_notes": sees_notes,
        "bodies": "".join(row_html(row, engaged=engagement is not None, sees_notes=sees_notes) for row in rows),
        "may_review": not identity and may(person, Right.REVIEW, release),
        "share": work.share_of(path),
        "up": _up(release, path, identity),
    }
    return kept_as(render(request, "reviews/tree.html", context), release.product)


def _up(release: Release, path: str, withdrawn: int | None) -> str:
    name = "folder" if "/" in path else "tree"
    return release_address(name, release, parent_of(path), withdrawn=withdrawn) if path else ""


def _totals(rows: Iterable[Row]) -> dict[str, int]:
    """Of the rows that are shown: what one may not read is not counted either."""
    shown = list(rows)
    return {
        "files": sum(row.files for row in shown),
        "lines": sum(row.lines or 0 for row in shown),
        "size": sum(row.size for row in shown),
    }
