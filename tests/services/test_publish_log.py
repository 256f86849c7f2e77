"""The sequencer: what it publishes, and what it can never do whatever happens to it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.db import connection, transaction

from transparency.gateways.durable import write_durable
from transparency.gateways.logstore import LogStore
from transparency.models import Installation, LogEntry, LogHead, Organisation, Product
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError, UnavailableError
from transparency.proofs.log.checkpoint import open_checkpoint
from transparency.proofs.log.leaf import check_leaf_commits, parse_leaf, parse_opening
from transparency.proofs.log.merkle import check_consistency, leaf_hash, prove_consistency, root_of
from transparency.proofs.log.note import parse_vkey
from transparency.proofs.log.proof import check_log_proof
from transparency.proofs.log.tiles import TileHashes
from transparency.queries import prove_entry
from transparency.services.log_record import log_record
from transparency.services.publish_log import publish_leftovers, publish_log
from transparency.services.stores import log_store
from transparency.services.verify_log import verify_log

if TYPE_CHECKING:
    from pathlib import Path


def product(*, restricted: bool = False) -> Product:
    vendor, _ = Organisation.objects.get_or_create(slug="acme", defaults={"name": "Acme", "kind": "vendor"})
    visibility = "restricted" if restricted else "open"
    return Product.objects.get_or_create(
        slug=f"p-{visibility}", defaults={"name": "P", "vendor": vendor, "visibility": visibility}
    )[0]


def append(number: int, *, restricted: bool = False) -> LogEntry:
    owner = product(restricted=restricted)
    with transaction.atomic():
        return log_record(
            kind="delivery",
            digest=Digest.of(str(number).encode()),
            subjects=[("manifest", Digest.of(b"m"))],
            organisation=owner.vendor,
            product=owner,
        )


def append_silently(count: int, start: int = 0) -> None:
    """Rows as an interrupted process leaves them: committed, not yet published."""
    LogEntry.objects.bulk_create(
        LogEntry(kind="delivery", digest=Digest.of(str(n).encode()).hex, leaf=f'{{"n":{n}}}'.encode())
        for n in range(start, start + count)
    )


def checkpoint(installation: Installation, head: LogHead) -> tuple[int, Digest]:
    opened = open_checkpoint(bytes(head.checkpoint), parse_vkey(installation.vkey), installation.origin)
    return opened.size, opened.root


def test_an_appended_record_is_published_with_a_proof_that_a_stranger_checks(centre: Installation) -> None:
    entries = [append(n) for n in range(5)]
    head = LogHead.objects.get()
    assert head.size == 5
    for entry in entries:
        entry.refresh_from_db()
        opened = check_log_proof(prove_entry(entry, head), bytes(entry.leaf), parse_vkey(centre.vkey), centre.origin)
        assert opened.size == 5
    assert verify_log(progress=lambda _: None)["size"] == 5


def test_appending_the_same_record_again_gives_the_same_entry(centre: Installation) -> None:
    assert append(1).pk == append(1).pk
    assert LogHead.objects.get().size == 1


def test_a_restricted_product_leaves_only_commitments_which_its_opening_opens(centre: Installation) -> None:
    entry = append(7, restricted=True)
    digest = Digest.of(b"7")
    public = log_store().read("tile/entries/000.p/1")
    for secret in (digest.hex, Digest.of(b"m").hex, "acme", "p-restricted"):
        assert secret.encode() not in public
    what: dict[str, Any] = {
        "kind": "delivery",
        "digest": digest,
        "subjects": [("manifest", Digest.of(b"m"))],
        "org": "acme",
    }
    check_leaf_commits(parse_leaf(bytes(entry.leaf)), parse_opening(bytes(entry.opening or b"")), **what)
    with pytest.raises(EvidenceError, match="commitment-mismatch"):
        check_leaf_commits(
            parse_leaf(bytes(entry.leaf)), parse_opening(bytes(entry.opening or b"")), **{**what, "org": "rival"}
        )


@pytest.mark.parametrize("sizes", [(1, 1, 1), (255, 1, 1), (256, 256), (3, 600, 1)])
def test_growth_is_consistent_and_equals_the_tree_computed_at_once(
    centre: Installation, sizes: tuple[int, ...]
) -> None:
    total = 0
    heads = []
    for count in sizes:
        append_silently(count, total)
        total += count
        heads.append(publish_log())
    leaves = [leaf_hash(bytes(leaf)) for leaf in LogEntry.objects.order_by("index").values_list("leaf", flat=True)]
    read = TileHashes(lambda tile: log_store().read(tile.path), total)
    for head in heads:
        assert checkpoint(centre, head) == (head.size, Digest(root_of(leaves[: head.size])))
        check_consistency(
            head.size,
            total,
            prove_consistency(head.size, total, read),
            bytes.fromhex(head.root),
            bytes.fromhex(heads[-1].root),
        )
    verify_log(progress=lambda _: None)


class FailingStore(LogStore):
    """A log store whose disk gives up at the n-th write: a simulator of the outside, not of our code."""

    def __init__(self, root: Path, after: int) -> None:
        super().__init__(root)
        self.left = after

    def write(self, name: str, data: bytes) -> None:
        if self.left == 0:
            raise UnavailableError("disk-failed", expected="a write", found="an injected fault")
        self.left -= 1
        super().write(name, data)


def test_a_crash_at_any_write_never_gives_two_signed_trees_of_one_size(
    centre: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    append_silently(300)
    publish_log()
    signed: dict[int, Digest] = {}
    for fault in range(12):
        append_silently(7, 300 + 7 * fault)
        with monkeypatch.context() as patch:
            patch.setattr(
                "transparency.services.publish_log.log_store",
                lambda fault=fault: FailingStore(settings.LOG_ROOT, fault),
            )
            try:
                publish_log()
            except UnavailableError as error:
                assert error.code == "disk-failed"
        head = LogHead.objects.get()
        size, root = checkpoint(centre, head)
        assert signed.setdefault(size, root) == root
        verify_covered(head)
        size, root = checkpoint(centre, publish_log())
        assert signed.setdefault(size, root) == root
    verify_log(progress=lambda _: None)


def verify_covered(head: LogHead) -> None:
    """Whatever a signed checkpoint covers is on disk."""
    read = TileHashes(lambda tile: log_store().read(tile.path), head.size)
    for index in range(head.size):
        assert read(0, index)


def test_a_second_sequencer_that_lost_the_race_changes_nothing(centre: Installation) -> None:
    append_silently(3)
    stale = LogHead.objects.get()
    publish_log()
    moved = LogHead.objects.filter(pk=stale.pk, size=stale.size, root=stale.root).update(size=99)
    assert moved == 0
    assert LogHead.objects.get().size == 3


def test_many_submitters_at_once_all_get_in(centre: Installation) -> None:
    faults: list[BaseException] = []

    def submit(start: int) -> None:
        try:
            for n in range(start, start + 10):
                append(n)
        except BaseException as error:  # noqa: BLE001 - carried to the main thread
            faults.append(error)
        finally:
            connection.close()

    product()
    threads = [threading.Thread(target=submit, args=(100 * n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert LogHead.objects.get().size == 60
    assert verify_log(progress=lambda _: None)["size"] == 60


def test_a_changed_tile_is_named(centre: Installation) -> None:
    append(1)
    write_durable(settings.LOG_ROOT / "tile/0/000.p/1", bytes(32))
    with pytest.raises(EvidenceError, match="log-file-differs: tile/0/000.p/1"):
        verify_log(progress=lambda _: None)


def test_a_changed_row_is_noticed(centre: Installation) -> None:
    append(1)
    LogEntry.objects.update(leaf=b"{}")
    with pytest.raises(EvidenceError, match="checkpoint-differs"):
        verify_log(progress=lambda _: None)


def test_a_key_that_others_can_read_signs_nothing(centre: Installation) -> None:
    (settings.KEY_ROOT / "log.skey").chmod(0o644)
    append_silently(1)
    with pytest.raises(UnavailableError, match="log-key-exposed"):
        publish_log()


def test_what_a_dead_process_left_is_published_by_the_sweep(centre: Installation) -> None:
    append_silently(2)
    publish_leftovers()
    assert LogHead.objects.get().size == 2
    append_silently(1, 2)
    LogEntry.objects.filter(index__isnull=True).update(index=2)  # ordered, and then the process died
    publish_leftovers()
    assert LogHead.objects.get().size == 3
    verify_log(progress=lambda _: None)
