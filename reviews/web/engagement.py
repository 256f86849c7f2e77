"""One engagement: what was agreed, its terms, how far the reading has come, and what was stated under it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from reviews.models import Attestation
from reviews.permissions import Phase, has_accepted, is_member, phase_of
from reviews.progress import Progress
from reviews.services.accept_terms import accept_terms
from reviews.web.access import engagement_or_404, path_or_404
from reviews.web.places import parent_of, readable, release_address
from transparency.errors import EvidenceError, sentence_for
from transparency.web.access import signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from reviews.models import Engagement
    from reviews.progress import PlaceRead
    from transparency.models import Person

PLACES_A_PAGE = 50


@login_required
@never_cache
@require_safe
def engagement(request: HttpRequest, identity: int) -> HttpResponse:
    """With `?folder=`, the coverage of that folder in place of the whole scope's."""
    row, person = engagement_or_404(request, identity), signed_in(request)
    if row.release.subject is None:
        messages.info(
            request,
            "The source of this release was withdrawn. Your notes and marks are kept; below is what can still be read.",
        )
        return redirect("release", row.release.product.slug, row.release.version)
    progress, folder = Progress(asked_by=person, engagement=row), request.GET.get("folder", "")
    path_or_404(folder)
    here = progress.of_folder(folder)
    if folder and not here.share.files:
        raise Http404
    people = progress.people()
    children = Paginator(progress.children(folder), PLACES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "engagement": row,
        "release": row.release,
        "whole": progress.of_folder(),
        "own": next((each.share for each in people if each.person.pk == person.pk), None),
        "people": people,
        "here": here,
        "trail": _trail(folder),
        "rows": [(place, readable(place.path.rpartition("/")[2]), _address(row, place)) for place in children],
        "page": children,
        "next_files": [(place, readable(place.path), _address(row, place)) for place in progress.next_files(folder)],
        **_standing(person, row),
        **_stated(person, row),
    }
    return render(request, "reviews/engagement.html", context)


@login_required
@require_POST
def accept(request: HttpRequest, identity: int) -> HttpResponse:
    row = engagement_or_404(request, identity)
    try:
        accept_terms(person=signed_in(request), engagement=row, digest=request.POST.get("digest", ""))
    except EvidenceError as error:
        messages.error(request, f"{sentence_for(error.code)} ({error.code})")
    else:
        messages.success(
            request, "You accepted the terms. You can mark, note and state now, while the engagement runs."
        )
    return redirect("engagement", row.pk)


def _standing(person: Person, row: Engagement) -> dict[str, Any]:
    """What the person may do now, in words that the page can say."""
    phase, member, accepted = phase_of(row), is_member(person, row), has_accepted(person, row)
    return {
        "phase": phase,
        "member": member,
        "accepted": accepted,
        "may_accept": member and not accepted and phase is not Phase.OVER,
        "may_work": member and accepted and phase is Phase.RUNNING,
    }


def _stated(person: Person, row: Engagement) -> dict[str, Any]:
    """Attestations are the authority's to see; what is not signed yet is its reviewer's alone."""
    attestations = Attestation.objects.filter(statement__engagement=row).select_related("statement__reviewer", "entry")
    own = row.statements.filter(reviewer=person, attestation__isnull=True)
    return {
        "attestations": attestations.order_by("-pk"),
        "waiting": own.filter(abandoned_at__isnull=True),
        "abandoned": own.filter(abandoned_at__isnull=False),
    }


def _address(row: Engagement, place: PlaceRead) -> str:
    """Where the place is read."""
    return release_address("folder" if place.is_folder else "file", row.release, place.path)


def _trail(folder: str) -> list[tuple[str, str]]:
    """(name, path) of each folder down to this one."""
    trail = []
    while folder:
        trail.append((readable(folder.rpartition("/")[2]), folder))
        folder = parent_of(folder)
    return trail[::-1]
