"""An expired or weak delivery gets in only as exactly that, by the operator's stated and logged reason."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from tests.cast import Cast, Key, finish, make_archive, make_key
from transparency.errors import NotAllowedError, UnusableInputError
from transparency.models import Delivery, Event, Job, LogEntry, TrustAnchor
from transparency.proofs.digest import Digest
from transparency.proofs.events import parse_event_record
from transparency.proofs.records import parse_delivery_record
from transparency.services.admit_quarantined import admit_quarantined, import_again
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.perform_job import perform_job
from transparency.services.receive_delivery import receive_delivery
from transparency.services.stored_files import Received

if TYPE_CHECKING:
    from pathlib import Path

REASON = "The vendor lost the old key; compared with the copy of 2024 on paper."
FILES = {"a.c": b"int a;\n"}


def arrive(cast: Cast, key: Key, files: dict[str, bytes] | None = None, *, restricted: bool = False) -> Delivery:
    release = ensure_release(vendor="acme", product="old", version="1.0", restricted=restricted)
    archive = make_archive(files or FILES, "old-1.0")
    job = finish(
        receive_delivery(
            release=release,
            archive=Received("old-1.0.tar.gz", io.BytesIO(archive)),
            signatures=[key.sign(archive)],
            sender=cast.vendor,
            send=False,
        )
    )
    return Delivery.objects.get(pk=(job.result or {})["delivery"])


@pytest.fixture
def expired(cast: Cast) -> Delivery:
    release = ensure_release(vendor="acme", product="old", version="1.0", restricted=False)
    anchor = enrol_product_anchor(product=release.product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    TrustAnchor.objects.filter(pk=anchor.pk).update(valid_until=timezone.now() - timedelta(days=1))
    delivery = arrive(cast, cast.vendor_key)
    assert (delivery.state, delivery.verdict) == ("quarantined", "expired")
    return delivery


def ask(cast: Cast, delivery: Delivery, outcome: str = "expired", reason: str = REASON) -> Job:
    return admit_quarantined(delivery=delivery, outcome=outcome, reason=reason, by=cast.operator, send=False)


def test_an_expired_delivery_is_admitted_as_expired_and_keeps_its_page(cast: Cast, expired: Delivery) -> None:
    job = finish(ask(cast, expired))
    assert (job.result or {})["delivery"] == expired.pk
    expired.refresh_from_db()
    assert (expired.state, expired.verdict, expired.release.subject) == ("admitted", "expired", expired.snapshot)
    assert parse_delivery_record(bytes(expired.record or b"")).verdict.outcome == "expired"
    event = Event.objects.get(delivery=expired)
    record = parse_event_record(bytes(event.record))
    assert (record.event, record.reason, record.after, record.org) == (
        "admitted",
        REASON,
        "admitted as expired",
        "centre",
    )
    assert record.delivery == Digest.parse(expired.record_digest)
    assert b"olga" not in bytes(event.record).lower()
    assert LogEntry.objects.filter(kind="event", digest=event.record_digest, index__isnull=False).count() == 1


def test_asking_twice_is_one_job_and_one_event(cast: Cast, expired: Delivery) -> None:
    first, second = ask(cast, expired), ask(cast, expired)
    assert first.pk == second.pk
    finish(first)
    expired.refresh_from_db()
    with pytest.raises(UnusableInputError, match="not-in-quarantine"):
        ask(cast, expired)
    assert Event.objects.filter(kind="admitted").count() == 1


def test_only_the_operator_may_and_only_with_a_reason(cast: Cast, expired: Delivery) -> None:
    for person in (cast.vendor, cast.auditor, cast.stranger):
        with pytest.raises(NotAllowedError, match="operator-only"):
            admit_quarantined(delivery=expired, outcome="expired", reason=REASON, by=person)
    for reason in ("", "  \n ", "x" * 2001):
        with pytest.raises(UnusableInputError, match="reason-missing"):
            ask(cast, expired, reason=reason)
    assert Job.objects.filter(state=Job.State.QUEUED).count() == 0


def test_another_outcome_than_the_delivery_has_is_not_admitted(cast: Cast, expired: Delivery) -> None:
    for outcome in ("weak", "valid", "invalid", "revoked", "unknown-key"):
        with pytest.raises(UnusableInputError, match="not-admissible"):
            ask(cast, expired, outcome)


def test_what_is_forged_or_unknown_stays_out_whatever_the_reason(cast: Cast, tmp_path: Path) -> None:
    unknown = arrive(cast, make_key(tmp_path, "unknown"))
    assert unknown.verdict == "unknown-key"
    for outcome in ("unknown-key", "expired"):
        with pytest.raises(UnusableInputError, match="not-admissible"):
            ask(cast, unknown, outcome)


def test_a_key_revoked_meanwhile_undoes_the_request(cast: Cast, expired: Delivery) -> None:
    job = ask(cast, expired)
    expired.release.product.anchors.update(revoked_at=timezone.now(), revocation="compromised")
    assert perform_job(job=job.pk)
    job.refresh_from_db()
    assert (job.state, (job.error or {})["code"]) == ("failed", "admission-outdated")
    expired.refresh_from_db()
    assert expired.state == "quarantined"
    assert not Event.objects.filter(kind="admitted").exists()


def test_a_refused_member_is_not_admitted_by_any_reason(cast: Cast, expired: Delivery) -> None:
    anchor = expired.release.product.anchors.get()
    TrustAnchor.objects.filter(pk=anchor.pk).update(valid_until=None)
    refused = arrive(cast, cast.vendor_key, {"a/.git/config": b"x"})
    assert (refused.state, refused.verdict) == ("quarantined", "valid")
    Delivery.objects.filter(pk=refused.pk).update(verdict="expired")
    refused.refresh_from_db()
    with pytest.raises(UnusableInputError, match="not-admissible"):
        ask(cast, refused)


def test_a_key_enrolled_since_lets_the_same_page_in_without_a_reason(cast: Cast, tmp_path: Path) -> None:
    key = make_key(tmp_path, "late")
    delivery = arrive(cast, key)
    enrol_product_anchor(product=delivery.release.product, public_text=key.public, enrolled_by=cast.vendor)
    finish(import_again(delivery=delivery, by=cast.vendor, send=False))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.verdict) == ("admitted", "valid")
    assert [item.outcome for item in delivery.signatures.all()] == ["valid"]
    assert Delivery.objects.count() == 1
