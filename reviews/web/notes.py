"""Notes on regions: write, delete, take the deletion back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from reviews.services.delete_note import delete_note
from reviews.services.restore_note import restore_note
from reviews.services.write_note import MAX_NOTE_CHARS, write_note
from reviews.web.access import engagement_or_404, note_or_404
from transparency.errors import EvidenceError
from transparency.web.access import signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from reviews.models import Engagement


class RegionForm(forms.Form):
    path = forms.CharField(max_length=12_288)
    start = forms.IntegerField(min_value=1, label="From line")
    end = forms.IntegerField(min_value=1, label="to line")


class NoteForm(RegionForm):
    text = forms.CharField(max_length=MAX_NOTE_CHARS, label="Note")


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
        messages.error(
            request, f"The note was not kept: expected {error.expected}; found {error.found}. ({error.code})"
        )
    else:
        messages.success(
            request,
            f"Note kept on lines {note.start} to {note.end}. Your authority's people see it; the vendor does not.",
        )
    return back_to_file(engagement, form.cleaned_data)


@login_required
@require_POST
def delete(request: HttpRequest, identity: int) -> HttpResponse:
    note = delete_note(person=signed_in(request), note=note_or_404(request, identity))
    messages.success(request, f"Note {note.pk} is deleted; on this page you can take that back.")
    return back_to_file(note.engagement, {"path": note.path, "start": note.start, "end": note.end}, deleted=note.pk)


@login_required
@require_POST
def restore(request: HttpRequest, identity: int) -> HttpResponse:
    note = restore_note(person=signed_in(request), note=note_or_404(request, identity))
    messages.success(request, "The note is back.")
    return back_to_file(note.engagement, {"path": note.path, "start": note.start, "end": note.end})


def back_to_file(engagement: Engagement, region: dict[str, object], *, deleted: int | None = None) -> HttpResponse:
    """To the file's page, at the region."""
    release = engagement.release
    address = reverse("file", args=[release.product.slug, release.version, "PATH"])
    address = address.removesuffix("PATH") + quote(str(region["path"]))
    undo = f"&deleted={deleted}" if deleted else ""
    return redirect(f"{address}?lines={region['start']}-{region['end']}{undo}#L{region['start']}")


def refused(request: HttpRequest, engagement: Engagement, form: RegionForm) -> HttpResponse:
    """Back with the form's complaint; nothing was kept."""
    complaints = "; ".join(f"{name}: {' '.join(map(str, errors))}" for name, errors in form.errors.items())
    messages.error(request, f"Nothing was kept. {complaints}")
    path = form.cleaned_data.get("path")
    if not path:
        return redirect("engagement", engagement.pk)
    return back_to_file(
        engagement, {"path": path, "start": form.cleaned_data.get("start", 1), "end": form.cleaned_data.get("end", 1)}
    )
