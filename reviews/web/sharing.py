"""Say who reads a thread: choose, see who that is and what they will see, confirm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from reviews.note_rights import first_of, may_reply
from reviews.services.share_note import is_wider, share_note, thread_state
from reviews.threads import thread_of
from reviews.web.access import note_or_404
from reviews.web.note_forms import ShareForm
from reviews.web.note_places import address_of
from reviews.web.notes import differences, refusing
from reviews.web.readers import choices_of
from reviews.web.threads import shown_threads
from transparency.errors import EvidenceError, sentence_for
from transparency.web.access import refuse, signed_in
from transparency.web.caching import kept_as

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from reviews.models import Note


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest, identity: int) -> HttpResponse:
    first = first_of(note_or_404(request, identity))
    if first.author_id != request.user.pk or not may_reply(request.user, first):
        refuse(sentence_for("not-the-author"))
    if request.method != "POST":
        return _page(request, first, request.GET.get("visibility", ""))
    form = ShareForm(request.POST)
    if not form.is_valid():
        return _page(request, first, "")
    chosen = form.cleaned_data["visibility"]
    try:
        with refusing():
            share_note(
                person=signed_in(request), note=first, visibility=chosen, confirmed=form.cleaned_data["confirmed"]
            )
    except EvidenceError as error:
        messages.error(request, f"Nothing has changed. {sentence_for(error.code)} {differences(error)}")
        return _page(request, first, chosen, status=409)
    word = next(each.word for each in choices_of(first.engagement) if each.value == chosen)
    messages.success(request, f"Who reads this thread now: {word}.")
    return redirect(address_of(first))


def _page(request: HttpRequest, first: Note, asked: str, *, status: int = 200) -> HttpResponse:
    choices = choices_of(first.engagement)
    by_value = {each.value: each for each in choices}
    chosen = by_value.get(asked) if asked != first.visibility else None
    found = thread_of(asked_by=request.user, note=first.pk)
    context = {
        "release": first.engagement.release,
        "first": first,
        "choices": choices,
        "now": by_value.get(first.visibility),
        "chosen": chosen,
        "wider": chosen is not None and is_wider(first, chosen.value),
        "state": thread_state(first),
        "threads": shown_threads([found] if found else [], request.user, closed=True),
        "back": address_of(first),
    }
    response = render(request, "reviews/note_share.html", context, status=status)
    return kept_as(response, first.engagement.release.product)
