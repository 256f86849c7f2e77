"""`/healthz`: 200 when this process and its database answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import DatabaseError
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from transparency.models import LogHead

if TYPE_CHECKING:
    from django.http import HttpRequest


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    try:
        ready = LogHead.objects.exists()
    except DatabaseError:
        ready = False
    return HttpResponse("ok\n" if ready else "not ready\n", content_type="text/plain", status=200 if ready else 503)
