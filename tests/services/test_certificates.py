"""Deliveries that are signed by X.509 certificates, or as cosign signs: from the child that judges them to what the record and the page say."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from tests.cms import HandMade, stamped, token
from tests.services.test_covers import ARCHIVE, LISTED, NAME, arrive, state
from tests.signers import CertificateSigner, PemSigner
from tests.x509 import NOW, STAMPS, cms_sign, issue, leaf, middle, root, usage
from transparency.errors import UnusableInputError
from transparency.management.imports import enrol_keys
from transparency.models import TrustAnchor
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.web.own_checks import own_checks, signature_name

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_delivery_signed_below_an_enrolled_authority_is_admitted(cast: Cast, tmp_path: Path) -> None:
    signer = CertificateSigner(tmp_path)
    delivery = arrive(cast, [signer.sign(ARCHIVE)], key=signer.authority.pem)
    assert state(delivery) == ("admitted", "valid", "valid")
    [row] = delivery.signatures.all()
    assert (row.format, row.key) == ("cms", signer.key.fingerprint)
    names = [step["name"] for step in row.steps]
    assert names == [
        "readable", "key enrolled", "signer named", "strong enough", "chain permits it", "signature holds",
        "revocation lists", "key's time",
    ]  # fmt: skip


def test_sha384_is_taken_from_the_file_itself(cast: Cast, tmp_path: Path) -> None:
    anchor = root()
    signed = cms_sign(tmp_path, leaf(anchor, kind="p384"), ARCHIVE, "-md", "sha384")
    assert state(arrive(cast, [signed], key=anchor.pem)) == ("admitted", "valid", "valid")


def test_a_list_that_a_certificate_signed_names_the_archive(cast: Cast, tmp_path: Path) -> None:
    signer = CertificateSigner(tmp_path)
    delivery = arrive(cast, [signer.sign(LISTED.encode())], cover=LISTED, key=signer.authority.pem)
    assert state(delivery) == ("admitted", "valid", "valid")


def test_what_is_signed_over_other_bytes_or_by_another_customer_stays_out(cast: Cast, tmp_path: Path) -> None:
    anchor = root("Serves everybody")
    named = f"signer: email:release@vendor.example\n{anchor.pem}"
    other = cms_sign(tmp_path, leaf(anchor, names=()), ARCHIVE)
    wrong = cms_sign(tmp_path, leaf(anchor), ARCHIVE + b"x")
    assert state(arrive(cast, [other], key=named)) == ("quarantined", "unknown-key", "unknown-key")
    assert state(arrive(cast, [wrong], key=named)) == ("quarantined", "invalid", "cms-content")


def test_a_time_stamp_by_an_enrolled_authority_lets_in_what_a_certificate_signed_that_is_over(cast: Cast) -> None:
    past = NOW - timedelta(days=30)
    anchor, clock_root = root(begins=past), root("Time Root", begins=past)
    signer = leaf(anchor, begins=past, ends=NOW - timedelta(days=5))
    clock = issue(
        "Clock", clock_root, key_usage=usage(sign=True), purposes=(STAMPS,), critical_purposes=True, begins=past
    )
    made = HandMade(signer, ARCHIVE)
    made.signature = made.sign(made.signed_set())
    signature = stamped(made, token(clock, made.signature, NOW - timedelta(days=9)))
    assert state(arrive(cast, [signature], key=anchor.pem)) == ("quarantined", "expired", "key-expired")
    product = ensure_release(vendor="acme", product="pump", version="1.0", restricted=False).product
    enrol_product_anchor(product=product, public_text=f"use: time-stamps\n{clock_root.pem}", enrolled_by=cast.vendor)
    assert state(arrive(cast, [signature], key=anchor.pem)) == ("admitted", "valid", "valid")


def test_the_commands_that_the_page_shows_check_it_with_openssl(cast: Cast, tmp_path: Path) -> None:
    signer = CertificateSigner(tmp_path)
    der = cms_sign(tmp_path, leaf(middle(signer.authority)), ARCHIVE)
    delivery = arrive(cast, [signer.sign(ARCHIVE), der], key=signer.authority.pem)
    (tmp_path / NAME).write_bytes(ARCHIVE)
    (tmp_path / f"{signer.key.fingerprint.partition(':')[2]}.pem").write_text(signer.authority.pem)
    for row, data in zip(delivery.signatures.all(), (signer.sign(ARCHIVE), der), strict=True):
        (tmp_path / signature_name(delivery, row)).write_bytes(data)
    checks = [check for check in own_checks(delivery, TrustAnchor.objects.all()) if "openssl" in check.commands]
    assert len(checks) == 2
    for check in checks:
        done = subprocess.run(["bash", "-ec", check.commands], cwd=tmp_path, capture_output=True, check=True)
        assert check.says in done.stdout.decode()
    (tmp_path / NAME).write_bytes(ARCHIVE + b"x")
    assert subprocess.run(
        ["bash", "-ec", checks[0].commands], cwd=tmp_path, capture_output=True, check=False
    ).returncode


def test_an_enrolment_that_ended_is_expired_and_one_that_was_revoked_counts_for_nothing(
    cast: Cast, tmp_path: Path
) -> None:
    signer = CertificateSigner(tmp_path)
    arrive(cast, [cast.vendor_key.sign(ARCHIVE)], key=signer.authority.pem)
    TrustAnchor.objects.filter(format="x509").update(valid_until=timezone.now() - timedelta(hours=1))
    assert state(arrive(cast, [signer.sign(ARCHIVE)])) == ("quarantined", "expired", "key-window")
    TrustAnchor.objects.filter(format="x509").update(revocation="compromised", revoked_at=timezone.now())
    second = CertificateSigner.sign(signer, ARCHIVE)
    assert state(arrive(cast, [second]))[1:] == ("revoked", "key-revoked")


@pytest.mark.parametrize("p256", [True, False])
def test_a_delivery_signed_as_cosign_signs_is_admitted_and_the_page_says_how_to_check_it(
    cast: Cast, tmp_path: Path, *, p256: bool
) -> None:
    signer = PemSigner(p256=p256)
    delivery = arrive(cast, [signer.sign(ARCHIVE)], key=signer.key.public)
    assert state(delivery) == ("admitted", "valid", "valid")
    assert state(arrive(cast, [signer.sign(ARCHIVE + b"x")])) == ("quarantined", "invalid", "signature-mismatch")
    (tmp_path / NAME).write_bytes(ARCHIVE)
    (tmp_path / f"{signer.key.fingerprint.partition(':')[2]}.pem").write_text(f"{signer.key.public}\n")
    [row] = delivery.signatures.all()
    (tmp_path / signature_name(delivery, row)).write_bytes(signer.sign(ARCHIVE))
    [check] = [check for check in own_checks(delivery, TrustAnchor.objects.all()) if "openssl" in check.commands]
    done = subprocess.run(["bash", "-ec", check.commands], cwd=tmp_path, capture_output=True, check=True)
    assert check.says in done.stdout.decode()


def test_a_command_enrols_a_certificate_from_its_file_with_the_line_above_it_and_refuses_a_weak_one(
    cast: Cast, tmp_path: Path
) -> None:
    product = ensure_release(vendor="acme", product="pump", version="1.0", restricted=False).product
    file, weak = tmp_path / "anchor.pem", tmp_path / "weak.pem"
    file.write_text(f"signer: email:release@vendor.example\n{root().pem}")
    enrol_keys(product, [str(file)])
    [anchor] = TrustAnchor.objects.filter(product=product)
    assert anchor.fingerprint.endswith("#email:release@vendor.example")
    weak.write_text(root(kind="rsa1024").pem)
    with pytest.raises(UnusableInputError, match="key-weak"):
        enrol_keys(product, [str(weak)])
    assert TrustAnchor.objects.filter(product=product).count() == 1
