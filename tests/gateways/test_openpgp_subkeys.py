"""Subkeys that ended, were revoked, or are not soundly bound: made by GnuPG, and what sqv says where it can say anything."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.gateways.test_openpgp import DATA, Gnupg, answer, judge, sqv
from tests.proofs.signatures.test_openpgp_key import number
from transparency.gateways.openpgp import OpenPgp
from transparency.proofs.signatures.judge import Content, FileDigests, judge_all
from transparency.proofs.signatures.keys import key_from_text
from transparency.proofs.signatures.openpgp import armour
from transparency.proofs.signatures.openpgp_key import parse_openpgp_certificate

if TYPE_CHECKING:
    from pathlib import Path

    from transparency.proofs.signatures.keys import EnrolledKey

START, ADDED, SIGNED = "20200101T000000", "20200102T000000", "20200601T000000"
WEAK = ("--allow-weak-digest-algos", "--allow-weak-key-signatures", "--cert-digest-algo", "SHA1")


@pytest.fixture(scope="module")
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Gnupg:
    return Gnupg(tmp_path_factory.mktemp("gnupg") / "home")


def with_subkey(gpg: Gnupg, name: str, *extra: str, expires: str = "never", primary: str = "never") -> str:
    """A certificate whose primary key only certifies, and a subkey that signs."""
    fingerprint = gpg.make(name, usage="cert", expires=primary, time=START)
    gpg.run(*extra, "--quick-add-key", fingerprint, "ed25519", "sign", expires, time=ADDED)
    return fingerprint


def subkey_of(key: EnrolledKey) -> str:
    return parse_openpgp_certificate(key.public.encode()).keys[1].fingerprint


def revoke_subkey(gpg: Gnupg, fingerprint: str, reason: str, time: str) -> None:
    said = f"key 1\nrevkey\ny\n{reason}\n\ny\nsave\n".encode()
    gpg.run("--command-fd", "0", "--no-tty", "--edit-key", fingerprint, data=said, time=time)


def found(signature: bytes, key: EnrolledKey) -> str:
    (finding,) = judge([signature], [key]).findings
    return " ".join(step.found + step.expected for step in finding.steps if step.status == "fails")


def test_a_subkey_that_expired_since_is_expired_though_its_certificate_never_ends(gpg: Gnupg, tmp_path: Path) -> None:
    fingerprint = with_subkey(gpg, "ended", expires="2y")
    signature, key = gpg.sign(fingerprint, time=SIGNED), gpg.key(fingerprint)
    assert answer([signature], [key]) == ("expired", "key-expired")
    assert f"subkey {subkey_of(key)} ended at 2022-01-01" in found(signature, key)
    assert sqv(tmp_path, signature, key) == 0, "sqv judges at the signature's time alone"


def test_of_subkey_and_certificate_the_earlier_end_decides(gpg: Gnupg) -> None:
    fingerprint = with_subkey(gpg, "shorter", expires="never", primary="3y")
    assert f"certificate {fingerprint} ended at" in found(gpg.sign(fingerprint, time=SIGNED), gpg.key(fingerprint))


def test_what_our_log_held_before_the_subkey_ended_stays_valid(gpg: Gnupg) -> None:
    fingerprint = with_subkey(gpg, "kept", expires="2y")
    signature, key = gpg.sign(fingerprint, time=SIGNED), gpg.key(fingerprint)
    digests = FileDigests(len(DATA), hashlib.sha256(DATA).digest(), bytes(64), bytes(64))
    for year, outcome in ((2021, "valid"), (2023, "expired")):
        verdict = judge_all(
            [signature],
            digests,
            [key],
            now=datetime.now(UTC),
            content=Content(data=DATA),
            openpgp=OpenPgp(),
            logged_at=datetime(year, 1, 1, tzinfo=UTC),
        )
        assert verdict.outcome == outcome


def test_signed_after_the_subkey_ended_is_invalid_and_says_which_key(gpg: Gnupg) -> None:
    fingerprint = with_subkey(gpg, "tardy")
    late = gpg.sign(fingerprint, time="20230101T000000")
    subkey = subkey_of(gpg.key(fingerprint))
    gpg.run("--quick-set-expire", fingerprint, "20210101T000000", subkey, time="20200201T000000")
    key = gpg.key(fingerprint)
    assert answer([late], [key]) == ("invalid", "signed-after-expiry")
    assert f"subkey {subkey} ended at 2021-01-01" in found(late, key)


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("0", ("revoked", "key-revoked")),
        ("1", ("revoked", "key-revoked")),
        ("2", ("expired", "key-expired")),
        ("3", ("expired", "key-expired")),
    ],
)
def test_a_subkeys_revocation_counts_by_its_reason(gpg: Gnupg, reason: str, outcome: tuple[str, str]) -> None:
    """Compromised or without a reason: whatever the time. Superseded or retired: an end like any other."""
    fingerprint = with_subkey(gpg, f"sub{reason}")
    early, late = gpg.sign(fingerprint, time=SIGNED), gpg.sign(fingerprint, time="20230101T000000")
    revoke_subkey(gpg, fingerprint, reason, time="20220101T000000")
    key = gpg.key(fingerprint)
    assert answer([early], [key]) == outcome
    assert answer([late], [key]) == (outcome if outcome[0] == "revoked" else ("invalid", "signed-after-expiry"))
    assert f"subkey {subkey_of(key)}" in found(early, key)


def test_a_certificate_revoked_as_compromised_takes_its_subkeys_with_it(gpg: Gnupg) -> None:
    fingerprint = with_subkey(gpg, "whole")
    signature = gpg.sign(fingerprint, time=SIGNED)
    said = b"revkey\ny\n1\n\ny\nsave\n"
    gpg.run("--command-fd", "0", "--no-tty", "--edit-key", fingerprint, data=said, time="20220101T000000")
    assert answer([signature], [gpg.key(fingerprint)]) == ("revoked", "key-revoked")


def test_a_revocation_by_somebody_else_revokes_nothing(gpg: Gnupg) -> None:
    mine, other = with_subkey(gpg, "mine"), with_subkey(gpg, "other")
    signature, whole = gpg.sign(mine, time=SIGNED), gpg.run("--no-armor", "--export", mine)
    revoke_subkey(gpg, other, "1", time="20220101T000000")
    theirs = parse_openpgp_certificate(gpg.run("--no-armor", "--export", other)).components
    (packet,) = [body for body in theirs[-1].signatures if body[1] == 0x28]
    grafted = whole + bytes((0x88, len(packet))) + packet
    assert answer([signature], [key_from_text(armour(grafted))]) == ("valid", "valid")


class TestWeakBindings:
    """The shape of a real certificate: sound self-signatures, but a subkey that gave its consent by SHA-1."""

    def test_a_subkey_bound_by_sha1_is_weak_and_says_why(self, gpg: Gnupg, tmp_path: Path) -> None:
        fingerprint = with_subkey(gpg, "sha1bound", *WEAK)
        signature, key = gpg.sign(fingerprint, time=SIGNED), gpg.key(fingerprint)
        assert answer([signature], [key]) == ("weak", "weak-binding")
        assert "bound by SHA-1" in found(signature, key)
        assert sqv(tmp_path, signature, key) != 0
        assert answer([signature], [key], data=DATA + b"x") == ("invalid", "signature-mismatch")

    def test_signed_after_its_end_that_is_the_reason(self, gpg: Gnupg) -> None:
        fingerprint = with_subkey(gpg, "sha1late", *WEAK)
        late = gpg.sign(fingerprint, time="20230101T000000")
        gpg.run("--quick-set-expire", fingerprint, "20210101T000000", time="20200201T000000")
        assert answer([late], [gpg.key(fingerprint)]) == ("invalid", "signed-after-expiry")

    def test_an_end_that_only_sha1_vouches_for_is_an_end_all_the_same(self, gpg: Gnupg, tmp_path: Path) -> None:
        """The library counts no such self-signature, and the key had no end at all for us."""
        address = "sha1self <sha1self@vendor.test>"
        gpg.run(*WEAK, "--quick-gen-key", address, "ed25519", "sign", "2y", time=START)
        listed = gpg.run("--list-keys", "--with-colons", f"={address}").decode()
        fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))
        signature, key = gpg.sign(fingerprint, time=SIGNED), gpg.key(fingerprint)
        assert sqv(tmp_path, signature, key) != 0
        assert answer([signature], [key]) == ("expired", "key-expired")


def test_a_subkey_bound_only_later_is_told_apart_from_one_never_bound(gpg: Gnupg) -> None:
    fingerprint = with_subkey(gpg, "later")
    signature = gpg.sign(fingerprint, time=SIGNED)
    subkey = subkey_of(gpg.key(fingerprint))
    gpg.run("--quick-set-expire", fingerprint, "20400101T000000", subkey, time="20240101T000000")
    minimal = gpg.run("--armor", "--export-options", "export-minimal", "--export", fingerprint).decode()
    key = key_from_text(minimal)
    assert answer([signature], [key]) == ("invalid", "subkey-not-bound")
    assert "bound since 2024-01-01" in found(signature, key)


def test_who_copies_a_subkey_into_another_certificate_changes_nothing_for_its_owner(gpg: Gnupg) -> None:
    owner, thief = with_subkey(gpg, "owner"), gpg.make("thief", time=START)
    subkey = parse_openpgp_certificate(gpg.run("--no-armor", "--export", owner)).keys[1].body
    copied = gpg.run("--no-armor", "--export", thief) + bytes((0x80 | 14 << 2, len(subkey))) + subkey
    signature, stolen = gpg.sign(owner, time=SIGNED), key_from_text(armour(copied))
    assert answer([signature], [stolen]) == ("invalid", "subkey-not-bound")
    verdict = judge([signature], [stolen, gpg.key(owner)])
    assert (verdict.outcome, verdict.findings[0].key) == ("valid", owner)


def test_an_enrolled_key_that_is_broken_makes_what_it_signs_weak(gpg: Gnupg) -> None:
    """As enrolled before such keys were refused: the low-order point, for which a signature can be made without a key."""
    point = b"\x40" + b"\x01" + bytes(31)
    material = bytes([9]) + bytes.fromhex("2b06010401da470f01") + (263).to_bytes(2, "big") + point
    body = b"\x04" + (1_500_000_000).to_bytes(4, "big") + b"\x16" + material
    key = key_from_text(armour(bytes((0xC6, len(body))) + body))
    hashed = bytes((5, 2)) + (1_600_000_000).to_bytes(4, "big") + bytes((22, 33, 4)) + bytes.fromhex(key.fingerprint)
    head = b"\x04\x00\x16\x08" + len(hashed).to_bytes(2, "big") + hashed
    signature = head + b"\x00\x00" + b"\x00\x00" + b"\x00\x01\x01" + b"\x00\x01\x01"
    packet = bytes((0xC2, len(signature))) + signature
    verdict = judge([packet], [key])
    assert (verdict.outcome, verdict.code) == ("weak", "weak-key")
    assert "a point of small order" in found(packet, key)


class TestLongRsa:
    """RSA of more than 4096 bits, by which the library computes nothing: what such a key says of itself is read here."""

    private = rsa.generate_private_key(65537, 4352)

    def packet(self, tag: int, body: bytes) -> bytes:
        return bytes((0xC0 | tag, 0xFF)) + len(body).to_bytes(4, "big") + body

    def primary(self) -> bytes:
        public = self.private.public_key().public_numbers()
        return b"\x04" + (1_500_000_000).to_bytes(4, "big") + b"\x01" + number(public.n) + number(public.e)

    def signed(self, kind: int, content: bytes, *more: bytes) -> bytes:
        created = bytes((5, 2)) + (1_600_000_000).to_bytes(4, "big")
        issuer = bytes((22, 33, 4)) + hashlib.sha1(self.framed(), usedforsecurity=False).digest()
        hashed = created + issuer + b"".join(bytes([len(item)]) + item for item in more)
        head = bytes((4, kind, 1, 8)) + len(hashed).to_bytes(2, "big") + hashed
        whole = content + head + b"\x04\xff" + len(head).to_bytes(4, "big")
        value = int.from_bytes(self.private.sign(whole, padding.PKCS1v15(), hashes.SHA256()), "big")
        return self.packet(2, head + b"\x00\x00" + hashlib.sha256(whole).digest()[:2] + number(value))

    def framed(self) -> bytes:
        return b"\x99" + len(self.primary()).to_bytes(2, "big") + self.primary()

    def key(self, *more: bytes) -> EnrolledKey:
        return key_from_text(armour(self.packet(6, self.primary()) + b"".join(more)))

    def test_it_signs(self) -> None:
        assert answer([self.signed(0, DATA)], [self.key()]) == ("valid", "valid")

    def test_its_end_counts(self) -> None:
        lifetime = bytes([9]) + (200_000_000).to_bytes(4, "big")
        user = b"V <v@vendor.test>"
        identity = b"\xb4" + len(user).to_bytes(4, "big") + user
        certified = self.packet(13, user) + self.signed(0x13, self.framed() + identity, lifetime)
        assert answer([self.signed(0, DATA)], [self.key(certified)]) == ("expired", "key-expired")

    @pytest.mark.parametrize(("reason", "outcome"), [(2, "revoked"), (3, "expired")])
    def test_its_revocation_counts(self, reason: int, outcome: str) -> None:
        revoked = self.signed(0x20, self.framed(), bytes((29, reason)))
        assert answer([self.signed(0, DATA)], [self.key(revoked)])[0] == outcome


def test_gpg_and_we_read_the_same_fingerprints(gpg: Gnupg) -> None:
    fingerprint = with_subkey(gpg, "named")
    listed = subprocess.run(
        ["gpg", "--homedir", str(gpg.home), "--list-keys", "--with-colons", "--with-subkey-fingerprint", fingerprint],
        capture_output=True,
        check=True,
    ).stdout.decode()
    names = [line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr")]
    certificate = parse_openpgp_certificate(gpg.run("--no-armor", "--export", fingerprint))
    assert [key.fingerprint for key in certificate.keys] == names
