"""Deciding a Debian source anew: checking it again, with keys enrolled since, and by an operator's reason. Its deliveries stay together."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from tests.cast import finish
from tests.gateways.test_openpgp import Gnupg
from tests.services.test_debian import ALL, DEBIAN, ORIG, PATCH, UPSTREAM, Source, states, tar
from tests.services.test_debian_formats import first_format, native
from tests.signers import OpenPgpSigner
from transparency.models import Delivery, Event, Job, LogEntry, TrustAnchor
from transparency.proofs.events import parse_event_record
from transparency.proofs.records import parse_delivery_record
from transparency.services.admit_quarantined import admit_quarantined, admitted_together, import_again
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.perform_job import perform_job
from transparency.services.reverify_product import request_reverification

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.cast import Cast
    from transparency.models import Product

REASON = "The maintainer's key is of 2010; compared with the archive's own index on paper."
TOGETHER = ["distribution", "patched", "upstream"]


def now(rows: Mapping[str, Delivery]) -> dict[str, Delivery]:
    """The same rows as they are now; nothing stands beside them."""
    again = {role: Delivery.objects.get(pk=row.pk) for role, row in rows.items()}
    assert Delivery.objects.count() == len(rows)
    return again


def product_of(rows: Mapping[str, Delivery]) -> Product:
    return rows["distribution"].release.product


def reverify(product: Product) -> dict[str, Any]:
    return finish(request_reverification(product=product, by=None, send=False)).result or {}


def enrol(cast: Cast, rows: Mapping[str, Delivery], public: str) -> None:
    enrol_product_anchor(product=product_of(rows), public_text=public, enrolled_by=cast.vendor)


class TestReverification:
    @pytest.mark.parametrize("source", [Source, first_format, native])
    def test_what_was_admitted_is_judged_as_it_was_and_nothing_changes(self, cast: Cast, source: Any) -> None:
        rows = source().arrive(cast)
        before = list(Delivery.objects.values()), Event.objects.count(), LogEntry.objects.count()
        assert reverify(product_of(rows)) == {"judged": len(rows), "changed": [], "unjudged": []}
        assert (list(Delivery.objects.values()), Event.objects.count(), LogEntry.objects.count()) == before

    def test_a_key_that_has_ended_is_an_event_for_each(self, cast: Cast) -> None:
        rows = Source().arrive(cast)
        TrustAnchor.objects.filter(product=product_of(rows)).update(revoked_at=timezone.now(), revocation="compromised")
        assert len(reverify(product_of(rows))["changed"]) == 3
        assert {(row.state, row.verdict) for row in now(rows).values()} == {("admitted", "revoked")}
        assert Event.objects.filter(kind="verdict-changed").count() == 3

    def test_an_unknown_key_that_was_enrolled_since_lets_all_in_by_one_job(self, cast: Cast) -> None:
        source = Source()
        rows = source.arrive(cast, enrol=False)
        assert reverify(product_of(rows))["changed"] == []
        enrol(cast, rows, source.signer.key.public)
        changed = reverify(product_of(rows))["changed"]
        assert {item["delivery"] for item in changed} == {row.pk for row in rows.values()}
        (job,) = {item["job"] for item in changed}
        finish(Job.objects.get(pk=job))
        assert states(now(rows)) == ALL
        assert now(rows)["patched"].derived_from == rows["distribution"]
        assert reverify(product_of(rows))["changed"] == []

    @pytest.mark.parametrize(
        ("how", "code"), [({"without": ORIG}, "dsc-file-missing"), ({"changed": ORIG}, "dsc-file-differs")]
    )
    def test_files_that_are_not_those_of_the_description_stay_so(
        self, cast: Cast, how: dict[str, str], code: str
    ) -> None:
        rows = Source().arrive(cast, **how)
        assert reverify(product_of(rows))["changed"] == []
        finish(import_again(delivery=rows["patched"], by=cast.vendor, send=False))
        assert set(states(now(rows)).values()) == {("quarantined", code)}


class TestCheckingAgain:
    @pytest.mark.parametrize("role", TOGETHER)
    def test_whichever_is_asked_about_all_three_come_along(self, cast: Cast, role: str) -> None:
        source = Source()
        rows = source.arrive(cast, enrol=False)
        enrol(cast, rows, source.signer.key.public)
        jobs = {import_again(delivery=row, by=cast.vendor, send=False).pk for row in rows.values()}
        assert len(jobs) == 1
        finish(import_again(delivery=rows[role], by=cast.vendor, send=False))
        assert states(now(rows)) == ALL

    def test_what_was_let_in_is_left_alone_when_one_is_decided_anew(self, cast: Cast) -> None:
        """The patched tree is looked at again when the key of the others is gone: they stay what they are, and have no twins."""
        broken = DEBIAN | {"debian/patches/fix.patch": PATCH.replace(b"-int main;", b"-int other;")}
        rows = Source(debian=broken).arrive(cast)
        TrustAnchor.objects.filter(product=product_of(rows)).update(revoked_at=timezone.now(), revocation="compromised")
        job = finish(import_again(delivery=rows["patched"], by=cast.vendor, send=False))
        assert (job.result or {})["deliveries"] == [rows["patched"].pk]
        assert states(now(rows)) == ALL | {"patched": ("quarantined", "key-revoked")}

    def test_a_job_that_comes_too_late_changes_nothing(self, cast: Cast) -> None:
        source = Source()
        rows = source.arrive(cast, enrol=False)
        enrol(cast, rows, source.signer.key.public)
        first = import_again(delivery=rows["distribution"], by=cast.vendor, send=False)
        other = OpenPgpSigner("Other <other@example.org>")
        enrol(cast, rows, other.key.public)
        second = import_again(delivery=rows["distribution"], by=cast.vendor, send=False)
        assert first.pk != second.pk
        finish(first)
        assert (finish(second).result or {})["deliveries"] == [rows["distribution"].pk]
        assert states(now(rows)) == ALL


def ended(rows: Mapping[str, Delivery]) -> None:
    TrustAnchor.objects.filter(product=product_of(rows)).update(valid_until=timezone.now() - timedelta(days=1))


class WeakSigner:
    """A packager of long ago, whose GnuPG signs over SHA-1."""

    def __init__(self, folder: Path) -> None:
        self.gpg = Gnupg(folder / "gnupg")
        self.fingerprint = self.gpg.make("old", "rsa2048")
        self.key = self.gpg.key(self.fingerprint)

    def clearsign(self, text: bytes) -> bytes:
        weak = ("--allow-weak-digest-algos", "--digest-algo", "SHA1")
        return self.gpg.run(*weak, "--local-user", self.fingerprint, "--clear-sign", data=text)


class TestAdmission:
    def ask(self, cast: Cast, delivery: Delivery) -> Job:
        return admit_quarantined(
            delivery=delivery, outcome=delivery.verdict, reason=REASON, by=cast.operator, send=False
        )

    def quarantined(self, cast: Cast, outcome: str, tmp_path: Path, **files: Any) -> dict[str, Delivery]:
        source = Source(signer=WeakSigner(tmp_path) if outcome == "weak" else OpenPgpSigner(), **files)
        rows = source.arrive(cast, enrol=False)
        enrol(cast, rows, source.signer.key.public)
        if outcome == "expired":
            ended(rows)
        reverify(product_of(rows))
        return now(rows)

    @pytest.mark.parametrize("outcome", ["expired", "weak"])
    def test_one_reason_admits_all_that_rest_on_the_description(self, cast: Cast, tmp_path: Path, outcome: str) -> None:
        rows = self.quarantined(cast, outcome, tmp_path)
        assert {row.verdict for row in rows.values()} == {outcome}
        assert [row.role for row in admitted_together(rows["patched"])] == TOGETHER
        job = finish(self.ask(cast, rows["patched"]))
        assert (job.result or {})["deliveries"] == [rows[role].pk for role in TOGETHER]
        for row in now(rows).values():
            assert (row.state, row.verdict) == ("admitted", outcome)
            assert parse_delivery_record(bytes(row.record or b"")).verdict.outcome == outcome
            event = Event.objects.get(delivery=row)
            record = parse_event_record(bytes(event.record))
            assert (record.event, record.reason, record.after) == ("admitted", REASON, f"admitted as {outcome}")
            assert LogEntry.objects.filter(kind="event", digest=event.record_digest, index__isnull=False).exists()
        admitted = now(rows)
        assert admitted["distribution"].release.subject == admitted["distribution"].snapshot
        assert admitted["patched"].derived_from == rows["distribution"]

    def test_upstream_by_its_own_expired_signature_needs_a_reason_of_its_own(self, cast: Cast, tmp_path: Path) -> None:
        own, archive = OpenPgpSigner("Upstream <upstream@example.org>"), tar(UPSTREAM)
        archives = {ORIG: archive, "pump_1.0-2.debian.tar.gz": tar(DEBIAN)}
        source = Source(archives=archives, beside={f"{ORIG}.asc": own.sign(archive)})
        rows = source.arrive(cast, enrol=False)
        for signer in (source.signer, own):
            enrol(cast, rows, signer.key.public)
        ended(rows)
        finish(import_again(delivery=rows["upstream"], by=None, send=False))
        rows = now(rows)
        assert {row.verdict for row in rows.values()} == {"expired"}
        assert [row.role for row in admitted_together(rows["distribution"])] == ["distribution", "patched"]
        finish(self.ask(cast, rows["distribution"]))
        assert [row.state for row in now(rows).values()] == ["admitted", "admitted", "quarantined"]
        finish(self.ask(cast, now(rows)["upstream"]))
        assert {row.state for row in now(rows).values()} == {"admitted"}
        assert Event.objects.filter(kind="admitted").count() == 3

    def test_a_reason_is_outdated_when_the_verdict_is_another_by_then(self, cast: Cast, tmp_path: Path) -> None:
        rows = self.quarantined(cast, "expired", tmp_path)
        job = self.ask(cast, rows["upstream"])
        TrustAnchor.objects.filter(product=product_of(rows)).update(revoked_at=timezone.now(), revocation="compromised")
        assert perform_job(job=job.pk)
        job.refresh_from_db()
        assert (job.state, (job.error or {})["code"]) == ("failed", "admission-outdated")
        assert {row.state for row in now(rows).values()} == {"quarantined"}
        assert not Event.objects.filter(kind="admitted").exists()
