"""Notes: write the first one of a thread, reply, edit, delete, take the deletion back, resolve, reopen."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from reviews.models import Note, NoteEdit
from reviews.note_rights import OUTWARD, first_of
from reviews.services.delete_note import delete_note
from reviews.services.edit_note import edit_note
from reviews.services.reply_to_note import reply_to_note
from reviews.services.resolve_note import resolve_note
from reviews.services.restore_note import restore_note
from reviews.services.write_note import write_note
from reviews.threads import thread_of
from reviews.web.access import note_or_404, writable_engagement_or_404
from reviews.web.forms import complaints
from reviews.web.note_forms import NoteForm, TextForm
from reviews.web.note_places import address_of, place_address, words_of
from reviews.web.readers import readers_of
from reviews.web.threads import shown_threads
from transparency.errors import EvidenceError, NotAllowedError, sentence_for
from transparency.web.access import refuse, signed_in
from transparency.web.caching import kept_as

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse

    from reviews.models import Engagement
    from reviews.web.forms import RegionForm


@login_required
@require_POST
def write(request: HttpRequest, identity: int) -> HttpResponse:
    engagement = writable_engagement_or_404(request, identity, request.POST.get("path", ""))
    form = NoteForm(request.POST)
    if not form.is_valid():
        return refused(request, engagement, form)
    said = form.cleaned_data
    wanted = said.pop("visibility")
    kept = Note.Visibility.AUTHORITY if wanted in OUTWARD else wanted  # wider only after a confirmation
    try:
        with refusing():
            note = write_note(person=signed_in(request), engagement=engagement, visibility=kept, **said)
    except EvidenceError as error:
        messages.error(request, f"The note was not kept. {differences(error)}")
        return redirect(place_address(engagement, said["about"], said["path"], said["start"], said["end"]))
    if wanted in OUTWARD:
        return redirect(f"{reverse('note-share', args=[note.pk])}?visibility={wanted}")
    readers = readers_of(engagement, kept)
    messages.success(request, f"Note kept on {words_of(note)}. Who reads it: {readers[0].lower()}{readers[1:]}")
    return redirect(address_of(note))


@login_required
@require_safe
def thread(request: HttpRequest, identity: int) -> HttpResponse:
    """One thread by itself: all that was said, what it said before, and the forms that need room."""
    first = first_of(note_or_404(request, identity))
    found = thread_of(asked_by=request.user, note=first.pk)
    if found is None:  # its author has deleted it, and nobody had answered
        return redirect(address_of(first, deleted=first.pk))
    [shown] = shown_threads([found], request.user)
    context = {
        "thread": shown,
        "release": first.engagement.release,
        "form": TextForm(auto_id="reply_%s"),
        "readers": readers_of(first.engagement, first.visibility) if shown.may_share else "",
        "history": [(note, edits) for note in found.notes if (edits := _history(request, note, first))],
    }
    return kept_as(render(request, "reviews/thread_page.html", context), first.engagement.release.product)


@login_required
@require_POST
def reply(request: HttpRequest, identity: int) -> HttpResponse:
    note = note_or_404(request, identity)
    form = TextForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"Nothing was kept. {complaints(form)}")
        return redirect("note", first_of(note).pk)
    try:
        with refusing():
            answer = reply_to_note(person=signed_in(request), note=note, text=form.cleaned_data["text"])
    except EvidenceError as error:
        messages.error(request, f"The reply was not kept. {differences(error)}")
        return redirect("note", first_of(note).pk)
    messages.success(request, "Your reply is kept. It is read by whoever reads the thread.")
    return redirect(address_of(answer))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, identity: int) -> HttpResponse:
    note = note_or_404(request, identity)
    if note.author_id != request.user.pk:
        refuse(sentence_for("not-the-author"))
    form = TextForm(request.POST if request.method == "POST" else None, initial={"text": note.text})
    if request.method == "POST" and form.is_valid():
        try:
            with refusing():
                edit_note(person=signed_in(request), note=note, text=form.cleaned_data["text"])
        except EvidenceError as error:
            form.add_error("text", differences(error))
        else:
            messages.success(request, "Changed. What it said before is kept with it.")
            return redirect(address_of(note))
    context = {"note": note, "form": form, "release": note.engagement.release, "back": address_of(note)}
    response = render(request, "reviews/note_edit.html", context, status=422 if form.errors else 200)
    return kept_as(response, note.engagement.release.product)


@login_required
@require_POST
def delete(request: HttpRequest, identity: int) -> HttpResponse:
    with refusing():
        note = delete_note(person=signed_in(request), note=note_or_404(request, identity))
    return redirect(address_of(note, deleted=note.pk))


@login_required
@require_POST
def restore(request: HttpRequest, identity: int) -> HttpResponse:
    with refusing():
        note = restore_note(person=signed_in(request), note=note_or_404(request, identity))
    messages.success(request, "The note is back.")
    return redirect(address_of(note))


@login_required
@require_POST
def resolve(request: HttpRequest, identity: int) -> HttpResponse:
    return _settle(request, identity, resolved=True)


@login_required
@require_POST
def reopen(request: HttpRequest, identity: int) -> HttpResponse:
    return _settle(request, identity, resolved=False)


def _settle(request: HttpRequest, identity: int, *, resolved: bool) -> HttpResponse:
    with refusing():
        note = resolve_note(person=signed_in(request), note=note_or_404(request, identity), resolved=resolved)
    messages.success(request, "The thread is resolved." if resolved else "The thread is open again.")
    return redirect(address_of(note))


@contextmanager
def refusing() -> Iterator[None]:
    """403 with the reason, for somebody who may read the thread and may not do this in it."""
    try:
        yield
    except NotAllowedError as error:
        refuse(sentence_for(error.code))
    except EvidenceError as error:
        if error.code != "terms-not-accepted":
            raise
        refuse(sentence_for(error.code))


def back_to_file(engagement: Engagement, region: dict[str, Any]) -> HttpResponse:
    """To the file's page, at the region."""
    address = place_address(engagement, Note.About.REGION, str(region["path"]), region["start"], region["end"])
    return redirect(f"{address}#L{region['start']}")


def refused(request: HttpRequest, engagement: Engagement, form: RegionForm | NoteForm) -> HttpResponse:
    """Back with the form's complaint; nothing was kept."""
    messages.error(request, f"Nothing was kept. {complaints(form)}")
    said = form.cleaned_data
    about = said.get("about") or Note.About.REGION
    if not said.get("path"):
        return redirect("engagement", engagement.pk)
    if about != Note.About.REGION:
        return redirect(place_address(engagement, about, said["path"]))
    start = said.get("start") or 1
    return back_to_file(engagement, {"path": said["path"], "start": start, "end": said.get("end") or start})


def differences(error: EvidenceError) -> str:
    """What was expected and found, with the code, as a message shows it."""
    parts = (f"Expected {error.expected}" if error.expected else "", f"found {error.found}" if error.found else "")
    said = "; ".join(part for part in parts if part)
    return f"{said}. ({error.code})" if said else f"({error.code})"


def _history(request: HttpRequest, note: Note, first: Note) -> list[NoteEdit]:
    """What a note said before, for its own organisation, and for the authority whose thread it is in; never for whom it was widened to."""
    organisation = signed_in(request).organisation_id
    if organisation not in {note.author.organisation_id, first.engagement.authority_id}:
        return []
    return list(note.edits.order_by("pk"))
