"""Ways to make a CMS signature say what its signer did not: none of them is accepted, and each has the code that it ends in."""

from __future__ import annotations

import hashlib
import subprocess
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import PBES, serialize_key_and_certificates

from tests.cms import ECDSA, HASHES, HandMade, attribute, names_certificate, oid, sequence
from tests.proofs.mutations import accepted, mutations
from tests.proofs.signatures.test_cms import DATA, UNKNOWN, VALID, answer, digests
from tests.x509 import Identity, cms_sign, leaf, openssl_accepts, root
from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.cms import (
    ALGORITHM_PROTECTION,
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    SIGNING_TIME,
    TIME_STAMP,
    parse_cms,
    parse_signed_data,
)
from transparency.proofs.signatures.der import OCTET_STRING, SEQUENCE, DerReader, definite, encode
from transparency.proofs.signatures.findings import Content
from transparency.proofs.signatures.judge import judge_signature

if TYPE_CHECKING:
    from collections.abc import Iterator

# What gpgsm of Debian 12 imports.
OLD_BUNDLE = (
    PrivateFormat.PKCS12.encryption_builder()
    .key_cert_algorithm(PBES.PBESv1SHA1And3KeyTripleDESCBC)
    .hmac_hash(hashes.SHA1())  # noqa: S303
    .build(b"x")
)


@pytest.fixture(scope="module")
def anchor() -> Identity:
    return root()


@pytest.fixture(scope="module")
def signer(anchor: Identity) -> Identity:
    return leaf(anchor)


def digest(data: bytes, hashed: str = "sha256") -> bytes:
    return attribute(MESSAGE_DIGEST, encode(OCTET_STRING, hashlib.new(hashed, data).digest()))


def test_what_is_put_together_by_hand_holds_when_nothing_is_wrong_with_it(
    tmp_path: Path, anchor: Identity, signer: Identity
) -> None:
    for hashed in ("sha256", "sha512"):
        made = HandMade(signer, DATA, hashed=hashed).bytes()
        assert answer(made, [anchor.key]) == VALID
        assert openssl_accepts(tmp_path, made, DATA, anchor)
    assert answer(HandMade(signer, DATA, more=[names_certificate(signer)]).bytes(), [anchor.key]) == VALID


def test_the_set_of_attributes_is_never_taken_for_a_content(tmp_path: Path, anchor: Identity, signer: Identity) -> None:
    """The signature over the attributes is one over those bytes; without attributes it would be over a content that spells them."""
    made = HandMade(signer, DATA)
    spelt = made.signed_set()
    forged = HandMade(signer, spelt, attributes=None, signature=made.sign(spelt)).bytes()
    assert openssl_accepts(tmp_path, forged, spelt, anchor)
    assert answer(forged, [anchor.key], data=spelt) == ("invalid", "cms-attributes")


def test_an_attribute_that_is_missing_twice_or_another_is_refused(anchor: Identity, signer: Identity) -> None:
    kind = attribute(CONTENT_TYPE, oid("1.2.840.113549.1.7.1"))
    stamp = attribute(CONTENT_TYPE, oid(TIME_STAMP))
    value = encode(OCTET_STRING, hashlib.sha256(DATA).digest())
    cases: dict[str, list[bytes]] = {
        "no digest": [kind],
        "no type": [digest(DATA)],
        "two digests": [kind, digest(DATA), digest(b"other")],
        "two types": [kind, stamp, digest(DATA)],
        "two values": [kind, attribute(MESSAGE_DIGEST, value, encode(OCTET_STRING, b"x" * 32))],
        "no value": [kind, attribute(MESSAGE_DIGEST)],
        "another type": [stamp, digest(DATA)],
    }
    for name, attributes in cases.items():
        made = HandMade(signer, DATA, attributes=attributes).bytes()
        assert answer(made, [anchor.key]) == ("invalid", "cms-attributes"), name


def test_the_digest_of_another_content_or_by_another_hash_is_no_signature_over_this(
    anchor: Identity, signer: Identity
) -> None:
    kind = attribute(CONTENT_TYPE, oid("1.2.840.113549.1.7.1"))
    for attributes in ([kind, digest(b"other")], [kind, digest(DATA, "sha512")], [kind, digest(DATA, "sha1")]):
        assert answer(HandMade(signer, DATA, attributes=attributes).bytes(), [anchor.key]) == ("invalid", "cms-content")


def test_attributes_changed_after_signing_break_the_signature(anchor: Identity, signer: Identity) -> None:
    honest = HandMade(signer, b"what was signed")
    forged = HandMade(signer, DATA, signature=honest.sign(honest.signed_set())).bytes()
    assert answer(forged, [anchor.key]) == ("invalid", "signature-mismatch")


def test_the_algorithms_must_be_the_ones_that_were_used(anchor: Identity, signer: Identity) -> None:
    made = HandMade(signer, DATA, algorithm=sequence(oid(ECDSA["sha512"]))).bytes()
    assert answer(made, [anchor.key]) == ("invalid", "cms-algorithm")
    rsa = HandMade(signer, DATA, algorithm=sequence(oid("1.2.840.113549.1.1.11"), b"\x05\x00")).bytes()
    assert answer(rsa, [anchor.key]) == ("invalid", "signature-algorithm")
    unknown = HandMade(signer, DATA, algorithm=sequence(oid("1.2.3.4"))).bytes()
    assert answer(unknown, [anchor.key]) == ("invalid", "cms-algorithm")
    old = HandMade(signer, DATA, algorithm=sequence(oid(ECDSA["sha1"]))).bytes()
    assert answer(old, [anchor.key]) == ("weak", "weak-hash")


def test_algorithms_that_the_signer_protected_are_held_to(anchor: Identity, signer: Identity) -> None:
    hashed, scheme = sequence(oid(HASHES["sha256"])), sequence(oid(ECDSA["sha256"]))
    right = attribute(ALGORITHM_PROTECTION, sequence(hashed, b"\xa1" + scheme[1:]))
    wrong = attribute(ALGORITHM_PROTECTION, sequence(sequence(oid(HASHES["sha512"])), b"\xa1" + scheme[1:]))
    assert answer(HandMade(signer, DATA, more=[right]).bytes(), [anchor.key]) == VALID
    assert answer(HandMade(signer, DATA, more=[wrong]).bytes(), [anchor.key]) == ("invalid", "cms-attributes")


def test_a_signer_that_names_another_certificate_is_not_this_one(anchor: Identity, signer: Identity) -> None:
    other = leaf(anchor, "Other")
    named = HandMade(signer, DATA, more=[names_certificate(other)]).bytes()
    assert answer(named, [anchor.key]) == ("invalid", "cms-attributes")
    swapped = HandMade(signer, DATA, named=other, certificates=[signer.der, other.der]).bytes()
    assert answer(swapped, [anchor.key]) == ("invalid", "signature-mismatch")
    absent = HandMade(signer, DATA, named=other).bytes()
    assert answer(absent, [anchor.key]) == UNKNOWN


def test_a_strangers_certificate_in_the_name_of_the_authority_vouches_for_nobody(
    anchor: Identity, signer: Identity
) -> None:
    """The same issuer and subject names, other keys: names alone link nothing."""
    twin = leaf(root())
    assert answer(HandMade(twin, DATA, certificates=[twin.der, anchor.der]).bytes(), [anchor.key]) == UNKNOWN
    assert answer(HandMade(twin, DATA, certificates=[twin.der, signer.der]).bytes(), [anchor.key]) == UNKNOWN


def test_ed25519_goes_with_sha512_and_with_nothing_else(anchor: Identity) -> None:
    edwards = leaf(anchor, kind="ed25519")
    assert answer(HandMade(edwards, DATA, hashed="sha512").bytes(), [anchor.key]) == VALID
    assert answer(HandMade(edwards, DATA, hashed="sha512").bytes(), [anchor.key], data=b"x") == (
        "invalid",
        "cms-content",
    )
    assert answer(HandMade(edwards, DATA).bytes(), [anchor.key]) == ("invalid", "cms-algorithm")


def test_none_two_and_repeated_signers_are_refused(anchor: Identity, signer: Identity) -> None:
    for count in (0, 2):
        assert answer(HandMade(signer, DATA, signers=count).bytes(), [anchor.key]) == ("invalid", "cms-signers")


def test_a_signature_over_another_type_of_content_is_not_one_over_a_file(anchor: Identity, signer: Identity) -> None:
    for kind in (TIME_STAMP, "1.2.840.113549.1.7.5"):
        made = HandMade(signer, DATA, content_type=kind, version=3).bytes()
        assert answer(made, [anchor.key]) == ("invalid", "signature-unreadable")


def test_a_certificate_that_cannot_be_read_beside_the_others_changes_nothing(
    anchor: Identity, signer: Identity
) -> None:
    made = HandMade(signer, DATA, certificates=[sequence(b"\x02\x01\x01"), signer.der]).bytes()
    assert answer(made, [anchor.key]) == VALID


def test_many_certificates_of_one_name_do_not_keep_us_busy(anchor: Identity) -> None:
    """Fifteen authorities that all seem to have issued each other: the search ends, and finds nothing."""
    loop = [root("Loop") for _ in range(15)]
    made = HandMade(leaf(loop[0]), DATA)
    made.certificates = [made.signer.der, *(each.der for each in loop)]
    assert answer(made.bytes(), [anchor.key]) == UNKNOWN
    with pytest.raises(EvidenceError, match="cms-malformed"):
        parse_cms(replace(made, certificates=[*made.certificates, anchor.der]).bytes())


def test_an_indefinite_length_is_the_same_signature_and_a_long_one_is_none(anchor: Identity, signer: Identity) -> None:
    made = HandMade(signer, DATA).bytes()
    body = DerReader(made, "x").element(SEQUENCE).body
    assert definite(b"\x30\x80" + body + b"\0\0") == made
    assert answer(b"\x30\x80" + body + b"\0\0", [anchor.key]) == VALID
    padded = b"\x30\x83\x00" + len(body).to_bytes(2, "big") + body
    for spoilt in (padded, b"\x30\x80" + body, b"\x30\x80" + body + b"\0\0\0"):
        assert answer(spoilt, [anchor.key]) == ("invalid", "signature-unreadable")
    deep = b"\x30\x80" * 5000
    assert answer(deep, [anchor.key]) == ("invalid", "signature-unreadable")


def test_a_signing_time_that_cannot_be_read_is_not_passed_over(anchor: Identity, signer: Identity) -> None:
    late = HandMade(signer, DATA, more=[attribute(SIGNING_TIME, encode(0x17, b"991332000000Z"))]).bytes()
    assert answer(late, [anchor.key]) == VALID
    from tests.x509 import DAY, NOW

    assert answer(late, [anchor.key], now=NOW + 900 * DAY) == ("invalid", "signature-unreadable")


def test_no_change_of_one_byte_makes_it_valid_over_other_bytes_or_by_another_signer(
    anchor: Identity, signer: Identity
) -> None:
    """Every mutation ends in a coded answer, and none is ever valid over another content."""
    made, other = HandMade(signer, DATA).bytes(), b"other bytes"
    content, enrolled = Content(data=other), [anchor.key]
    from tests.x509 import NOW

    for mutated in mutations(made):
        for finding in judge_signature(mutated, digests(other), enrolled, now=NOW, content=content):
            assert finding.outcome != "valid"


def test_a_changed_cms_signature_is_refused_or_signs_the_same_attributes(anchor: Identity, signer: Identity) -> None:
    """Where a change still holds, what was signed, by whom and how is untouched: it lies in what nobody signed."""
    from tests.x509 import NOW

    made = HandMade(signer, DATA).bytes()
    known, enrolled, content = parse_cms(made), [anchor.key], Content(data=DATA)
    codes = {"cms-malformed", "cms-signers", "cms-attributes", "cms-attached"}
    held = 0
    for mutated, found in accepted(made, parse_cms, codes):
        [finding] = judge_signature(mutated, digests(), enrolled, now=NOW, content=content)
        if finding.outcome == "valid":
            held += 1
            assert (found.signer.signed, found.signer.signature) == (known.signer.signed, known.signer.signature)
            assert signer.der in found.certificates
    assert held < 100


def test_it_is_checked_over_the_payload_of_a_git_tag(tmp_path: Path, anchor: Identity, signer: Identity) -> None:
    payload = (
        b"object 0123456789012345678901234567890123456789\ntype commit\ntag v1\ntagger V <v@v.example> 1 +0000\n\nv1\n"
    )
    armoured = cms_sign(tmp_path, signer, payload, form="PEM").replace(b"CMS", b"SIGNED MESSAGE")
    more: dict[str, Any] = {"data": payload}
    assert answer(armoured, [anchor.key], **more) == VALID
    assert answer(armoured, [anchor.key], data=payload.replace(b"v1", b"v2")) == ("invalid", "cms-content")


def test_what_gpgsm_writes_for_git_is_read_in_its_indefinite_lengths(anchor: Identity) -> None:
    signer = leaf(anchor, kind="rsa2048")
    with gpgsm_home() as home:
        bundle = serialize_key_and_certificates(
            None,
            signer.private,
            signer.certificate,
            [anchor.certificate],
            OLD_BUNDLE,
        )
        (home / "bundle.p12").write_bytes(bundle)
        (home / "gpgsm.conf").write_text("disable-crl-checks\n")
        (home / "trustlist.txt").write_text(f"{anchor.certificate.fingerprint(hashes.SHA1()).hex().upper()} S relax\n")  # noqa: S303 - gpgsm's name for it
        run = ["gpgsm", "--homedir", str(home), "--batch", "--pinentry-mode", "loopback", "--passphrase-fd", "0"]
        name = signer.certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303
        (home / "payload").write_bytes(DATA)
        subprocess.run([*run, "--import", str(home / "bundle.p12")], input=b"x\n", capture_output=True, check=True)
        sign = [*run, "--detach-sign", "--armor", "-u", f"0x{name}", str(home / "payload")]
        made = subprocess.run(sign, input=b"x\n", capture_output=True, check=True).stdout
    assert made.startswith(b"-----BEGIN SIGNED MESSAGE-----\nMIA")
    assert answer(made, [anchor.key]) == VALID
    assert answer(made, [anchor.key], data=DATA + b"x") == ("invalid", "cms-content")


@contextmanager
def gpgsm_home() -> Iterator[Path]:
    """A folder with a short name, as its sockets have one; the agent that gpgsm started ends with it."""
    with TemporaryDirectory(prefix="gpgsm", dir="/tmp") as folder:
        try:
            yield Path(folder)
        finally:
            subprocess.run(["gpgconf", "--homedir", folder, "--kill", "all"], check=False, capture_output=True)


def test_a_changed_signed_data_is_refused_by_a_code(signer: Identity) -> None:
    made = HandMade(signer, DATA, attached=True, content_type=TIME_STAMP, version=3).bytes()
    codes = {"cms-malformed", "cms-signers", "cms-attributes"}
    assert parse_signed_data(made).content == DATA
    for _, found in accepted(made, parse_signed_data, codes):
        assert found.signer.signed
