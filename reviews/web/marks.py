"""Mark a region as skimmed, read or examined, or take the mark back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.views.decorators.http import require_POST

from reviews.rules.coverage import LEVELS
from reviews.services.mark_region import mark_region
from reviews.services.unmark_region import unmark_region
from reviews.web.access import engagement_or_404
from reviews.web.notes import RegionForm, back_to_file, refused
from transparency.errors import EvidenceError
from transparency.web.access import signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

UNDO = "unmark"


class MarkForm(RegionForm):
    level = forms.ChoiceField(choices=[(level, level) for level in (*LEVELS, UNDO)])


@login_required
@require_POST
def mark(request: HttpRequest, identity: int) -> HttpResponse:
    engagement = engagement_or_404(request, identity)
    form = MarkForm(request.POST)
    if not form.is_valid():
        return refused(request, engagement, form)
    region = {key: form.cleaned_data[key] for key in ("path", "start", "end")}
    level = form.cleaned_data["level"]
    try:
        if level == UNDO:
            unmark_region(person=signed_in(request), engagement=engagement, **region)
        else:
            mark_region(person=signed_in(request), engagement=engagement, level=level, **region)
    except EvidenceError as error:
        messages.error(request, f"Nothing was marked: expected {error.expected}; found {error.found}. ({error.code})")
    else:
        done = "no longer marked" if level == UNDO else f"marked {level}"
        messages.success(request, f"Lines {region['start']} to {region['end']} are {done}.")
    return back_to_file(engagement, region)
