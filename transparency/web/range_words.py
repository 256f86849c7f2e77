"""What is odd about the commits of a range, in words; context, never an alert (proofs/sources/gitrange.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transparency.models import Delivery

_ODD = {
    "date-author": "written after it was committed, by its own dates",
    "date-parent": "committed before a commit that it follows",
    "date-future": "committed later than it arrived here",
    "merge-changes": "a merge with changes of its own: solved conflicts, or more",
    "unreadable": "not written as git writes commits, or its signature is not",
}


def told_range(delivery: Delivery) -> dict[str, Any] | None:
    """The range as its page tells it, None where there is no earlier tag."""
    found: dict[str, Any] | None = (delivery.git or {}).get("range")
    if not found:
        return None
    commits = [{**item, "odd": [_ODD[each] for each in item["odd"]]} for item in found["commits"]]
    return {**found, "commits": commits, "untold": found["looked_at"] - len(commits)}
