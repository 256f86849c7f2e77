"""One key enrolled twice, for a product and for all of its vendor's: what then counts, and what the verdict is."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pysequoia
import pytest

from tests.cast import finish, make_archive
from tests.gateways.test_openpgp import Gnupg
from tests.signers import OpenPgpSigner
from transparency.models import Delivery, TrustAnchor
from transparency.proofs.signatures.keys import key_from_text
from transparency.services.enrol_anchor import enrol_product_anchor, product_anchors
from transparency.services.enrolled_keys import enrolled_keys
from transparency.services.ensure_release import ensure_release
from transparency.services.import_keyring import import_keyring
from transparency.services.receive_delivery import receive_delivery
from transparency.services.revoke_anchor import revoke_anchor
from transparency.services.stored_files import Received

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from tests.cast import Cast
    from transparency.models import Product, Release
    from transparency.proofs.signatures.keys import EnrolledKey

pytestmark = pytest.mark.django_db(transaction=True)
ARCHIVE = make_archive({"x": b"x"})
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
DAY = timedelta(days=1)
ORDERS = pytest.mark.parametrize("first", ["keyring", "product"])


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def release(cast: Cast) -> Release:
    return ensure_release(vendor="acme", product="widget", version="1.0", restricted=False)


def ring(public: str) -> bytes:
    return bytes(pysequoia.Cert.from_bytes(public.encode()))


def enrol(product: Product, first: str, public: str, wide: str = "") -> TrustAnchor:
    """The product's own row, beside one of the keyring."""
    found: list[TrustAnchor] = []
    steps: dict[str, Callable[[], object]] = {
        "keyring": lambda: import_keyring(vendor="acme", keyrings=[ring(wide or public)], enrolled_by=None),
        "product": lambda: found.append(enrol_product_anchor(product=product, public_text=public, enrolled_by=None)),
    }
    steps[first]()
    steps["product" if first == "keyring" else "keyring"]()
    return found[0]


def keys_of(product: Product) -> list[EnrolledKey]:
    return list(enrolled_keys(product_anchors(product)))


def arrive(release: Release, signature: bytes) -> tuple[str, str, str]:
    job = receive_delivery(
        release=release, archive=Received("a.tar.gz", io.BytesIO(ARCHIVE)), signatures=[signature], send=False
    )
    finish(job)
    row = Delivery.objects.latest("pk")
    return row.state, row.verdict, row.verdict_code


@ORDERS
def test_compromised_in_one_row_is_revoked_whichever_was_enrolled_first(
    cast: Cast, release: Release, first: str
) -> None:
    signer = OpenPgpSigner()
    anchor = enrol(release.product, first, signer.key.public)
    revoke_anchor(anchor=anchor, revocation="compromised", reason="stolen", by=cast.vendor)
    assert [key.revoked for key in keys_of(release.product)] == [True]
    assert arrive(release, signer.sign(ARCHIVE)) == ("quarantined", "revoked", "key-revoked")


@ORDERS
@pytest.mark.parametrize("revocation", ["superseded", "retired"])
def test_what_was_retired_in_one_row_ends_then(cast: Cast, release: Release, first: str, revocation: str) -> None:
    signer = OpenPgpSigner()
    anchor = enrol(release.product, first, signer.key.public)
    revoke_anchor(anchor=anchor, revocation=revocation, reason="moved on", by=cast.vendor, revoked_at=NOW)
    assert [key.valid_until for key in keys_of(release.product)] == [NOW]
    assert arrive(release, signer.sign(ARCHIVE)) == ("quarantined", "expired", "key-window")


@ORDERS
def test_a_key_in_use_in_both_is_one_entry_and_valid(release: Release, first: str) -> None:
    signer = OpenPgpSigner()
    enrol(release.product, first, signer.key.public)
    assert TrustAnchor.objects.filter(fingerprint=signer.key.fingerprint).count() == 2
    assert len(keys_of(release.product)) == 1
    assert arrive(release, signer.sign(ARCHIVE)) == ("admitted", "valid", "valid")


@ORDERS
def test_no_row_widens_the_window_of_another(release: Release, first: str) -> None:
    anchor = enrol(release.product, first, OpenPgpSigner().key.public)
    TrustAnchor.objects.filter(pk=anchor.pk).update(valid_from=NOW, valid_until=NOW + 9 * DAY)
    (wide,) = TrustAnchor.objects.filter(product__isnull=True, person__isnull=True)
    TrustAnchor.objects.filter(pk=wide.pk).update(valid_from=NOW - DAY, valid_until=NOW + 2 * DAY)
    (key,) = keys_of(release.product)
    assert (key.valid_from, key.valid_until) == (NOW, NOW + 2 * DAY)
    TrustAnchor.objects.filter(pk=wide.pk).update(valid_from=None, valid_until=NOW - DAY)
    (key,) = keys_of(release.product)
    assert not any(key.covers(NOW + days * DAY) for days in range(-3, 12))


def test_the_products_own_row_says_the_namespaces(cast: Cast, release: Release) -> None:
    key = cast.vendor_key
    TrustAnchor.objects.create(
        organisation=release.product.vendor,
        format="ssh",
        public=key.public,
        fingerprint=key_from_text(key.public).fingerprint,
        namespaces=["file", "git"],
    )
    assert [item.namespaces for item in keys_of(release.product)] == [("file", "git")]
    enrol_product_anchor(product=release.product, public_text=key.public, enrolled_by=None, namespaces=["git"])
    assert [item.namespaces for item in keys_of(release.product)] == [("git",)]
    assert arrive(release, key.sign(ARCHIVE)) == ("quarantined", "invalid", "namespace-mismatch")


class TestCopiesOfACertificate:
    @pytest.fixture
    def gpg(self, tmp_path: Path) -> Gnupg:
        return Gnupg(tmp_path / "home")

    def sign(self, gpg: Gnupg, fingerprint: str) -> bytes:
        (gpg.home / "data").write_bytes(ARCHIVE)
        return gpg.sign(fingerprint)

    @ORDERS
    def test_a_renewal_counts_whichever_copy_brings_it(self, gpg: Gnupg, release: Release, first: str) -> None:
        fingerprint = gpg.make("renewed", expires="2y", time="20200101T000000")
        old = gpg.key(fingerprint).public
        gpg.run("--quick-set-expire", fingerprint, "20y", time="20210101T000000")
        enrol(release.product, first, old, gpg.key(fingerprint).public)
        assert arrive(release, self.sign(gpg, fingerprint)) == ("admitted", "valid", "valid")

    @ORDERS
    def test_a_revocation_in_any_copy_counts(self, gpg: Gnupg, release: Release, first: str) -> None:
        fingerprint = gpg.make("gone")
        signature, old = self.sign(gpg, fingerprint), gpg.key(fingerprint).public
        said = b"revkey\ny\n1\n\ny\nsave\n"
        gpg.run("--command-fd", "0", "--no-tty", "--edit-key", fingerprint, data=said)
        enrol(release.product, first, old, gpg.key(fingerprint).public)
        assert arrive(release, signature) == ("quarantined", "revoked", "key-revoked")

    def test_a_revocation_counts_though_its_copy_does_not_have_the_subkey_that_signed(
        self, gpg: Gnupg, release: Release
    ) -> None:
        fingerprint = gpg.make("parted", usage="cert")
        bare = Gnupg(gpg.home.parent / "second")
        bare.run("--import", data=gpg.run("--export-secret-keys", fingerprint))
        said = b"revkey\ny\n1\n\ny\nsave\n"
        bare.run("--command-fd", "0", "--no-tty", "--edit-key", fingerprint, data=said)
        gpg.run("--quick-add-key", fingerprint, "ed25519", "sign")
        enrol(release.product, "product", gpg.key(fingerprint).public, bare.key(fingerprint).public)
        assert arrive(release, self.sign(gpg, fingerprint)) == ("quarantined", "revoked", "key-revoked")

    def test_a_subkey_of_one_copy_signs_though_the_other_was_enrolled_first(self, gpg: Gnupg, release: Release) -> None:
        fingerprint = gpg.make("grown", usage="cert")
        old = gpg.key(fingerprint).public
        gpg.run("--quick-add-key", fingerprint, "ed25519", "sign")
        enrol(release.product, "keyring", gpg.key(fingerprint).public, old)
        assert arrive(release, self.sign(gpg, fingerprint)) == ("admitted", "valid", "valid")
