"""What the page of a release says about its deliveries: those that stand, those that were withdrawn, and what happened since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transparency.models import Delivery, Event
from transparency.queries import admitted_deliveries
from transparency.reports import admission_reason, admitted_as
from transparency.web.deliveries import timeline
from transparency.web.members import told_package
from transparency.web.verdict_words import package_kind

if TYPE_CHECKING:
    from transparency.models import Release
    from transparency.permissions import Someone


@dataclass(frozen=True, slots=True)
class Standing:
    """An admitted delivery. `admitted_as` and `reason` are an operator's; `is_second`: an older one has the same role."""

    delivery: Delivery
    admitted_as: str
    reason: str
    is_second: bool
    # What the archive's own metadata say, for whoever may be told; `package_kind` in words.
    package: dict[str, str] | None
    package_kind: str


def delivered(release: Release, asked_by: Someone) -> dict[str, Any]:
    """Parts of the page's context. Nothing of what is in quarantine is in it."""
    roles: set[str] = set()
    standing = []
    for row in admitted_deliveries(release).select_related("snapshot", "job"):
        standing.append(
            Standing(
                row,
                admitted_as(row),
                admission_reason(row),
                row.role in roles,
                told_package(asked_by, row),
                package_kind(row),
            )
        )
        roles.add(row.role)
    events = Event.objects.filter(release=release).select_related("organisation", "delivery")
    withdrawn = release.deliveries.filter(state=Delivery.State.WITHDRAWN).order_by("pk")
    return {"deliveries": standing, "withdrawn": withdrawn, "events": timeline(events)}
