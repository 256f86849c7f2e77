"""Signatures and keys as the real tools write them, with every byte changed: refused by the promised codes, or what they say they are."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.mutations import accepted, of_text
from tests.signers import MinisignSigner, OpenPgpSigner, PemSigner, SignifySigner, SshSigner
from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.minisign import check_minisign, parse_minisign, parse_minisign_key
from transparency.proofs.signatures.minisign_secret import parse_minisign_secret, sign_minisign
from transparency.proofs.signatures.openpgp import dearmour, packets, parse_areas, parse_openpgp_signatures
from transparency.proofs.signatures.openpgp_key import parse_openpgp_certificate
from transparency.proofs.signatures.pem import parse_pem_key
from transparency.proofs.signatures.signify import (
    SignifySignature,
    format_signify,
    parse_signify,
    parse_signify_key,
)
from transparency.proofs.signatures.sshsig import (
    HASHES,
    SshSignature,
    armour_sshsig,
    format_sshsig,
    parse_ssh_public_key,
    parse_sshsig,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MESSAGE = b"message"
KEY_CODES = {"key-malformed", "key-weak", "key-type"}
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
ssh_signatures = st.builds(
    SshSignature, st.binary(max_size=200), names, st.sampled_from(HASHES), st.binary(max_size=200)
)
comments = st.binary(max_size=40).filter(lambda comment: b"\n" not in comment)
signify_signatures = st.builds(
    SignifySignature, comments, st.binary(min_size=8, max_size=8), st.binary(min_size=64, max_size=64)
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signers")


@pytest.fixture(scope="module")
def openpgp() -> OpenPgpSigner:
    return OpenPgpSigner()


@given(ssh_signatures)
def test_an_ssh_signature_parses_to_itself_and_back_from_its_armour_too(signature: SshSignature) -> None:
    data = format_sshsig(signature)
    assert parse_sshsig(data) == parse_sshsig(armour_sshsig(signature)) == signature
    assert format_sshsig(parse_sshsig(data)) == data


@given(signify_signatures)
def test_a_signify_signature_parses_to_itself_and_back(signature: SignifySignature) -> None:
    data = format_signify(signature)
    assert parse_signify(data) == signature
    assert format_signify(parse_signify(data)) == data


def test_a_changed_ssh_signature_is_refused_or_another_one(folder: Path) -> None:
    armoured = SshSigner(folder).sign(MESSAGE)
    signature = parse_sshsig(armoured)
    assert armour_sshsig(signature) == armoured
    refusals = {"sshsig-malformed", "sshsig-hash"}
    for mutated, found in accepted(format_sshsig(signature), parse_sshsig, refusals):
        assert format_sshsig(found) == mutated
    for mutated, found in accepted(armoured, parse_sshsig, refusals):
        assert b"".join(armour_sshsig(found).split()) == b"".join(mutated.split())


@pytest.mark.parametrize("legacy", [False, True])
def test_a_changed_minisign_signature_is_refused_or_another_one(folder: Path, *, legacy: bool) -> None:
    data = MinisignSigner(folder, f"sign-{legacy}", legacy=legacy).sign(MESSAGE)
    for mutated, found in accepted(data, parse_minisign, {"minisign-malformed"}):
        untrusted, *signed = mutated.split(b"\n")
        head = b"ED" if found.prehashed else b"Ed"
        assert untrusted.startswith(b"untrusted comment: ")
        assert signed == [
            base64.b64encode(head + found.key_id + found.signature),
            b"trusted comment: " + found.trusted_comment,
            base64.b64encode(found.global_signature),
            b"",
        ]


@pytest.mark.parametrize("tool", ["minisign", "signify"])
def test_a_changed_line_key_is_refused_or_another_one(folder: Path, tool: str) -> None:
    data = (MinisignSigner if tool == "minisign" else SignifySigner)(folder, f"key-{tool}").public.read_bytes()

    def parse(text: str) -> tuple[bytes, bytes]:
        if tool == "minisign":
            return (minisign := parse_minisign_key(text)).key_id, minisign.public
        return (signify := parse_signify_key(text)).number, signify.public

    for mutated, (number, public) in accepted(data, of_text(parse), KEY_CODES):
        assert base64.b64encode(b"Ed" + number + public) == mutated.split()[-1]


def test_a_minisign_key_without_a_password_signs_as_minisign_does(folder: Path) -> None:
    signer = MinisignSigner(folder, "unlocked")
    secret, public = parse_minisign_secret(signer.path.read_text()), parse_minisign_key(signer.key.public)
    signature = parse_minisign(sign_minisign(secret, MESSAGE, "why"))
    check_minisign(signature, public, message=MESSAGE, blake2b512=hashlib.blake2b(MESSAGE).digest())
    assert secret.fingerprint == public.fingerprint


def test_a_changed_minisign_secret_is_refused_or_another_number_of_the_same_key(folder: Path) -> None:
    data = MinisignSigner(folder, "secret").path.read_bytes()
    secret = parse_minisign_secret(data.decode())
    for mutated, found in accepted(data, of_text(parse_minisign_secret), {"key-malformed"}):
        assert found.seed == secret.seed
        assert base64.b64decode(mutated.split()[-1])[54:94] == found.key_id + found.seed


def test_a_changed_signify_signature_is_refused_or_another_one(folder: Path) -> None:
    for mutated, found in accepted(SignifySigner(folder).sign(MESSAGE), parse_signify, {"signify-malformed"}):
        assert format_signify(found) == mutated


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_changed_ssh_key_is_refused_or_another_one(folder: Path, kind: str) -> None:
    data = SshSigner(folder, f"public-{kind}", kind).path.with_suffix(".pub").read_bytes()
    for mutated, blob in accepted(data, of_text(parse_ssh_public_key), KEY_CODES):
        kind_of, encoded = mutated.decode("utf-8", "replace").split()[:2]
        assert encoded == base64.b64encode(blob).decode()
        assert blob[4:].startswith(kind_of.encode())


@pytest.mark.parametrize("p256", [False, True])
def test_a_changed_pem_key_is_refused_or_another_one(*, p256: bool) -> None:
    data = PemSigner(p256=p256).key.public.encode() + b"\n"
    for mutated, key in accepted(data, of_text(parse_pem_key), KEY_CODES):
        body = mutated.strip().removeprefix(b"-----BEGIN PUBLIC KEY-----").removesuffix(b"-----END PUBLIC KEY-----")
        assert base64.b64encode(key.der) == b"".join(body.split())


@pytest.mark.parametrize("around", ["{}x", "x\n{}", "{}\ufffd", "{0}\n{0}", "{}" + " " * 4096])
def test_a_pem_key_with_anything_around_it_is_refused(around: str) -> None:
    with pytest.raises(EvidenceError, match="key-malformed"):
        parse_pem_key(around.format(PemSigner().key.public))


def test_a_pem_key_in_another_encoding_is_refused() -> None:
    der = parse_pem_key(PemSigner(p256=True).key.public).der
    point = der[-64:]
    compressed = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + bytes([2 + (point[-1] & 1)])
    body = base64.b64encode(compressed + point[:32]).decode()
    with pytest.raises(EvidenceError, match="strict DER"):
        parse_pem_key(f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")


def test_a_changed_openpgp_signature_is_refused_or_says_what_its_packets_say(openpgp: OpenPgpSigner) -> None:
    armoured = openpgp.sign(MESSAGE)
    for raw in (armoured, dearmour(armoured, "SIGNATURE", "test")):
        for mutated, found in accepted(raw, parse_openpgp_signatures, {"openpgp-malformed", "openpgp-not-detached"}):
            whole = b"".join(signature.packet for signature in found)
            assert parse_openpgp_signatures(whole) == found
            assert whole == (mutated if raw is not armoured else base64_body(mutated))


def test_changed_areas_of_an_openpgp_signature_are_refused_or_read_whole(openpgp: OpenPgpSigner) -> None:
    [(_, body, _)] = packets(dearmour(openpgp.sign(MESSAGE), "SIGNATURE", "test"), "test")
    parse: Callable[[bytes], object] = lambda mutated: parse_areas(mutated) if len(mutated) > 5 else None  # noqa: E731
    for mutated, areas in accepted(body, parse, {"openpgp-malformed"}):
        for area in areas if isinstance(areas, tuple) else ():
            assert all(
                bytes([kind]) + content in mutated or bytes([kind | 0x80]) + content in mutated
                for kind, content in area.items()
            )


def test_a_changed_openpgp_certificate_is_refused_or_named_by_its_own_keys(openpgp: OpenPgpSigner) -> None:
    armoured = openpgp.key.public.encode()
    raw = dearmour(armoured, "PUBLIC KEY BLOCK", "test")
    honest = parse_openpgp_certificate(raw)
    for mutated, found in accepted(raw, parse_openpgp_certificate, {"key-malformed", "openpgp-malformed"}):
        for key in found.keys:
            assert key.body in mutated
            if key.body[0] == 4:
                hashed = b"\x99" + len(key.body).to_bytes(2, "big") + key.body
                assert key.fingerprint == hashlib.sha1(hashed, usedforsecurity=False).hexdigest().upper()
        assert (found.keys[0] == honest.keys[0]) == (found.fingerprint == honest.fingerprint)
    for mutated, found in accepted(armoured, parse_openpgp_certificate, {"key-malformed", "openpgp-malformed"}):
        assert parse_openpgp_certificate(base64_body(mutated)) == found


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_as_a_signature_or_a_key_are_refused_by_a_code_or_read(data: bytes) -> None:
    parsers: tuple[Callable[[bytes], object], ...] = (
        parse_openpgp_signatures,
        parse_openpgp_certificate,
        parse_minisign,
        parse_signify,
        parse_sshsig,
        of_text(parse_minisign_key),
        of_text(parse_signify_key),
        of_text(parse_minisign_secret),
        of_text(parse_pem_key),
        of_text(parse_ssh_public_key),
    )
    for parse in parsers:
        try:
            parse(data)
        except EvidenceError as error:
            assert error.expected


def base64_body(armoured: bytes) -> bytes:
    """The bytes in an armour, read without the project's reader: after the empty line, up to the checksum or the end."""
    lines = [line.strip() for line in armoured.decode("utf-8", "replace").strip().splitlines()]
    body = [line for line in lines[lines.index("") + 1 : -1] if not line.startswith("=")]
    return base64.b64decode("".join(body))
