"""The jump box: from what somebody has to its page. One exact hit is gone to; several are shown; none tells what is understood.

Every finder (jump_rows.py, jump_files.py) begins with what the person may know of, so an answer never depends on anything hidden.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from reviews.web.jump_files import find_files
from reviews.web.jump_rows import find_rows

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

MAX_CHARS = 300
SHOWN_OF_A_KIND = 20


@never_cache
@require_safe
def jump(request: HttpRequest) -> HttpResponse:
    wanted = " ".join(request.GET.get("q", "").replace("\0", " ").split())  # PostgreSQL takes no NUL
    too_long = len(wanted) > MAX_CHARS
    hits = [] if too_long or not wanted else [*find_rows(request.user, wanted), *find_files(request.user, wanted)]
    exact = {hit.address for hit in hits if hit.exact}
    if len(exact) == 1:
        return redirect(exact.pop())
    kinds = [(kind, list(found)) for kind, found in groupby(hits, key=lambda hit: hit.kind)]
    context = {
        "wanted": wanted[:MAX_CHARS],
        "jump_to": wanted[:MAX_CHARS],
        "too_long": too_long,
        "kinds": [(kind, found[:SHOWN_OF_A_KIND], len(found) > SHOWN_OF_A_KIND) for kind, found in kinds],
    }
    return render(request, "reviews/jump.html", context)
