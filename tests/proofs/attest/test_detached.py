"""Detached signatures as their tools write them become the envelope that an auditor's program would have made; nothing else does."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.reviews.services.signing import NAMESPACE, GpgKey, MinisignKey, PemKey, envelope_of, sign_ssh
from transparency.errors import EvidenceError
from transparency.proofs.attest.detached import MAX_DETACHED_BYTES, is_envelope, wrap_signature
from transparency.proofs.attest.dsse import pae

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.cast import Key

PAYLOAD = b'{"_type":"x"}'


def raw_of(envelope: bytes) -> bytes:
    return base64.b64decode(json.loads(envelope)["signatures"][0]["sig"])


def wrapped(kind: str, data: bytes) -> bytes:
    return wrap_signature(PAYLOAD, key_format=kind, keyid="", data=data)


def test_an_ssh_signature_is_taken_armoured_pasted_and_binary(keys: Mapping[str, Key]) -> None:
    armoured = keys["auditor"].sign(pae(PAYLOAD), NAMESPACE)
    expected = envelope_of(PAYLOAD, sign_ssh(PAYLOAD, keys["auditor"]))
    for data in (armoured, b"\r\n" + armoured.replace(b"\n", b"\r\n").strip(), raw_of(expected)):
        assert wrapped("ssh", data) == expected


def test_minisign_and_openssl_signatures_are_taken_as_files_and_pasted(tmp_path: Path) -> None:
    file = raw_of(MinisignKey(tmp_path).sign(PAYLOAD))
    for data in (file, file.replace(b"\n", b"\r\n"), file.strip()):
        assert raw_of(wrapped("minisign", data)) == file
    raw = raw_of(PemKey().sign(PAYLOAD))
    text = base64.b64encode(raw)
    for data in (raw, text, text[:40] + b"\r\n" + text[40:] + b"\r\n"):
        assert raw_of(wrapped("pem", data)) == raw


def test_an_openpgp_signature_loses_its_armour(tmp_path: Path) -> None:
    assert shutil.which("gpg")
    binary = raw_of(GpgKey(tmp_path).sign(PAYLOAD))
    armoured = subprocess.run(["gpg", "--enarmor"], input=binary, capture_output=True, check=True).stdout
    armoured = armoured.replace(b"PGP ARMORED FILE", b"PGP SIGNATURE")
    for data in (binary, armoured, armoured.replace(b"\n", b"\r\n")):
        assert raw_of(wrapped("openpgp", data)) == binary


def test_what_is_no_signature_of_the_keys_kind_is_refused(keys: Mapping[str, Key], tmp_path: Path) -> None:
    ssh = keys["auditor"].sign(pae(PAYLOAD), NAMESPACE)
    for kind, data, code in (
        ("ssh", b"", "signature-malformed"),
        ("ssh", b"x" * (MAX_DETACHED_BYTES + 1), "signature-malformed"),
        ("ssh", b"no signature", "sshsig-malformed"),
        ("ssh", ssh + ssh, "sshsig-malformed"),
        ("minisign", ssh, "minisign-malformed"),
        ("openpgp", ssh, "openpgp-malformed"),
        ("openpgp", b"-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n", "openpgp-not-detached"),
        ("pem", b"AAA", "signature-malformed"),
        ("signify", ssh, "key-format"),
    ):
        with pytest.raises(EvidenceError) as refusal:
            wrapped(kind, data)
        assert refusal.value.code == code, (kind, data[:20])


def test_an_envelope_is_told_from_a_signature_by_its_brace(keys: Mapping[str, Key]) -> None:
    assert is_envelope(b' \r\n{"payload":""}')
    for data in (b"", b"-----BEGIN SSH SIGNATURE-----", b"untrusted comment: x", b"\x88\x75", b"AAAA"):
        assert not is_envelope(data)
