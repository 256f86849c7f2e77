"""How the tree of a delivery differs from the one that its release attests, in counts."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from transparency.models import Snapshot
from transparency.proofs.comparison import TreeDifference, compare_tables
from transparency.queries import open_file_table

if TYPE_CHECKING:
    from transparency.models import Delivery

REMEMBERED = 256


def difference_from_subject(delivery: Delivery) -> TreeDifference | None:
    """First the subject, then the delivery's snapshot; None where there are not two trees. Raises what opening a file table raises."""
    subject, own = delivery.release.subject_id, delivery.snapshot_id
    return _difference(subject, own) if subject and own and subject != own else None


@lru_cache(maxsize=REMEMBERED)
def _difference(first: int, second: int) -> TreeDifference:
    """Snapshots never change, so neither does the answer."""
    rows = {row.pk: row for row in Snapshot.objects.select_related("product").filter(pk__in=(first, second))}
    return compare_tables(open_file_table(rows[first]), open_file_table(rows[second]))
