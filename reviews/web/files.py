"""A file: its rows with line anchors, the notes and marks of the reader's authority, and the forms to add to them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.contrib.auth.views import redirect_to_login
from django.contrib.messages import get_messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from reviews.models import Note
from reviews.queries import marks_on, notes_on
from reviews.rules.rows import ROWS_VERSION, splice
from reviews.services.locate_region import is_text
from reviews.services.render_file import FOR_NOW, render_file
from reviews.web.access import Readable, own_engagement, path_or_404, source_or_404
from reviews.web.folders import Work, kind_of
from reviews.web.lines import part_of, parts_of, selection_of, spans_of
from reviews.web.neighbours import neighbours_of
from reviews.web.places import crumbs_to, parent_of, readable, release_address
from transparency.errors import EvidenceError
from transparency.permissions import Right, may
from transparency.proofs.digest import Digest
from transparency.queries import open_file_table, read_file
from transparency.web.access import refuse, signed_in
from transparency.web.caching import kept_as

if TYPE_CHECKING:
    from django.http import HttpRequest

    from transparency.models import Release, Snapshot
    from transparency.proofs.filetable import FileEntry

_ID = re.compile(r"[1-9][0-9]{0,17}\Z")
SUBMODULE = 0o160000
TEMPLATES = (
    "base.html",
    "reviews/file.html",
    "reviews/file_panel.html",
    "reviews/file_rows.html",
    "reviews/note_row.html",
)


@require_safe
def file(request: HttpRequest, product: str, version: str, path: str, identity: int | None = None) -> HttpResponse:
    """Of the release's subject; with `identity` of a withdrawn delivery's snapshot, which is read and no longer worked on."""
    release, snapshot = source_or_404(request, product, version, identity)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    may_read = Readable(request.user, release)
    found = _found(request, release, snapshot, _entry_or_404(snapshot, path, may_read), path)
    if identity:
        found |= {"withdrawn": identity, "engagement": None, "may_download": False}
    tag = None if release.product.is_restricted else _tag(request, found)
    unchanged = tag and not len(get_messages(request)) and get_conditional_response(request, etag=tag)
    shown = {} if unchanged else _shown(request, found, may_read)
    response = unchanged or render(request, "reviews/file.html", shown)
    if tag and shown.get("plain_reason") != FOR_NOW:
        response.headers["ETag"] = tag
    return kept_as(response, release.product)


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


def _entry_or_404(snapshot: Snapshot, path: str, may_read: Readable) -> FileEntry:
    entry = open_file_table(snapshot).find(path_or_404(path))
    if entry is None or not may_read.file(path):
        raise Http404
    return entry


def _found(request: HttpRequest, release: Release, snapshot: Snapshot, entry: FileEntry, path: str) -> dict[str, Any]:
    """What the rows say: all that the page depends on beside the content itself."""
    text, person = is_text(entry), signed_in(request)
    return {
        "release": release,
        "snapshot": snapshot,
        "entry": entry,
        "path": path,
        "text": text,
        "notes": notes_on(asked_by=person, release=release, snapshot=snapshot, path=path) if text else [],
        "marks": marks_on(asked_by=person, release=release, snapshot=snapshot, path=path) if text else [],
        "engagement": own_engagement(person, release),
        "may_download": may(person, Right.DOWNLOAD_SOURCE, release, path=path),
    }


def _shown(request: HttpRequest, found: dict[str, Any], may_read: Readable) -> dict[str, Any]:
    """The page's context."""
    release, snapshot, entry, path = (found[key] for key in ("release", "snapshot", "entry", "path"))
    withdrawn = found.get("withdrawn")
    share = Work(signed_in(request), found["engagement"], snapshot).share_of_file(entry, path)
    context = found | {
        "name": readable(path),
        "crumbs": crumbs_to(release, path, withdrawn=withdrawn),
        "kind": kind_of(entry),
        "in_scope": share is not None,
        "share": share,
        "deleted": _deleted_note(request, entry),
        "up": release_address("folder" if "/" in path else "tree", release, parent_of(path), withdrawn=withdrawn),
        "neighbours": neighbours_of(release, snapshot, entry.path, may_read, withdrawn=withdrawn),
    }
    return context | (_rows(request, found) if found["text"] else {})


def _rows(request: HttpRequest, found: dict[str, Any]) -> dict[str, Any]:
    entry = found["entry"]
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
        "bodies": splice(rows, spans_of(part, selection, found["marks"]), _after(request, found, entry.lines)),
    }


def _after(request: HttpRequest, found: dict[str, Any], count: int) -> dict[int, str]:
    """The rows of the notes, by the line that they stand after: the last that they are about."""
    after: dict[int, str] = {}
    template = get_template("reviews/note_row.html")
    for note in found["notes"]:
        line = min(note.end, count)
        shown = template.render({"note": note, "withdrawn": found.get("withdrawn"), "user": request.user}, request)
        after[line] = after.get(line, "") + shown
    return after


def _deleted_note(request: HttpRequest, entry: FileEntry) -> Note | None:
    """The note that the person has just deleted, so that the page can offer to take that back."""
    own = Note.objects.filter(author_id=request.user.pk, blob=entry.sha256.hex, deleted_at__isnull=False)
    asked = request.GET.get("deleted", "")
    return own.filter(pk=asked).first() if _ID.match(asked) else None


def _tag(request: HttpRequest, found: dict[str, Any]) -> str:
    """Everything that the page is made of: who asks for which part, the content, what people wrote, our own version."""
    person, product = signed_in(request), found["release"].product
    session = Digest.of((request.session.session_key or "").encode()).hex
    asked = (
        session,
        person.display_name,
        str(person.organisation),
        request.COOKIES.get("theme"),
        request.get_full_path(),
    )
    rights = (getattr(found["engagement"], "pk", None), found["may_download"], product.name, product.visibility)
    written = [_state(each) for each in (*found["notes"], *found["marks"])]
    ours = (_version(), ROWS_VERSION, static("css/portal.css"), static("css/code.css"))
    return f'"{Digest.of(repr((ours, asked, rights, found["entry"], written)).encode()).hex[:32]}"'


def _state(row: Any) -> tuple[object, ...]:
    """What a page shows of a note or a mark."""
    level_or_text = getattr(row, "level", None) or getattr(row, "text", "")
    return (type(row).__name__, row.pk, row.start, row.end, level_or_text, row.author.display_name, row.author_id)


@lru_cache(maxsize=1)
def _version() -> str:
    """The templates as they are: a page that an older version made is never called unchanged."""
    sources = (str(getattr(get_template(name), "template").source) for name in TEMPLATES)  # noqa: B009 - engine's own
    return Digest.of("".join(sources).encode()).hex
