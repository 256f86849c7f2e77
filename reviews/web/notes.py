"""Notes on regions: write, delete, take the deletion back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from reviews.services.delete_note import delete_note
from reviews.services.restore_note import restore_note
from reviews.services.write_note import write_note
from reviews.web.access import engagement_or_404, note_or_404
from reviews.web.forms import NoteForm, RegionForm, complaints
from reviews.web.places import release_address
from transparency.errors import EvidenceError
from transparency.web.access import signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from reviews.models import Engagement, Note


@login_required
@require_POST
def write(request: HttpRequest, identity: int) -> HttpResponse:
    engagement = engagement_or_404(request, identity)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return refused(request, engagement, form)
    try:
        note = write_note(person=signed_in(request), engagement=engagement, **form.cleaned_data)
    except EvidenceError as error:
        messages.error(request, f"The note was not kept. {differences(error)}")
        return back_to_file(engagement, form.cleaned_data)
    lines = f"line {note.start}" if note.start == note.end else f"lines {note.start} to {note.end}"
    messages.success(request, f"Note kept on {lines}. Your authority's people see it; the vendor does not.")
    return back_to_file(engagement, form.cleaned_data)


@login_required
@require_POST
def delete(request: HttpRequest, identity: int) -> HttpResponse:
    note = delete_note(person=signed_in(request), note=note_or_404(request, identity))
    return back_to_file(note.engagement, _region(note), deleted=note.pk)


@login_required
@require_POST
def restore(request: HttpRequest, identity: int) -> HttpResponse:
    note = restore_note(person=signed_in(request), note=note_or_404(request, identity))
    messages.success(request, "The note is back.")
    return back_to_file(note.engagement, _region(note))


def back_to_file(engagement: Engagement, region: dict[str, Any], *, deleted: int | None = None) -> HttpResponse:
    """To the file's page, at the region."""
    address = release_address("file", engagement.release, str(region["path"]))
    undo = f"&deleted={deleted}" if deleted else ""
    return redirect(f"{address}?lines={region['start']}-{region['end']}{undo}#L{region['start']}")


def refused(request: HttpRequest, engagement: Engagement, form: RegionForm) -> HttpResponse:
    """Back with the form's complaint; nothing was kept."""
    messages.error(request, f"Nothing was kept. {complaints(form)}")
    path = form.cleaned_data.get("path")
    if not path:
        return redirect("engagement", engagement.pk)
    start = form.cleaned_data.get("start", 1)
    return back_to_file(engagement, {"path": path, "start": start, "end": form.cleaned_data.get("end", start)})


def differences(error: EvidenceError) -> str:
    """What was expected and found, with the code, as a message shows it."""
    parts = (f"Expected {error.expected}" if error.expected else "", f"found {error.found}" if error.found else "")
    said = "; ".join(part for part in parts if part)
    return f"{said}. ({error.code})" if said else f"({error.code})"


def _region(note: Note) -> dict[str, Any]:
    return {"path": note.path, "start": note.start, "end": note.end}
