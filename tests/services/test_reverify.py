"""Checking everything again: what changed is written down and logged, what did not is left alone."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.utils import timezone

from tests.cast import OPEN_FILES, finish, make_archive
from transparency.models import Delivery, Event, Job, LogEntry, TrustAnchor
from transparency.proofs.events import parse_event_record
from transparency.registries import job_performers
from transparency.services.cancel_job import cancel_job
from transparency.services.claim_job import claim_job
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.perform_job import perform_job
from transparency.services.receive_delivery import receive_delivery
from transparency.services.reverify_product import request_reverification
from transparency.services.revoke_anchor import revoke_anchor
from transparency.services.stored_files import Received

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_django.fixtures import Settings

    from tests.cast import Cast, Key
    from transparency.models import Product, Release

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def again(product: Product, cast: Cast) -> dict[str, Any]:
    return finish(request_reverification(product=product, by=cast.vendor, send=False)).result or {}


def end_keys(product: Product) -> None:
    TrustAnchor.objects.filter(product=product).update(valid_until=LONG_AGO)


def quarantine(cast: Cast, key: Key) -> Delivery:
    release = ensure_release(vendor="acme", product="broken", version="1.0", restricted=False)
    enrol_product_anchor(product=release.product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    archive = make_archive(OPEN_FILES)
    received = Received("broken-1.0.tar.gz", io.BytesIO(archive))
    finish(
        receive_delivery(
            release=release, archive=received, signatures=[key.sign(archive)], sender=cast.vendor, send=False
        )
    )
    return Delivery.objects.get(release=release)


def test_what_did_not_change_is_left_alone(cast: Cast, open_release: Release) -> None:
    before = list(Delivery.objects.values()), Event.objects.count(), LogEntry.objects.count()
    assert again(open_release.product, cast) == {"judged": 2, "changed": [], "unjudged": []}
    assert (list(Delivery.objects.values()), Event.objects.count(), LogEntry.objects.count()) == before


def test_a_changed_verdict_is_a_row_an_event_and_a_leaf(cast: Cast, open_release: Release) -> None:
    end_keys(open_release.product)
    delivery, builds = open_release.deliveries.get(), open_release.build_lists.get()
    result = again(open_release.product, cast)
    told = {"before": "valid", "after": "expired"}
    assert result["changed"] == [
        {"delivery": delivery.pk, "name": "widget-1.0.tar.gz"} | told,
        {"builds": builds.pk, "name": "SHA256SUMS"} | told,
    ]
    delivery.refresh_from_db()
    assert (delivery.state, delivery.verdict, delivery.verdict_code) == ("admitted", "expired", "key-window")
    signature = delivery.signatures.get()
    assert (signature.outcome, signature.code) == ("expired", "key-window")
    assert "2001-01-01" in str(signature.steps)
    first, second = Event.objects.filter(kind="verdict-changed")
    assert (first.delivery, first.release, first.by) == (delivery, open_release, cast.vendor)
    assert (first.before, first.after) == ("valid", "expired")
    assert (second.delivery, second.reason) == (
        None,
        f"of the builds whose record has the digest {builds.record_digest}",
    )
    record = parse_event_record(bytes(first.record))
    assert record.delivery is not None
    assert record.delivery.hex == delivery.record_digest
    for event in (first, second):
        assert LogEntry.objects.filter(kind="event", digest=event.record_digest, index__isnull=False).exists()


def test_what_a_compromised_key_signed_is_revoked_whatever_the_time(cast: Cast, open_release: Release) -> None:
    anchor = open_release.product.anchors.get()
    revoke_anchor(anchor=anchor, revocation="compromised", reason="stolen", by=cast.vendor)
    again(open_release.product, cast)
    delivery = open_release.deliveries.get()
    assert (delivery.state, delivery.verdict, delivery.verdict_code) == ("admitted", "revoked", "key-revoked")


@pytest.mark.parametrize("revocation", ["superseded", "retired"])
def test_what_was_logged_before_a_key_was_retired_stays_valid(
    cast: Cast, open_release: Release, revocation: str
) -> None:
    anchor = open_release.product.anchors.get()
    after = timezone.now() + timedelta(seconds=1)
    revoke_anchor(anchor=anchor, revocation=revocation, reason="yearly", by=cast.vendor, revoked_at=after)
    TrustAnchor.objects.update(valid_until=after)  # whole seconds: what is logged in this one still counts
    with patch("django.utils.timezone.now", return_value=after + timedelta(days=400)):
        assert again(open_release.product, cast)["changed"] == []
    assert open_release.deliveries.get().verdict == "valid"


def test_the_way_back_is_an_event_as_well(cast: Cast, open_release: Release) -> None:
    end_keys(open_release.product)
    again(open_release.product, cast)
    TrustAnchor.objects.update(valid_until=None)
    again(open_release.product, cast)
    changes = Event.objects.filter(kind="verdict-changed", delivery=open_release.deliveries.get())
    assert [event.after for event in changes] == ["expired", "valid"]
    assert open_release.deliveries.get().signatures.get().outcome == "valid"


def test_the_record_and_its_signature_files_stay_as_they_were_logged(cast: Cast, open_release: Release) -> None:
    delivery = open_release.deliveries.get()
    logged, files = bytes(delivery.record or b""), list(delivery.signatures.values_list("position", "sha256"))
    end_keys(open_release.product)
    again(open_release.product, cast)
    delivery.refresh_from_db()
    assert bytes(delivery.record or b"") == logged
    assert list(delivery.signatures.values_list("position", "sha256")) == files


def test_quarantine_is_left_when_the_key_was_enrolled_since(cast: Cast, keys: Mapping[str, Key]) -> None:
    delivery = quarantine(cast, keys["outsider"])
    product = delivery.release.product
    assert again(product, cast)["changed"] == []
    enrol_product_anchor(product=product, public_text=keys["outsider"].public, enrolled_by=cast.vendor)
    (told,) = again(product, cast)["changed"]
    finish(Job.objects.get(pk=told["job"]))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.verdict) == ("admitted", "valid")
    assert delivery.release.__class__.objects.get(pk=delivery.release_id).subject == delivery.snapshot
    assert not Event.objects.filter(kind="verdict-changed").exists()


def test_quarantine_changes_in_silence(cast: Cast, keys: Mapping[str, Key]) -> None:
    delivery = quarantine(cast, keys["outsider"])
    enrol_product_anchor(
        product=delivery.release.product,
        public_text=keys["outsider"].public,
        enrolled_by=cast.vendor,
        valid_until=LONG_AGO,
    )
    again(delivery.release.product, cast)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.verdict) == ("quarantined", "expired")
    assert not Event.objects.filter(kind="verdict-changed").exists()
    assert not LogEntry.objects.filter(kind="delivery").exists()


def test_refused_members_are_no_question_of_keys(cast: Cast) -> None:
    release = ensure_release(vendor="acme", product="broken", version="1.0", restricted=False)
    enrol_product_anchor(product=release.product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    archive = make_archive({"a/../b": b"x"})
    received = Received("broken.tar.gz", io.BytesIO(archive))
    finish(receive_delivery(release=release, archive=received, signatures=[cast.vendor_key.sign(archive)], send=False))
    assert again(release.product, cast)["changed"] == []
    assert Delivery.objects.get(release=release).state == Delivery.State.QUARANTINED


def test_a_withdrawn_delivery_is_not_judged(cast: Cast, open_release: Release) -> None:
    open_release.deliveries.update(state=Delivery.State.WITHDRAWN)
    end_keys(open_release.product)
    assert again(open_release.product, cast)["judged"] == 1
    assert open_release.deliveries.get().verdict == "valid"


def test_what_cannot_be_decided_now_keeps_its_verdict_and_is_listed(cast: Cast, open_release: Release) -> None:
    delivery = open_release.deliveries.get()
    end_keys(open_release.product)
    for path in django_settings.OBJECT_ROOT.rglob(f"*{delivery.archive_sha256[4:]}*"):
        path.unlink()
    result = again(open_release.product, cast)
    assert [item["delivery"] for item in result["unjudged"] if "delivery" in item] == [delivery.pk]
    assert [item["code"] for item in result["unjudged"]] == ["object-missing"]
    assert len(result["changed"]) == 1
    delivery.refresh_from_db()
    assert delivery.verdict == "valid"


def test_one_round_at_a_time_and_a_new_one_when_it_has_ended(cast: Cast, open_release: Release) -> None:
    product = open_release.product
    first = request_reverification(product=product, by=cast.vendor, send=False)
    assert request_reverification(product=product, by=cast.operator, send=False).pk == first.pk
    finish(first)
    assert request_reverification(product=product, by=cast.vendor, send=False).pk != first.pk


def test_a_cancelled_round_writes_nothing_more(cast: Cast, open_release: Release) -> None:
    end_keys(open_release.product)
    job = request_reverification(product=open_release.product, by=cast.vendor, send=False)
    claim = claim_job(job=job.pk)
    assert claim is not None
    cancel_job(job=job, by=cast.vendor)
    with pytest.raises(Exception, match="lease-lost"):
        job_performers["reverify"](claim)
    assert not perform_job(job=job.pk)
    assert open_release.deliveries.get().verdict == "valid"


def test_the_command_does_the_round_and_the_imports_that_follow(
    cast: Cast, keys: Mapping[str, Key], capsys: pytest.CaptureFixture[str]
) -> None:
    delivery = quarantine(cast, keys["outsider"])
    enrol_product_anchor(product=delivery.release.product, public_text=keys["outsider"].public, enrolled_by=cast.vendor)
    call_command("reverify", "--product", "broken", "--json")
    said = json.loads(capsys.readouterr().out)
    assert (said["product"], said["judged"], said["changed"][0]["after"]) == ("broken", 1, "valid")
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.ADMITTED
    with pytest.raises(SystemExit) as stopped:
        call_command("reverify", "--product", "nothing", "--json")
    assert stopped.value.code == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "product-unknown"
