"""Settings check: what this installation is set to and what should be corrected, in words. For the operator; no secret is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from transparency.permissions import Right, may
from transparency.queries import installation
from transparency.services.inspect_installation import inspect_installation
from transparency.web.access import refuse

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_required
@never_cache
@require_safe
def settings_check(request: HttpRequest) -> HttpResponse:
    if not may(request.user, Right.OPERATE, None):
        refuse("The settings of the centre are the operator's.")
    context = {"found": inspect_installation(), "installation": installation()}
    return render(request, "transparency/settings_check.html", context)
