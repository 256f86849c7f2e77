"""What answers about evidence depend on: while it is the same, an answer may be kept. The hour is in it: validities end by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Max, Q
from django.utils import timezone

from transparency.models import TrustAnchor
from transparency.queries import log_head

if TYPE_CHECKING:
    from typing import Any

State = tuple[object, ...]


def evidence_state() -> State:
    """The log's head, which keys there are and which of them ended, and the hour. Other changes of a key are logged: the head tells."""
    head, kinds = log_head(), TrustAnchor.Revocation
    anchors: dict[str, Any] = TrustAnchor.objects.aggregate(
        newest=Max("pk"),
        count=Count("pk"),
        ended=Count("revoked_at"),
        last=Max("revoked_at"),
        compromised=Count("pk", filter=Q(revocation=kinds.COMPROMISED)),
    )
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    return (head.size, head.root, *anchors.values(), hour)
