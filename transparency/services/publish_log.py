"""The sequencer: order what is pending, make the tiles durable, move the checkpoint.

0. One sequencer at a time on this machine (a lock in the log store), one thread of a process (group commit): batches grow by
   themselves as submitters queue.
1. Pending entries get their indices in one durable transaction. From here on the order is decided for good, so a tree of a given size
   has one root whoever computes it, and however often: a restart at any point can never sign two trees of one size.
2. Entry bundles and tiles are computed from the ordered rows and made durable.
3. The checkpoint is signed and moves in the database by compare-and-swap on (size, root); then the public file follows.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Q
from django.utils import timezone

from transparency.errors import UnavailableError
from transparency.gateways.signer import load_signing_key
from transparency.models import Installation, LogEntry, LogHead
from transparency.proofs.log.checkpoint import Checkpoint, sign_checkpoint
from transparency.services.group_commit import GroupCommit
from transparency.services.stores import log_store
from transparency.services.write_tiles import write_tiles

if TYPE_CHECKING:
    from transparency.gateways.logstore import LogStore

BATCH_ENTRIES = 4096
# Others who are about to commit get into the same batch; one auditor's upload does not feel it.
GATHER_SECONDS = 0.005
_threads = GroupCommit()


def publish_pending() -> None:
    """Return when everything that this thread committed before is covered by a durable checkpoint, signed by us or by another thread."""
    _threads.run(_publish_once)


def publish_log() -> LogHead:
    """Publish everything that was pending at the call; return the newest head (`not-initialised`, `log-key-missing`, `disk-failed`)."""
    return _publish_once()


def publish_leftovers() -> None:
    """Publish what a process that died, or a disk that failed, left ordered or pending; looks only, when there is nothing."""
    head = _head()
    if LogEntry.objects.filter(Q(index__isnull=True) | Q(index__gte=head.size)).exists():
        _publish_once()


def _publish_once() -> LogHead:
    """Order and publish what is pending; only a full batch is followed by another."""
    store = log_store()
    with store.sequencer_lock():
        time.sleep(GATHER_SECONDS)
        head = _head()
        full = True
        while full:
            start = head.size
            size = _order_pending()
            head = _move_head(head, size, store) if size > start else head
            full = size - start >= BATCH_ENTRIES
        store.write("checkpoint", bytes(head.checkpoint))
    return head


def _head() -> LogHead:
    head = LogHead.objects.first()
    if head is None:
        raise UnavailableError("not-initialised", expected="a log made by `manage.py init`", found="none")
    return head


def _order_pending() -> int:
    """Give indices to at most BATCH_ENTRIES pending entries, in the order of their ids; return the size of the ordered log."""
    with transaction.atomic():
        LogHead.objects.select_for_update().first()  # on PostgreSQL: one orderer among all machines
        newest = LogEntry.objects.aggregate(newest=Max("index"))["newest"]
        start = 0 if newest is None else newest + 1
        pending = list(
            LogEntry.objects.filter(index__isnull=True).order_by("id").values_list("id", flat=True)[:BATCH_ENTRIES]
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                f'UPDATE {LogEntry._meta.db_table} SET "index" = %s WHERE id = %s',  # noqa: S608, SLF001 - our own table's name
                [(start + offset, identity) for offset, identity in enumerate(pending)],
            )
    return start + len(pending)


def _move_head(head: LogHead, size: int, store: LogStore) -> LogHead:
    leaves = [
        bytes(leaf)
        for leaf in LogEntry.objects.filter(index__gte=head.size, index__lt=size)
        .order_by("index")
        .values_list("leaf", flat=True)
    ]
    if len(leaves) != size - head.size:
        raise AssertionError(f"ordered log has a gap between {head.size} and {size}")
    root = write_tiles(store, old_size=head.size, leaves=leaves)
    key = load_signing_key(settings.KEY_ROOT / "log.skey")
    origin = Installation.objects.get().origin
    note = sign_checkpoint(Checkpoint(origin, size, root), key)
    moved = LogHead.objects.filter(pk=head.pk, size=head.size, root=head.root).update(
        size=size, root=root.hex, checkpoint=note, moved_at=timezone.now()
    )
    if not moved:
        raise UnavailableError("log-moved", expected=f"head of size {head.size}", found="another sequencer was faster")
    return LogHead.objects.get(pk=head.pk)
