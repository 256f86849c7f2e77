"""A withdrawn delivery stays where it was, says why, and takes the subject with it only when nothing else gives it."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from tests.cast import OPEN_FILES, deliver, finish, make_archive
from transparency.errors import UnusableInputError
from transparency.models import Delivery, Event, LogEntry
from transparency.proofs.events import parse_event_record
from transparency.queries import admitted_deliveries
from transparency.services.receive_delivery import receive_delivery
from transparency.services.stored_files import Received
from transparency.services.withdraw_delivery import withdraw_delivery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_django.fixtures import Settings

    from tests.cast import Cast
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)
REASON = "The wrong branch was packed."
OTHER_FILES = {**OPEN_FILES, "README": b"another\n"}


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def release(cast: Cast) -> Release:
    return deliver(cast, product="widget")


def second(
    cast: Cast,
    release: Release,
    files: Mapping[str, bytes] = OTHER_FILES,
    *,
    role: str = "release-archive",
    name: str = "again.tar.gz",
) -> Delivery:
    """Another archive for the same version."""
    archive = make_archive(files, "again")
    job = receive_delivery(
        release=release,
        archive=Received(name, io.BytesIO(archive)),
        signatures=[cast.vendor_key.sign(archive)],
        role=role,
        sender=cast.vendor,
        send=False,
    )
    return Delivery.objects.get(pk=(finish(job).result or {})["delivery"])


def withdraw(delivery: Delivery, cast: Cast) -> Delivery:
    return withdraw_delivery(delivery=delivery, reason=REASON, by=cast.vendor)


def test_it_stays_with_its_reason_as_an_event_and_a_leaf(cast: Cast, release: Release) -> None:
    delivery = withdraw(release.deliveries.get(), cast)
    assert (delivery.state, delivery.verdict) == ("withdrawn", "valid")
    event = Event.objects.get(kind="withdrawn")
    assert (event.delivery, event.release, event.reason, event.organisation.slug) == (delivery, release, REASON, "acme")
    record = parse_event_record(bytes(event.record))
    assert (record.before, record.after, record.reason) == ("admitted", "withdrawn", REASON)
    assert record.delivery is not None
    assert record.delivery.hex == delivery.record_digest
    assert LogEntry.objects.filter(digest=event.record_digest, index__isnull=False).count() == 1
    assert LogEntry.objects.filter(digest=delivery.record_digest).count() == 1


def test_withdrawing_twice_is_the_same_answer(cast: Cast, release: Release) -> None:
    delivery = release.deliveries.get()
    withdraw(delivery, cast)
    withdraw_delivery(delivery=delivery, reason="another reason", by=cast.operator)
    assert [event.reason for event in Event.objects.filter(kind="withdrawn")] == [REASON]


def test_without_another_delivery_the_release_has_no_subject(cast: Cast, release: Release) -> None:
    withdraw(release.deliveries.get(), cast)
    release.refresh_from_db()
    assert release.subject is None


def test_the_subject_moves_to_the_oldest_other_delivery(cast: Cast, release: Release) -> None:
    first = release.deliveries.get()
    other = second(cast, release)
    second(cast, release, {"third": b"3"}, name="third.tar.gz")
    release.refresh_from_db()
    assert release.subject == first.snapshot, "a second archive for a version leaves the subject as it is"
    withdraw(first, cast)
    release.refresh_from_db()
    assert release.subject == other.snapshot


def test_another_delivery_of_the_same_tree_keeps_the_subject(cast: Cast, release: Release) -> None:
    first = release.deliveries.get()
    other = second(cast, release, OPEN_FILES, role="patched")
    assert other.snapshot == first.snapshot
    withdraw(first, cast)
    release.refresh_from_db()
    assert release.subject == first.snapshot


def test_a_patched_tree_does_not_become_the_subject(cast: Cast, release: Release) -> None:
    second(cast, release, role="patched")
    withdraw(release.deliveries.order_by("pk")[0], cast)
    release.refresh_from_db()
    assert release.subject is None


def test_the_subjects_deliveries_come_first_wherever_the_subject_moved(cast: Cast, release: Release) -> None:
    first, patched = release.deliveries.get(), second(cast, release, role="patched")
    subject = second(cast, release, {"third": b"3"}, name="third.tar.gz")
    withdraw(first, cast)
    release.refresh_from_db()
    assert list(admitted_deliveries(release)) == [subject, patched]


def test_withdrawing_another_than_the_subjects_moves_nothing(cast: Cast, release: Release) -> None:
    other = second(cast, release)
    withdraw(other, cast)
    release.refresh_from_db()
    assert release.subject == release.deliveries.order_by("pk")[0].snapshot


def test_the_next_delivery_of_a_release_without_subject_gives_it_one(cast: Cast, release: Release) -> None:
    withdraw(release.deliveries.get(), cast)
    other = second(cast, release)
    release.refresh_from_db()
    assert release.subject == other.snapshot


def test_the_same_files_once_more_do_not_bring_it_back(cast: Cast, release: Release) -> None:
    """Neither as the same request nor as another person's, which is another job."""
    first = release.deliveries.get()
    withdraw(first, cast)
    archive = make_archive(OPEN_FILES, "widget-1.0")
    for sender in (cast.vendor, cast.operator):
        job = receive_delivery(
            release=release,
            archive=Received("widget-1.0.tar.gz", io.BytesIO(archive)),
            signatures=[cast.vendor_key.sign(archive)],
            sender=sender,
            send=False,
        )
        assert (finish(job).result or {})["delivery"] == first.pk
    release.refresh_from_db()
    assert (release.subject, release.deliveries.get().state) == (None, "withdrawn")


@pytest.mark.parametrize("reason", ["", " \n", "x" * 2001])
def test_a_reason_is_needed(cast: Cast, release: Release, reason: str) -> None:
    with pytest.raises(UnusableInputError, match="reason-missing"):
        withdraw_delivery(delivery=release.deliveries.get(), reason=reason, by=cast.vendor)
    assert release.deliveries.get().state == Delivery.State.ADMITTED


def test_what_was_never_admitted_is_not_withdrawn(cast: Cast, release: Release) -> None:
    archive = make_archive(OTHER_FILES)
    job = receive_delivery(
        release=release, archive=Received("x.tar.gz", io.BytesIO(archive)), signatures=[], send=False
    )
    quarantined = Delivery.objects.get(pk=(finish(job).result or {})["delivery"])
    with pytest.raises(UnusableInputError, match="not-admitted"):
        withdraw(quarantined, cast)
    assert not Event.objects.filter(kind="withdrawn").exists()


def test_two_people_at_once_withdraw_it_once(cast: Cast, release: Release) -> None:
    delivery, start = release.deliveries.get(), threading.Barrier(2)

    def withdraw_now() -> None:
        start.wait()
        withdraw_delivery(delivery=delivery, reason=REASON, by=None)
        connection.close()

    people = [threading.Thread(target=withdraw_now) for _ in range(2)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert Event.objects.filter(kind="withdrawn").count() == 1
