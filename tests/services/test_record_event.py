"""An event is a row, a record and a leaf, or nothing of the three."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import transaction

from transparency.errors import UnusableInputError
from transparency.models import Event, LogEntry, Person
from transparency.proofs.digest import Digest
from transparency.proofs.events import parse_event_record
from transparency.proofs.log.leaf import check_leaf_commits, parse_leaf, parse_opening
from transparency.services.ensure_release import ensure_release
from transparency.services.record_event import record_event

if TYPE_CHECKING:
    from tests.cast import Cast
    from transparency.models import Release


def withdraw(release: Release, by: Person | None, reason: str = "the wrong archive") -> Event:
    delivery = release.deliveries.get()
    with transaction.atomic():
        return record_event(
            kind=Event.Kind.WITHDRAWN,
            product=release.product,
            delivery=delivery,
            before="admitted",
            after="withdrawn",
            reason=reason,
            by=by,
        )


def events_logged() -> int:
    return LogEntry.objects.filter(kind="event", index__isnull=False).count()


def test_an_event_names_the_release_the_delivery_and_who_acted_and_no_person(cast: Cast, open_release: Release) -> None:
    event = withdraw(open_release, cast.vendor)
    record, delivery = parse_event_record(bytes(event.record)), open_release.deliveries.get()
    assert (record.vendor, record.product, record.release) == ("acme", "widget", "1.0")
    assert (record.event, record.before, record.after, record.org) == ("withdrawn", "admitted", "withdrawn", "acme")
    assert record.delivery == Digest.parse(delivery.record_digest)
    assert record.archive == Digest.parse(delivery.archive_sha256)
    assert record.manifest == Digest.parse(open_release.subject.manifest if open_release.subject else "")
    assert b"vera" not in bytes(event.record).lower()
    leaf = parse_leaf(bytes(LogEntry.objects.get(kind="event", digest=event.record_digest).leaf))
    subjects = (("manifest", record.manifest),)
    check_leaf_commits(leaf, None, kind="event", digest=Digest.of(bytes(event.record)), subjects=subjects, org="acme")


def test_what_a_command_does_the_operator_did(open_release: Release) -> None:
    assert parse_event_record(bytes(withdraw(open_release, None).record)).org == "centre"


def test_the_leaf_of_a_restricted_product_holds_commitments_only(cast: Cast, restricted_release: Release) -> None:
    event = withdraw(restricted_release, cast.vendor, "the plan of the engine leaked")
    entry = LogEntry.objects.get(kind="event", digest=event.record_digest)
    leaf, record = parse_leaf(bytes(entry.leaf)), parse_event_record(bytes(event.record))
    for known in (event.record_digest, "acme", "vault", str(record.manifest), str(record.archive), "engine"):
        assert known.encode() not in bytes(entry.leaf)
    assert record.manifest
    check_leaf_commits(
        leaf,
        parse_opening(bytes(entry.opening or b"")),
        kind="event",
        digest=Digest.of(bytes(event.record)),
        subjects=(("manifest", record.manifest),),
        org="acme",
    )


def test_two_events_of_the_same_words_are_two_entries(cast: Cast, open_release: Release) -> None:
    before = events_logged()
    assert withdraw(open_release, cast.vendor).record_digest != withdraw(open_release, cast.vendor).record_digest
    assert events_logged() == before + 2


def test_what_the_caller_undoes_leaves_neither_row_nor_leaf(cast: Cast, open_release: Release) -> None:
    rows, leaves = Event.objects.count(), LogEntry.objects.count()
    with transaction.atomic():
        withdraw(open_release, cast.vendor)
        transaction.set_rollback(True)
    assert (Event.objects.count(), LogEntry.objects.count()) == (rows, leaves)


def test_an_event_without_a_transaction_is_a_bug(cast: Cast) -> None:
    product = ensure_release(vendor="acme", product="empty", version="1", restricted=False).product
    with pytest.raises(AssertionError, match="together with its record"):
        record_event(kind=Event.Kind.WITHDRAWN, product=product, by=cast.vendor)


def test_a_reason_that_is_too_long_is_refused(cast: Cast) -> None:
    product = ensure_release(vendor="acme", product="empty", version="1", restricted=False).product
    with pytest.raises(UnusableInputError, match="reason-long"), transaction.atomic():
        record_event(kind=Event.Kind.WITHDRAWN, product=product, reason="x" * 4001, by=cast.vendor)
