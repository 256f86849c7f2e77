"""Mark a region as skimmed, read or examined, or take the mark back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.views.decorators.http import require_POST

from reviews.services.mark_region import mark_region
from reviews.services.unmark_region import unmark_region
from reviews.web.access import engagement_or_404
from reviews.web.forms import UNDO, MarkForm
from reviews.web.notes import back_to_file, differences, refused
from transparency.errors import EvidenceError
from transparency.web.access import signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


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
            changed = bool(unmark_region(person=signed_in(request), engagement=engagement, **region))
        else:
            changed = bool(mark_region(person=signed_in(request), engagement=engagement, level=level, **region))
    except EvidenceError as error:
        messages.error(request, f"Nothing was marked. {differences(error)}")
    else:
        messages.success(request, _done(level, region["start"], region["end"], changed=changed))
    return back_to_file(engagement, region)


def _done(level: str, start: int, end: int, *, changed: bool) -> str:
    one = start == end
    lines = f"Line {start} is" if one else f"Lines {start} to {end} are"
    if level == UNDO:
        return f"{lines} no longer marked by you." if changed else "You had no mark there; nothing changed."
    if not changed:
        return f"You had marked {'it' if one else 'them'} so, or more closely, before; nothing changed."
    return f"{lines} marked {level} by you. A mark can be taken back until you sign."
