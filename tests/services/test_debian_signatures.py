"""Signatures over single files of a Debian source: upstream's own, those of its components, and what each decides and changes not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cast import finish
from tests.services.test_debian import ALL, DEBIAN, ORIG, UPSTREAM, Source, states, tar
from tests.signers import OpenPgpSigner
from transparency.models import Delivery, Product, TrustAnchor
from transparency.proofs.records import parse_delivery_record
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.reverify_product import request_reverification

if TYPE_CHECKING:
    from tests.cast import Cast

LIB = "pump_1.0.orig-lib.tar.gz"
BUNDLED = tar({"lib-2.0/lib.c": b"int lib;\n"})
ARCHIVES = {ORIG: tar(UPSTREAM), "pump_1.0-2.debian.tar.gz": tar(DEBIAN)}


@pytest.fixture(scope="module")
def upstream() -> OpenPgpSigner:
    return OpenPgpSigner("Upstream <upstream@example.org>")


def enrol(cast: Cast, signer: OpenPgpSigner) -> Product:
    product = ensure_release(vendor="acme", product="pump", version="1.0-2", restricted=False).product
    enrol_product_anchor(product=product, public_text=signer.key.public, enrolled_by=cast.vendor)
    return product


def listed(delivery: Delivery) -> list[tuple[str, str, str]]:
    """Every signature on the page of a delivery: which single file it is over, and what became of it."""
    return [(row.over_file, row.outcome, row.code) for row in delivery.signatures.all()]


def with_component(signature: bytes) -> Source:
    return Source(archives=ARCHIVES | {LIB: BUNDLED}, beside={f"{LIB}.asc": signature})


class TestUpstream:
    def test_its_own_signature_by_an_enrolled_key_is_what_it_rests_on(
        self, cast: Cast, upstream: OpenPgpSigner
    ) -> None:
        enrol(cast, upstream)
        rows = Source(archives=ARCHIVES, beside={f"{ORIG}.asc": upstream.sign(ARCHIVES[ORIG])}).arrive(cast)
        assert states(rows) == ALL
        record = parse_delivery_record(bytes(rows["upstream"].record or b""))
        assert (record.cover, [item.key for item in record.signatures]) == (None, [upstream.key.fingerprint])
        assert listed(rows["upstream"]) == [("", "valid", "valid")]
        assert listed(rows["distribution"]) == [("", "valid", "valid")]

    def test_a_bad_one_keeps_upstream_alone_out(self, cast: Cast, upstream: OpenPgpSigner) -> None:
        enrol(cast, upstream)
        rows = Source(archives=ARCHIVES, beside={f"{ORIG}.asc": upstream.sign(b"something else")}).arrive(cast)
        assert states(rows) == ALL | {"upstream": ("quarantined", "signature-mismatch")}
        assert rows["upstream"].verdict == "invalid"

    def test_one_by_an_unknown_key_changes_nothing_and_is_listed(self, cast: Cast, upstream: OpenPgpSigner) -> None:
        rows = Source(archives=ARCHIVES, beside={f"{ORIG}.asc": upstream.sign(ARCHIVES[ORIG])}).arrive(cast)
        assert states(rows) == ALL
        record = parse_delivery_record(bytes(rows["upstream"].record or b""))
        assert record.cover is not None
        assert (record.cover.form, [item.outcome for item in record.signatures]) == ("dsc", ["valid"])
        assert listed(rows["upstream"]) == [("", "valid", "valid"), (ORIG, "unknown-key", "unknown-key")]

    def test_enrolled_later_it_is_listed_as_valid_and_the_record_stays(
        self, cast: Cast, upstream: OpenPgpSigner
    ) -> None:
        rows = Source(archives=ARCHIVES, beside={f"{ORIG}.asc": upstream.sign(ARCHIVES[ORIG])}).arrive(cast)
        product = enrol(cast, upstream)
        assert (finish(request_reverification(product=product, by=None, send=False)).result or {})["changed"] == []
        assert listed(rows["upstream"]) == [("", "valid", "valid"), (ORIG, "valid", "valid")]
        rows["upstream"].refresh_from_db()
        assert len(parse_delivery_record(bytes(rows["upstream"].record or b"")).signatures) == 1

    def test_without_a_description_that_counts_it_waits_for_its_own_key(
        self, cast: Cast, upstream: OpenPgpSigner
    ) -> None:
        source = Source(archives=ARCHIVES, beside={f"{ORIG}.asc": upstream.sign(ARCHIVES[ORIG])})
        rows = source.arrive(cast, enrol=False)
        assert {row.verdict for row in rows.values()} == {"unknown-key"}
        product = enrol(cast, upstream)
        (told,) = (finish(request_reverification(product=product, by=None, send=False)).result or {})["changed"]
        assert told["delivery"] == rows["upstream"].pk


class TestComponents:
    def test_a_good_one_is_listed_with_the_trees_and_is_no_part_of_their_records(
        self, cast: Cast, upstream: OpenPgpSigner
    ) -> None:
        enrol(cast, upstream)
        rows = with_component(upstream.sign(BUNDLED)).arrive(cast)
        assert states(rows) == ALL
        for role in ("distribution", "patched"):
            assert listed(rows[role]) == [("", "valid", "valid"), (LIB, "valid", "valid")]
            record = parse_delivery_record(bytes(rows[role].record or b""))
            assert len(record.signatures) == 1
            assert f"{LIB}.asc" in [item.name for item in record.components]
        assert listed(rows["upstream"]) == [("", "valid", "valid")]

    @pytest.mark.parametrize("listed_there", [True, False])
    def test_a_bad_one_makes_the_trees_invalid_that_hold_the_component(
        self, cast: Cast, upstream: OpenPgpSigner, *, listed_there: bool
    ) -> None:
        """Listed in the description or only lying beside it: it must not pass silently."""
        enrol(cast, upstream)
        signature = {f"{LIB}.asc": upstream.sign(b"another library")}
        source = Source(archives=ARCHIVES | {LIB: BUNDLED}, beside=signature if listed_there else {})
        rows = source.arrive(cast, more=signature if not listed_there else {})
        assert states(rows) == ALL | dict.fromkeys(("distribution", "patched"), ("quarantined", "signature-mismatch"))
        assert {rows[role].verdict for role in ("distribution", "patched")} == {"invalid"}
        assert listed(rows["distribution"]) == [("", "valid", "valid"), (LIB, "invalid", "signature-mismatch")]

    def test_one_that_cannot_be_read_makes_them_invalid_as_well(self, cast: Cast) -> None:
        rows = with_component(b"not a signature").arrive(cast)
        assert states(rows)["distribution"] == ("quarantined", "signature-unreadable")

    def test_the_descriptions_own_signature_does_not_do_for_a_component(self, cast: Cast) -> None:
        """A text's signature is another kind: handed in for an archive it is refused, whoever made it."""
        source = Source(archives=ARCHIVES | {LIB: BUNDLED})
        text = source.signer.clearsign(BUNDLED.hex().encode()).partition(b"-----BEGIN PGP SIGNATURE")
        source.beside = {f"{LIB}.asc": text[1] + text[2]}
        assert states(source.arrive(cast))["distribution"] == ("quarantined", "signature-kind")

    def test_one_by_an_unknown_key_changes_nothing_and_is_listed(self, cast: Cast, upstream: OpenPgpSigner) -> None:
        rows = with_component(upstream.sign(b"another library")).arrive(cast)
        assert states(rows) == ALL
        assert listed(rows["patched"])[1:] == [(LIB, "unknown-key", "unknown-key")]

    def test_a_key_enrolled_later_shows_that_it_was_bad_as_an_event(self, cast: Cast, upstream: OpenPgpSigner) -> None:
        rows = with_component(upstream.sign(b"another library")).arrive(cast)
        product = enrol(cast, upstream)
        result = finish(request_reverification(product=product, by=None, send=False)).result or {}
        assert [item["delivery"] for item in result["changed"]] == [rows["distribution"].pk, rows["patched"].pk]
        for role in ("distribution", "patched"):
            rows[role].refresh_from_db()
            assert (rows[role].state, rows[role].verdict_code) == ("admitted", "signature-mismatch")
            assert [event.after for event in rows[role].events.filter(kind="verdict-changed")] == ["invalid"]
            assert listed(rows[role])[1:] == [(LIB, "invalid", "signature-mismatch")]

    def test_one_by_a_key_that_has_ended_changes_nothing(self, cast: Cast, upstream: OpenPgpSigner) -> None:
        enrol(cast, upstream)
        TrustAnchor.objects.update(revoked_at="2020-01-01T00:00:00Z", revocation="compromised")
        rows = with_component(upstream.sign(BUNDLED)).arrive(cast)
        assert states(rows) == ALL
        assert listed(rows["distribution"])[1:] == [(LIB, "revoked", "key-revoked")]
