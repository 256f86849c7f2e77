"""Keys for all products of a vendor after they were enrolled: one event an import, newer versions, revocations, weak and odd ones."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

import pysequoia
import pytest
from django.apps import apps
from django.core.management import call_command

from reviews.services.build_dossier import build_dossier
from reviews.services.export_trust import export_trust
from tests.cast import OPEN_FILES, deliver, finish, make_archive
from tests.gateways.test_openpgp import Gnupg, answer
from tests.signers import OpenPgpSigner
from tests.verifier.test_agreement import both
from transparency.errors import UnusableInputError
from transparency.models import Delivery, Event, LogEntry, TrustAnchor
from transparency.proofs.digest import Digest
from transparency.proofs.events import parse_event_record
from transparency.proofs.log.leaf import parse_leaf
from transparency.proofs.trust import parse_trust_file
from transparency.services.enrol_anchor import enrol_person_anchor, enrol_product_anchor
from transparency.services.enrolled_keys import enrolled_keys
from transparency.services.ensure_release import ensure_release
from transparency.services.import_keyring import import_keyring
from transparency.services.keep_key_ids import certificate_of
from transparency.services.receive_delivery import receive_delivery
from transparency.services.reverify_product import request_reverification
from transparency.services.revoke_anchor import revoke_anchor
from transparency.services.rotate_anchor import rotate_anchor
from transparency.services.stored_files import Received

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
THEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
EARLY, LATER = "20200101T000000", "20200601T000000"
VERSION_3 = b"\xc6\x07\x03\x38\x00\x00\x00\x01\x01"  # a public key packet of version 3, as keyrings of old have them


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def gpg(tmp_path: Path) -> Gnupg:
    return Gnupg(tmp_path / "gnupg")


def binary(signer: OpenPgpSigner) -> bytes:
    return bytes(pysequoia.Cert.from_bytes(signer.key.public.encode()))


def revocation_of(gpg: Gnupg, fingerprint: str) -> bytes:
    """The revocation that GnuPG made beside the key, without the colon that keeps it from being imported by mistake."""
    return (gpg.home / "openpgp-revocs.d" / f"{fingerprint}.rev").read_bytes().replace(b"\n:-----", b"\n-----")


def shared() -> TrustAnchor:
    return TrustAnchor.objects.get(product=None, person=None)


class Extended:
    """A certificate that ended, what its owner made of it since, and what it signed meanwhile."""

    def __init__(self, gpg: Gnupg) -> None:
        self.fingerprint = gpg.make("owner", expires="2y", time=EARLY)
        self.old = gpg.run("--export", self.fingerprint)
        self.old_text = gpg.key(self.fingerprint).public
        gpg.run("--quick-set-expire", self.fingerprint, "0")
        gpg.run("--quick-add-key", self.fingerprint, "ed25519", "sign")
        self.new = gpg.run("--export", self.fingerprint)
        self.new_text = gpg.key(self.fingerprint).public
        self.by_primary = gpg.sign(f"{self.fingerprint}!")
        self.by_subkey = gpg.sign(self.fingerprint)
        gpg.run("--import", data=revocation_of(gpg, self.fingerprint))
        self.revoked = gpg.run("--export", self.fingerprint)
        self.revoked_text = gpg.key(self.fingerprint).public


def test_a_keyring_is_one_event_and_one_leaf_however_many_keys_it_brings(cast: Cast) -> None:
    ring = b"".join(binary(OpenPgpSigner(f"Maintainer {number}")) for number in range(9))
    found = import_keyring(vendor="acme", keyrings=[ring], names=["debian-keyring.gpg"], enrolled_by=None)
    assert (found.enrolled, found.updated, found.known, found.skipped, found.weak) == (9, 0, 0, (), ())
    event = Event.objects.get()
    assert (event.kind, event.product, event.vendor, event.organisation.slug) == (
        "keyring-imported",
        None,
        cast.vendor.organisation,
        "centre",
    )
    record = parse_event_record(bytes(event.record))
    assert record.keyring is not None
    assert (record.vendor, record.product, record.keyring.name, record.keyring.size) == (
        "acme",
        None,
        "debian-keyring.gpg",
        len(ring),
    )
    assert record.keyring.sha256 == Digest.of(ring)
    stored = {
        row.fingerprint: Digest.of(certificate_of(row)) for row in TrustAnchor.objects.filter(product=None, person=None)
    }
    assert {change.key: change.after for change in record.keyring.changes} == stored
    entry = LogEntry.objects.get(kind="event", index__isnull=False)
    assert entry.digest == event.record_digest
    assert b"acme" not in bytes(entry.leaf)
    assert parse_leaf(bytes(entry.leaf)).org == "centre"
    assert set(TrustAnchor.objects.filter(product=None, person=None).values_list("enrolled_with", flat=True)) == {
        event.pk
    }
    again = import_keyring(vendor="acme", keyrings=[ring], enrolled_by=None)
    assert (again.enrolled, again.updated, again.known) == (0, 0, 9)
    assert LogEntry.objects.filter(kind="event").count() == 1


def test_a_newer_keyring_brings_certificates_up_to_date_and_an_older_one_takes_nothing_away(
    cast: Cast, gpg: Gnupg
) -> None:
    owner = Extended(gpg)
    import_keyring(vendor="acme", keyrings=[owner.old], enrolled_by=None)
    held = Digest.of(certificate_of(shared()))
    ids = shared().key_ids.count()
    assert answer([owner.by_primary], enrolled_keys([shared()]))[0] == "invalid"
    assert answer([owner.by_subkey], enrolled_keys([shared()]))[0] == "unknown-key"
    found = import_keyring(vendor="acme", keyrings=[owner.new], names=["newer.gpg"], enrolled_by=None)
    assert (found.enrolled, found.updated, found.known) == (0, 1, 0)
    for signature in (owner.by_primary, owner.by_subkey):
        assert answer([signature], enrolled_keys([shared()])) == ("valid", "valid")
    assert shared().key_ids.count() == ids + 1
    record = parse_event_record(bytes(Event.objects.latest("pk").record))
    assert record.keyring is not None
    (change,) = record.keyring.changes
    assert (change.key, change.before, change.after) == (owner.fingerprint, held, Digest.of(certificate_of(shared())))
    assert shared().updated_with == Event.objects.latest("pk")
    before = shared().public
    assert import_keyring(vendor="acme", keyrings=[owner.old], enrolled_by=None).known == 1
    assert shared().public == before
    import_keyring(vendor="acme", keyrings=[owner.revoked], enrolled_by=None)
    assert answer([owner.by_primary], enrolled_keys([shared()])) == ("revoked", "key-revoked")
    assert import_keyring(vendor="acme", keyrings=[owner.new], enrolled_by=None).known == 1
    assert answer([owner.by_primary], enrolled_keys([shared()])) == ("revoked", "key-revoked")


def test_a_newer_keyring_never_brings_back_what_was_revoked_here(cast: Cast, gpg: Gnupg) -> None:
    owner = Extended(gpg)
    import_keyring(vendor="acme", keyrings=[owner.old], enrolled_by=None)
    revoke_anchor(anchor=shared(), revocation="compromised", reason="stolen", by=cast.operator)
    assert import_keyring(vendor="acme", keyrings=[owner.new], enrolled_by=None).updated == 1
    row = shared()
    assert (row.revocation, row.revocation_reason) == ("compromised", "stolen")
    assert answer([owner.by_primary], enrolled_keys([row])) == ("revoked", "key-revoked")


def test_a_products_certificate_is_brought_up_to_date_by_enrolling_it_again(cast: Cast, gpg: Gnupg) -> None:
    owner = Extended(gpg)
    product = ensure_release(vendor="acme", product="widget", version="1.0", restricted=True).product

    def enrol(text: str) -> TrustAnchor:
        return enrol_product_anchor(product=product, public_text=text, enrolled_by=cast.vendor)

    held = Digest.of(certificate_of(enrol(owner.old_text)))
    row = enrol(owner.new_text)
    for signature in (owner.by_primary, owner.by_subkey):
        assert answer([signature], enrolled_keys([row])) == ("valid", "valid")
    event = Event.objects.get(kind="key-updated")
    record = parse_event_record(bytes(event.record))
    assert (record.product, record.key, record.visibility) == ("widget", owner.fingerprint, "restricted")
    assert (record.before, record.after) == (held.hex, Digest.of(certificate_of(row)).hex)
    assert (row.updated_with, event.anchor, event.by) == (event, row, cast.vendor)
    enrol(owner.new_text)
    enrol(owner.old_text)
    assert Event.objects.filter(kind="key-updated").count() == 1
    revoke_anchor(anchor=row, revocation="retired", reason="gone", by=cast.vendor)
    row = enrol(owner.revoked_text)
    assert (row.revocation, row.revocation_reason) == ("retired", "gone")
    assert answer([owner.by_primary], enrolled_keys([row])) == ("revoked", "key-revoked")


def test_replacing_by_a_key_that_was_enrolled_takes_its_newer_version(cast: Cast, gpg: Gnupg) -> None:
    owner = Extended(gpg)
    product = ensure_release(vendor="acme", product="widget", version="1.0", restricted=False).product
    first = enrol_product_anchor(product=product, public_text=cast.vendor_key.public, enrolled_by=None)
    enrol_product_anchor(product=product, public_text=owner.old_text, enrolled_by=None)
    new = rotate_anchor(anchor=first, public_text=owner.new_text, changes_at=first.enrolled_at, by=cast.vendor)
    assert answer([owner.by_primary], enrolled_keys([new])) == ("valid", "valid")


def test_an_auditors_certificate_is_brought_up_to_date_as_well(cast: Cast, gpg: Gnupg) -> None:
    owner = Extended(gpg)
    for text in (owner.old_text, owner.new_text):
        row = enrol_person_anchor(person=cast.auditor, public_text=text, enrolled_by=cast.auditor)
    assert answer([owner.by_subkey], enrolled_keys([row])) == ("valid", "valid")


def test_one_odd_certificate_is_named_and_keeps_no_other_out(cast: Cast) -> None:
    good, torn = binary(OpenPgpSigner("Good")), b"\xc6\x01\x04"
    found = import_keyring(vendor="acme", keyrings=[VERSION_3 + good + torn], names=["old.gpg"], enrolled_by=None)
    assert found.enrolled == 1
    assert found.skipped == (("old.gpg, certificate 1", "key-malformed"), ("old.gpg, certificate 3", "key-malformed"))
    record = parse_event_record(bytes(Event.objects.get().record))
    assert record.keyring is not None
    assert record.keyring.skipped == 2


def test_a_private_key_in_a_keyring_is_not_taken_for_its_neighbours_part(cast: Cast) -> None:
    good = OpenPgpSigner("Good")
    found = import_keyring(vendor="acme", keyrings=[binary(good) + b"\xc5\x01\x04\xcd\x03abc"], enrolled_by=None)
    assert (found.enrolled, found.skipped) == (1, (("keyring 1, certificate 2", "key-private"),))
    assert "abc" not in shared().user_ids


def test_a_weak_key_is_enrolled_as_weak_and_what_it_signs_can_be_admitted_as_that(cast: Cast, gpg: Gnupg) -> None:
    fingerprint = gpg.make("weak", "rsa1024")
    found = import_keyring(vendor="acme", keyrings=[gpg.run("--export", fingerprint)], enrolled_by=None)
    assert (found.enrolled, found.weak, found.skipped) == (1, (fingerprint,), ())
    assert answer([gpg.sign(fingerprint)], enrolled_keys([shared()])) == ("weak", "weak-key")


def test_certificates_that_were_enrolled_before_are_found_by_their_user_ids_after_the_migration(cast: Cast) -> None:
    import_keyring(vendor="acme", keyrings=[binary(OpenPgpSigner("Ada <ada@debian.test>"))], enrolled_by=None)
    TrustAnchor.objects.update(user_ids="")
    import_module("transparency.migrations.0003_vendor_keys").fill_user_ids(apps, None)
    assert shared().user_ids == "Ada <ada@debian.test>"
    assert cast.auditor.anchors.get().user_ids == ""


@pytest.mark.parametrize(("vendor", "code"), [("Acme Inc", "slug-malformed"), ("north", "vendor-unknown")])
def test_a_keyring_is_a_vendors(cast: Cast, vendor: str, code: str) -> None:
    with pytest.raises(UnusableInputError, match=code):
        import_keyring(vendor=vendor, keyrings=[binary(OpenPgpSigner())], enrolled_by=None)
    assert not TrustAnchor.objects.filter(product=None, person=None).exists()


def test_the_import_command_tells_people_and_programs(
    cast: Cast, gpg: Gnupg, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weak = gpg.make("weak", "rsa1024")
    (tmp_path / "ring.gpg").write_bytes(VERSION_3 + binary(OpenPgpSigner()) + gpg.run("--export", weak))
    call_command("import_keyring", str(tmp_path / "ring.gpg"), "--vendor", "acme")
    said = capsys.readouterr().out
    for line in ("skipped: ring.gpg, certificate 1: key-malformed", f"weak: {weak}:", "enrolled: 2", "updated: 0"):
        assert line in said, line
    call_command("import_keyring", str(tmp_path / "ring.gpg"), "--vendor", "acme", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "vendor": "acme",
        "enrolled": 0,
        "updated": 0,
        "known": 2,
        "weak": [weak],
        "skipped": [{"key": "ring.gpg, certificate 1", "code": "key-malformed"}],
    }
    (tmp_path / "no.gpg").write_bytes(b"nothing")
    with pytest.raises(SystemExit) as stopped:
        call_command("import_keyring", str(tmp_path / "no.gpg"), "--vendor", "acme", "--json")
    assert stopped.value.code == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "keyring-malformed"


def receive(cast: Cast, signer: OpenPgpSigner, *, restricted: bool) -> Delivery:
    """A delivery that only a key for all products of the vendor signed."""
    import_keyring(vendor="acme", keyrings=[binary(signer)], enrolled_by=None)
    release = ensure_release(vendor="acme", product="pump", version="1.0", restricted=restricted)
    archive = make_archive(OPEN_FILES)
    received = Received("pump-1.0.tar.gz", io.BytesIO(archive))
    finish(receive_delivery(release=release, archive=received, signatures=[signer.sign(archive)], send=False))
    return Delivery.objects.get(release=release)


@pytest.mark.parametrize("restricted", [False, True], ids=["open", "restricted"])
def test_a_dossier_and_the_trust_file_carry_the_key_for_all_products_that_signed_and_no_other(
    cast: Cast, tmp_path: Path, restricted: bool
) -> None:
    signer, other = OpenPgpSigner(), OpenPgpSigner("Somebody else")
    import_keyring(vendor="acme", keyrings=[binary(other)], enrolled_by=None)
    delivery = receive(cast, signer, restricted=restricted)
    trust = export_trust()
    (vendor,) = parse_trust_file(trust.data).ring.vendors
    assert [key.fingerprint for key in vendor.keys] == [signer.key.fingerprint]
    named = [line for line in export_trust(open_only=True).fingerprints if signer.key.fingerprint in line]
    assert len(named) == (0 if restricted else 1)
    dossier = build_dossier(release=delivery.release)
    found = both(tmp_path, dossier, trust=trust.data, file=make_archive(OPEN_FILES))
    signed = [link["status"] for link in found["links"] if link["name"] == "deliveries/01/signature"]
    assert (signed, found["exit"]) == (["ok"], 0), found


def test_a_key_that_ended_for_all_products_ends_in_the_dossier_of_a_product_that_enrolled_it_itself(cast: Cast) -> None:
    signer = OpenPgpSigner()
    import_keyring(vendor="acme", keyrings=[binary(signer)], enrolled_by=None)
    product = ensure_release(vendor="acme", product="pump", version="1.0", restricted=False).product
    enrol_product_anchor(product=product, public_text=signer.key.public, enrolled_by=cast.vendor)
    wide = TrustAnchor.objects.get(product=None, person=None)
    revoke_anchor(anchor=wide, revocation="retired", reason="yearly", by=cast.operator, revoked_at=THEN)
    (vendor,) = parse_trust_file(export_trust().data).ring.vendors
    assert [key.valid_until for key in vendor.keys] == [THEN]
    revoke_anchor(anchor=wide, revocation="compromised", reason="stolen", by=cast.operator)
    assert parse_trust_file(export_trust().data).ring.vendors == ()


@pytest.mark.parametrize("restricted", [False, True], ids=["open", "restricted"])
def test_a_dossier_carries_the_revocation_of_a_key_for_all_products_that_signed_in_it(
    cast: Cast, tmp_path: Path, restricted: bool
) -> None:
    signer = OpenPgpSigner()
    delivery = receive(cast, signer, restricted=restricted)
    assert (delivery.state, delivery.verdict) == ("admitted", "valid")
    other = OpenPgpSigner("Somebody else")
    import_keyring(vendor="acme", keyrings=[binary(other)], enrolled_by=None)
    for row in TrustAnchor.objects.filter(product=None, person=None):
        revoke_anchor(anchor=row, revocation="compromised", reason="stolen", by=cast.operator)
    finish(request_reverification(product=delivery.release.product, by=cast.operator, send=False))
    found = both(tmp_path, build_dossier(release=delivery.release), trust=export_trust().data)
    told = [link["detail"] for link in found["links"] if link["name"].startswith("events/")]
    assert [detail.split(" by ")[0] for detail in told] == ["key-revoked", "verdict-changed"]
    assert (found["exit"], found["unmet"]) == (4, ["signedSource"])


def test_the_command_revokes_a_key_of_a_keyring_and_names_what_it_signed(
    cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    signer = OpenPgpSigner()
    receive(cast, signer, restricted=False)
    deliver(cast, product="widget")
    spaced = " ".join(signer.key.fingerprint[place : place + 4] for place in range(0, 40, 4)).lower()
    arguments = ["revoke_key", "--vendor", "acme", spaced, "--reason", "a laptop was stolen", "--kind", "retired"]
    call_command(*arguments)
    said = capsys.readouterr().out
    assert f"key: {signer.key.fingerprint}" in said
    assert "manage.py reverify --product pump" in said
    call_command(*arguments[:-1], "compromised", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "vendor": "acme",
        "key": signer.key.fingerprint,
        "kind": "compromised",
        "reason": "a laptop was stolen",
        "products": ["pump"],
    }
    revocations = Event.objects.filter(kind="key-revoked").order_by("pk")
    assert [(event.product, event.before, event.after) for event in revocations] == [
        (None, "in use", "retired"),
        (None, "retired", "compromised"),
    ]
    assert LogEntry.objects.filter(digest__in=revocations.values("record_digest"), index__isnull=False).count() == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"--vendor": "nobody"}, "vendor-unknown"),
        ({"--vendor": "north"}, "vendor-unknown"),
        ({"fingerprint": "00" * 20}, "key-unknown"),
        ({"--kind": "lost"}, "revocation-unknown"),
        ({"--reason": " "}, "reason-missing"),
    ],
)
def test_the_command_says_what_it_cannot_revoke(
    cast: Cast, capsys: pytest.CaptureFixture[str], change: dict[str, str], code: str
) -> None:
    signer = OpenPgpSigner()
    import_keyring(vendor="acme", keyrings=[binary(signer)], enrolled_by=None)
    given = {"--vendor": "acme", "--reason": "x", "--kind": "retired", "fingerprint": signer.key.fingerprint} | change
    options = [word for name, value in given.items() for word in ((name, value) if name[0] == "-" else (value,))]
    with pytest.raises(SystemExit) as stopped:
        call_command("revoke_key", *options, "--json")
    assert stopped.value.code == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code
    assert shared().revoked_at is None


def test_a_certificate_that_would_become_too_large_stays_as_it_is(cast: Cast) -> None:
    signer = OpenPgpSigner()
    import_keyring(vendor="acme", keyrings=[binary(signer)], enrolled_by=None)
    before = shared().public
    fat = b"".join(b"\xcd\xff" + (60_000).to_bytes(4, "big") + bytes([65 + number]) * 60_000 for number in range(15))
    found = import_keyring(vendor="acme", keyrings=[binary(signer) + fat], enrolled_by=None)
    assert [code for _, code in found.skipped] == ["key-malformed"]
    assert shared().public == before
