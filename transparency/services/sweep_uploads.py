"""Forget uploads that nobody went on with, or made a delivery of, for a week."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from transparency.errors import UnavailableError
from transparency.models import Upload
from transparency.services.discard_upload import discard_upload
from transparency.services.stores import objects

KEPT = timedelta(days=7)
# A file without a row is what a restored database left behind; its row might still be restored too.
_WITHOUT_ROW = KEPT + timedelta(days=1)


def sweep_uploads(*, now: datetime | None = None) -> int:
    """Return how many uploads were forgotten."""
    moment = now or timezone.now()
    swept = 0
    for row in Upload.objects.filter(touched_at__lt=moment - KEPT).select_related("product"):
        try:
            discard_upload(upload=row)
            swept += 1
        except UnavailableError:  # somebody goes on with it at this moment
            continue
    objects().sweep_uploads(older_than=(moment - _WITHOUT_ROW).timestamp())
    return swept
