"""Signatures over a list that names the archive, over the decompressed tar, over the whole file: what each verdict says."""

from __future__ import annotations

import gzip
import hashlib
import io
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from tests.cast import Cast, finish, make_archive
from tests.signers import MinisignSigner, SignifySigner
from transparency.errors import UnusableInputError
from transparency.models import Delivery, TrustAnchor
from transparency.proofs.digest import Digest
from transparency.proofs.records import parse_delivery_record
from transparency.proofs.signatures.judge import Moments
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.enrolled_keys import enrolled_keys
from transparency.services.ensure_release import ensure_release
from transparency.services.receive_delivery import Over, receive_delivery
from transparency.services.reverify_product import request_reverification
from transparency.services.revoke_anchor import revoke_anchor
from transparency.services.stored_files import Received

if TYPE_CHECKING:
    from pathlib import Path

NAME = "pump-1.0.tar.gz"
ARCHIVE = make_archive({"a.c": b"int a;\n"}, "pump-1.0")
LISTED = f"{Digest.of(ARCHIVE)}  {NAME}\n"


def arrive(
    cast: Cast,
    signatures: list[bytes],
    *,
    archive: bytes = ARCHIVE,
    cover: str | bytes | None = None,
    over: Over = "archive",
    key: str = "",
) -> Delivery:
    release = ensure_release(vendor="acme", product="pump", version="1.0", restricted=False)
    enrol_product_anchor(product=release.product, public_text=key or cast.vendor_key.public, enrolled_by=cast.vendor)
    data = cover.encode() if isinstance(cover, str) else cover
    job = finish(
        receive_delivery(
            release=release,
            archive=Received(NAME, io.BytesIO(archive)),
            signatures=signatures,
            cover=Received("SHA256SUMS", io.BytesIO(data)) if data is not None else None,
            over=over,
            send=False,
        )
    )
    return Delivery.objects.get(pk=(job.result or {})["delivery"])


def state(delivery: Delivery) -> tuple[str, str, str]:
    return delivery.state, delivery.verdict, delivery.verdict_code


class TestLists:
    @pytest.mark.parametrize(
        "listing",
        [
            LISTED,
            f"{Digest.of(ARCHIVE)} *{NAME}\n" + 64 * "0" + " *other\n",
            f"SHA256 ({NAME}) = {Digest.of(ARCHIVE)}\n",
            f"{Digest.of(ARCHIVE)}  ./{NAME}\n",
        ],
        ids=["GNU", "binary", "BSD", "a leading dot"],
    )
    def test_a_signed_list_that_names_the_archive_lets_it_in(self, cast: Cast, listing: str) -> None:
        delivery = arrive(cast, [cast.vendor_key.sign(listing.encode())], cover=listing)
        assert state(delivery) == ("admitted", "valid", "valid")
        record = parse_delivery_record(bytes(delivery.record or b""))
        assert record.cover is not None
        assert (record.cover.form, record.cover.file.sha256) == ("checksums", Digest.of(listing.encode()))
        assert delivery.signatures.get().steps[-1]["name"] == "list names the archive"

    def test_sha512_too(self, cast: Cast) -> None:
        listing = f"{hashlib.sha512(ARCHIVE).hexdigest()}  {NAME}\n"
        assert state(arrive(cast, [cast.vendor_key.sign(listing.encode())], cover=listing))[0] == "admitted"

    @pytest.mark.parametrize(
        ("listing", "code"),
        [
            (f"{64 * '0'}  {NAME}\n", "listed-and-different"),
            (f"{Digest.of(ARCHIVE)}  other.tar.gz\n", "not-listed"),
            (f"{Digest.of(ARCHIVE)}  old/{NAME}\n", "not-listed"),
            (f"{Digest.of(ARCHIVE)}  ../{NAME}\n", "checksums-name"),
            (f"{Digest.of(ARCHIVE)}  /{NAME}\n", "checksums-name"),
            (LISTED + LISTED, "checksums-duplicate"),
            (LISTED + f"{64 * '0'}  {NAME}\n", "checksums-duplicate"),
            (LISTED + f"SHA256 (b) = {64 * '0'}\n", "checksums-mixed"),
            (LISTED + f"{128 * '0'}  b\n", "checksums-mixed"),
            (f"{Digest.of(ARCHIVE)}  {NAME}\\\n", "not-listed"),
            ("not a list", "checksums-malformed"),
            ("\n", "checksums-malformed"),
        ],
    )
    def test_a_signed_list_that_does_not_name_it_is_invalid(self, cast: Cast, listing: str, code: str) -> None:
        delivery = arrive(cast, [cast.vendor_key.sign(listing.encode())], cover=listing)
        assert state(delivery) == ("quarantined", "invalid", code)
        assert delivery.snapshot is None

    def test_a_signature_over_the_archive_is_none_over_the_list(self, cast: Cast) -> None:
        delivery = arrive(cast, [cast.vendor_key.sign(ARCHIVE)], cover=LISTED)
        assert state(delivery) == ("quarantined", "invalid", "signature-mismatch")

    def test_a_list_that_nobody_signed_is_unsigned(self, cast: Cast) -> None:
        assert state(arrive(cast, [], cover=LISTED)) == ("quarantined", "unsigned", "unsigned")


class TestDecompressed:
    def test_a_signature_over_the_tar_counts_only_when_asked_for(self, cast: Cast) -> None:
        signature = cast.vendor_key.sign(gzip.decompress(ARCHIVE))
        assert state(arrive(cast, [signature])) == ("quarantined", "invalid", "signature-mismatch")
        delivery = arrive(cast, [signature], over="decompressed")
        assert state(delivery) == ("admitted", "valid", "valid")
        found = delivery.signatures.get().steps[-1]["found"]
        assert "covers the decompressed tar" in found
        assert "not the compressed file" in found
        record = parse_delivery_record(bytes(delivery.record or b""))
        assert record.cover is not None
        assert record.cover.file.sha256 == Digest.of(gzip.decompress(ARCHIVE))

    def test_a_signature_over_the_archive_is_none_over_the_tar(self, cast: Cast) -> None:
        assert state(arrive(cast, [cast.vendor_key.sign(ARCHIVE)], over="decompressed"))[1] == "invalid"

    def test_what_does_not_decompress_is_signed_by_nobody(self, cast: Cast) -> None:
        signature = cast.vendor_key.sign(gzip.decompress(ARCHIVE))
        delivery = arrive(cast, [signature], archive=ARCHIVE[:-9], over="decompressed")
        assert state(delivery) == ("quarantined", "invalid", "stream-truncated")

    def test_both_at_once_are_refused(self, cast: Cast) -> None:
        with pytest.raises(UnusableInputError, match="cover-and-decompressed"):
            arrive(cast, [], cover=LISTED, over="decompressed")


class TestWholeFile:
    def test_plain_minisign_is_judged(self, cast: Cast, tmp_path: Path) -> None:
        signer = MinisignSigner(tmp_path, legacy=True)
        assert state(arrive(cast, [signer.sign(ARCHIVE)], key=signer.public.read_text())) == (
            "admitted",
            "valid",
            "valid",
        )

    def test_signify_is_judged(self, cast: Cast, tmp_path: Path) -> None:
        signer = SignifySigner(tmp_path)
        public = signer.public.read_text()
        assert state(arrive(cast, [signer.sign(ARCHIVE + b"x")], key=public))[1:] == ("invalid", "signature-mismatch")
        assert state(arrive(cast, [signer.sign(ARCHIVE)], key=public)) == ("admitted", "valid", "valid")


class TestTime:
    def test_what_our_log_held_while_the_key_was_in_use_stays_valid(self, cast: Cast) -> None:
        signature = cast.vendor_key.sign(ARCHIVE)
        first = arrive(cast, [signature])
        assert state(first) == ("admitted", "valid", "valid")
        TrustAnchor.objects.filter(product__slug="pump").update(valid_until=first.created_at + timedelta(seconds=30))
        soon = timezone.now() + timedelta(hours=1)
        [key] = enrolled_keys(TrustAnchor.objects.filter(product__slug="pump"))
        assert Moments(soon).window_step(key).status == "fails"
        assert Moments(soon, first.created_at).window_step(key).status == "holds"

    def test_the_same_bytes_with_a_signature_that_came_later_do_not(self, cast: Cast) -> None:
        arrive(cast, [cast.vendor_key.sign(ARCHIVE)])
        TrustAnchor.objects.filter(product__slug="pump").update(valid_until=timezone.now() - timedelta(hours=1))
        listing = LISTED
        later = arrive(cast, [cast.vendor_key.sign(listing.encode())], cover=listing)
        assert state(later) == ("quarantined", "expired", "key-window")


def test_a_signature_over_the_tar_is_judged_again_over_the_tar(cast: Cast) -> None:
    """With the keys as they are then: it stays valid, and a key that was revoked changes it."""
    delivery = arrive(cast, [cast.vendor_key.sign(gzip.decompress(ARCHIVE))], over="decompressed")
    product, before = delivery.release.product, delivery.cover
    job = finish(request_reverification(product=product, by=cast.vendor, send=False))
    assert job.result == {"judged": 1, "changed": [], "unjudged": []}
    revoke_anchor(
        anchor=TrustAnchor.objects.get(product=product), revocation="compromised", reason="stolen", by=cast.vendor
    )
    job = finish(request_reverification(product=product, by=cast.vendor, send=False))
    [changed] = (job.result or {})["changed"]
    assert (changed["before"], changed["after"]) == ("valid", "revoked")
    delivery.refresh_from_db()
    assert (delivery.verdict, delivery.cover) == ("revoked", before)
