"""Enrolling, replacing and revoking keys: each one transaction, one event, one leaf; and what then counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from tests.gateways.test_openpgp import Gnupg
from tests.proofs.signatures.test_openpgp_key import BAD, packet
from tests.signers import OpenPgpSigner
from transparency.errors import EvidenceError
from transparency.models import AnchorKeyId, Event, LogEntry, TrustAnchor
from transparency.proofs.events import parse_event_record
from transparency.proofs.signatures.openpgp import armour
from transparency.proofs.signatures.openpgp_key import PRIMARY, parse_openpgp_certificate
from transparency.services.enrol_anchor import (
    enrol_person_anchor,
    enrol_product_anchor,
    product_anchors,
    refuse_weak,
)
from transparency.services.enrolled_keys import enrolled_keys
from transparency.services.ensure_release import ensure_release
from transparency.services.import_keyring import import_keyring
from transparency.services.revoke_anchor import revoke_anchor
from transparency.services.rotate_anchor import rotate_anchor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from tests.cast import Cast, Key
    from transparency.models import Product

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def product(cast: Cast) -> Product:
    return ensure_release(vendor="acme", product="widget", version="1.0", restricted=False).product


@pytest.fixture
def anchor(cast: Cast, product: Product) -> TrustAnchor:
    return enrol_product_anchor(product=product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)


def events(product: Product) -> list[tuple[str, str, str]]:
    return list(product.events.values_list("kind", "before", "after"))


def test_enrolling_is_one_event_with_its_leaf_and_none_the_second_time(
    cast: Cast, product: Product, anchor: TrustAnchor
) -> None:
    again = enrol_product_anchor(
        product=product,
        public_text=cast.vendor_key.public,
        enrolled_by=cast.operator,
    )
    assert (again.pk, again.enrolled_by) == (anchor.pk, cast.vendor)
    event = Event.objects.get()
    assert (event.kind, event.after, event.by, event.organisation.slug) == (
        "key-enrolled",
        anchor.fingerprint,
        cast.vendor,
        "acme",
    )
    record = parse_event_record(bytes(event.record))
    assert (record.key, record.product, record.delivery) == (anchor.fingerprint, "widget", None)
    assert LogEntry.objects.filter(kind="event", digest=event.record_digest, index__isnull=False).count() == 1


def test_a_name_is_in_no_record(cast: Cast, anchor: TrustAnchor) -> None:
    assert b"vera" not in bytes(Event.objects.get().record).lower()


def test_every_key_of_a_certificate_is_found_by_its_id(product: Product) -> None:
    signer = OpenPgpSigner()
    anchor = enrol_product_anchor(product=product, public_text=signer.key.public, enrolled_by=None)
    ids = set(AnchorKeyId.objects.filter(anchor=anchor).values_list("key_id", flat=True))
    assert anchor.fingerprint[-16:] in ids
    assert len(ids) >= 2
    enrol_product_anchor(product=product, public_text=signer.key.public, enrolled_by=None)
    assert AnchorKeyId.objects.filter(anchor=anchor).count() == len(ids)


def test_a_weak_openpgp_key_is_refused_where_people_enrol() -> None:
    with pytest.raises(EvidenceError, match="key-weak"):
        refuse_weak(_old_rsa_certificate())


def test_a_weak_key_can_be_none_of_a_person(cast: Cast) -> None:
    with pytest.raises(EvidenceError, match="key-weak"):
        enrol_person_anchor(person=cast.auditor, public_text=_old_rsa_certificate(), enrolled_by=None)


def test_an_outdated_key_is_kept_by_command_and_a_broken_one_nowhere(product: Product) -> None:
    kept = enrol_product_anchor(product=product, public_text=_old_rsa_certificate(), enrolled_by=None)
    assert kept.pk
    for case in ("EdDSA of small order", "RSA with exponent 1", "RSA whose modulus is shorter than it claims"):
        algorithm, material, version, code, _ = BAD[case]
        text = armour(packet(PRIMARY, algorithm, material, version))
        with pytest.raises(EvidenceError, match=code):
            enrol_product_anchor(product=product, public_text=text, enrolled_by=None)
    assert TrustAnchor.objects.filter(product=product).count() == 1


def test_a_weak_subkey_is_refused_while_it_can_sign(tmp_path: Path) -> None:
    gpg = Gnupg(tmp_path / "home")
    only_encrypts = gpg.make("encrypts", usage="cert")
    gpg.run("--quick-add-key", only_encrypts, "rsa1024", "encr")
    refuse_weak(gpg.key(only_encrypts).public)
    ended = gpg.make("ended", usage="cert", time="20200101T000000")
    gpg.run("--quick-add-key", ended, "rsa1024", "sign", "1y", time="20200102T000000")
    refuse_weak(gpg.key(ended).public)
    signs = gpg.make("signs", usage="cert")
    gpg.run("--quick-add-key", signs, "rsa1024", "sign")
    subkey = parse_openpgp_certificate(gpg.key(signs).public.encode()).keys[1].fingerprint
    with pytest.raises(EvidenceError, match="key-weak") as caught:
        refuse_weak(gpg.key(signs).public)
    assert caught.value.found == f"RSA of 1024 bits, in subkey {subkey}"
    gpg.run("--command-fd", "0", "--no-tty", "--edit-key", signs, data=b"key 1\nrevkey\ny\n3\n\ny\nsave\n")
    refuse_weak(gpg.key(signs).public)


def test_a_keyring_names_what_it_skips(cast: Cast) -> None:
    bad = [BAD[case] for case in ("v6 Ed25519 of zeros", "RSA with something after it", "ElGamal, which signs nothing")]
    ring = b"".join(packet(PRIMARY, algorithm, material, version) for algorithm, material, version, _, _ in bad)
    imported = import_keyring(vendor="acme", keyrings=[ring], enrolled_by=None)
    assert (imported.enrolled, [code for _, code in imported.skipped]) == (0, ["key-weak", "key-malformed", "key-weak"])


def test_replacing_ends_the_old_key_when_the_new_one_begins(
    cast: Cast, product: Product, anchor: TrustAnchor, keys: Mapping[str, Key]
) -> None:
    change = timezone.now().replace(microsecond=0) + timedelta(days=3)
    new = rotate_anchor(
        anchor=anchor, public_text=keys["outsider"].public, changes_at=change, reason="yearly", by=cast.vendor
    )
    anchor.refresh_from_db()
    assert (anchor.revocation, anchor.revoked_at, anchor.revocation_reason) == ("superseded", change, "yearly")
    assert (new.valid_from, new.namespaces, new.revoked_at) == (change, ["file"], None)
    event = Event.objects.get(kind="key-rotated")
    assert (event.before, event.after, event.reason) == (anchor.fingerprint, new.fingerprint, "yearly")
    assert LogEntry.objects.filter(kind="event").count() == 2
    windows = {key.fingerprint: key for key in enrolled_keys(product_anchors(product))}
    day = timedelta(days=1)
    assert windows[anchor.fingerprint].covers(change - day)
    assert not windows[anchor.fingerprint].covers(change + day)
    assert not windows[new.fingerprint].covers(change - day)
    assert windows[new.fingerprint].covers(change + day)


def test_replacing_twice_is_the_same_answer(cast: Cast, anchor: TrustAnchor, keys: Mapping[str, Key]) -> None:
    def replace() -> TrustAnchor:
        return rotate_anchor(anchor=anchor, public_text=keys["outsider"].public, changes_at=NOW, by=cast.vendor)

    assert replace().pk == replace().pk
    assert Event.objects.filter(kind="key-rotated").count() == 1


def test_a_key_is_not_replaced_by_itself_nor_after_it_was_revoked(
    cast: Cast, product: Product, anchor: TrustAnchor, keys: Mapping[str, Key]
) -> None:
    with pytest.raises(EvidenceError, match="key-same"):
        rotate_anchor(anchor=anchor, public_text=cast.vendor_key.public, changes_at=NOW, by=cast.vendor)
    revoke_anchor(anchor=anchor, revocation="retired", reason="gone", by=cast.vendor)
    with pytest.raises(EvidenceError, match="key-not-in-use"):
        rotate_anchor(anchor=anchor, public_text=keys["outsider"].public, changes_at=NOW, by=cast.vendor)
    assert not TrustAnchor.objects.filter(product=anchor.product).exclude(pk=anchor.pk).exists()


def test_a_revoked_key_replaces_nothing(
    cast: Cast, product: Product, anchor: TrustAnchor, keys: Mapping[str, Key]
) -> None:
    stolen = enrol_product_anchor(
        product=product,
        public_text=keys["outsider"].public,
        enrolled_by=None,
    )
    revoke_anchor(anchor=stolen, revocation="compromised", reason="stolen", by=None)
    with pytest.raises(EvidenceError, match="key-not-in-use"):
        rotate_anchor(anchor=anchor, public_text=keys["outsider"].public, changes_at=NOW, by=cast.vendor)
    anchor.refresh_from_db()
    assert anchor.revoked_at is None


@pytest.mark.parametrize("revocation", ["superseded", "retired"])
def test_a_key_that_is_no_longer_used_ends_then(
    cast: Cast, product: Product, anchor: TrustAnchor, revocation: str
) -> None:
    revoke_anchor(anchor=anchor, revocation=revocation, reason="moved on", by=cast.vendor, revoked_at=NOW)
    (key,) = enrolled_keys(product_anchors(product))
    assert key.valid_until == NOW


def test_a_revocation_never_lengthens_a_window(cast: Cast, product: Product, anchor: TrustAnchor) -> None:
    earlier = NOW - timedelta(days=9)
    TrustAnchor.objects.filter(pk=anchor.pk).update(valid_until=earlier)
    revoke_anchor(anchor=anchor, revocation="retired", reason="moved on", by=cast.vendor, revoked_at=NOW)
    (key,) = enrolled_keys(product_anchors(product))
    assert key.valid_until == earlier


def test_what_was_retired_can_be_found_compromised_and_never_the_other_way(
    cast: Cast, product: Product, anchor: TrustAnchor
) -> None:
    revoke_anchor(anchor=anchor, revocation="retired", reason="moved on", by=cast.vendor)
    revoke_anchor(anchor=anchor, revocation="compromised", reason="it was sold", by=cast.operator)
    revoke_anchor(anchor=anchor, revocation="compromised", reason="said again", by=cast.vendor)
    anchor.refresh_from_db()
    assert (anchor.revocation, anchor.revocation_reason) == ("compromised", "it was sold")
    with pytest.raises(EvidenceError, match="key-not-in-use"):
        revoke_anchor(anchor=anchor, revocation="retired", reason="never mind", by=cast.vendor)
    assert events(product) == [
        ("key-enrolled", "", anchor.fingerprint),
        ("key-revoked", "in use", "retired"),
        ("key-revoked", "retired", "compromised"),
    ]


@pytest.mark.parametrize(("revocation", "reason"), [("lost", "x"), ("retired", "  "), ("retired", "x" * 2001)])
def test_a_revocation_says_why_in_a_known_word_and_in_its_own(
    cast: Cast, anchor: TrustAnchor, revocation: str, reason: str
) -> None:
    with pytest.raises(EvidenceError, match="revocation-unknown|reason-missing"):
        revoke_anchor(anchor=anchor, revocation=revocation, reason=reason, by=cast.vendor)
    anchor.refresh_from_db()
    assert anchor.revoked_at is None


def test_a_key_of_a_whole_organisation_is_not_replaced_and_a_persons_not_revoked(
    cast: Cast, anchor: TrustAnchor
) -> None:
    with pytest.raises(EvidenceError, match="key-of-another"):
        revoke_anchor(anchor=cast.auditor.anchors.get(), revocation="retired", reason="x", by=cast.vendor)
    TrustAnchor.objects.filter(pk=anchor.pk).update(product=None)
    anchor.refresh_from_db()
    with pytest.raises(EvidenceError, match="key-of-another"):
        rotate_anchor(anchor=anchor, public_text=cast.auditor_key.public, changes_at=NOW, by=cast.vendor)


def _old_rsa_certificate() -> str:
    """A certificate of one RSA key of 1024 bits, as packets: enough to be read, and too weak."""
    import base64

    def number(value: int) -> bytes:
        return value.bit_length().to_bytes(2, "big") + value.to_bytes((value.bit_length() + 7) // 8, "big")

    body = b"\x04" + (1).to_bytes(4, "big") + b"\x01" + number((1 << 1023) | 1) + number(65537)
    packet = b"\xc6\xff" + len(body).to_bytes(4, "big") + body
    text = base64.b64encode(packet).decode()
    return f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{text}\n-----END PGP PUBLIC KEY BLOCK-----\n"
