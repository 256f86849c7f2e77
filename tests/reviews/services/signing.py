"""Real signatures over statements, as auditors make them outside the portal."""

from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.cast import ORIGIN
from transparency.proofs.attest.dsse import (
    PAYLOAD_TYPE,
    Envelope,
    EnvelopeSignature,
    attestation_namespace,
    format_envelope,
    pae,
)

if TYPE_CHECKING:
    from pathlib import Path

    from reviews.models import Statement
    from tests.cast import Key

NAMESPACE = attestation_namespace(ORIGIN)


def envelope_of(payload: bytes, *signatures: bytes, keyid: str = "") -> bytes:
    """An envelope of raw signature bytes."""
    listed = tuple(EnvelopeSignature(keyid, signature) for signature in signatures)
    return format_envelope(Envelope(payload, PAYLOAD_TYPE, listed))


def sign_ssh(payload: bytes, key: Key, namespace: str = NAMESPACE) -> bytes:
    """The SSHSIG blob over the PAE: what is inside the armour that ssh-keygen writes."""
    lines = key.sign(pae(payload), namespace).decode().split("\n")
    return base64.b64decode("".join(line for line in lines if line and not line.startswith("-----")))


def sign_statement(statement: Statement, key: Key, namespace: str = NAMESPACE) -> bytes:
    """The whole envelope for a statement, by an SSH key."""
    payload = bytes(statement.payload)
    return envelope_of(payload, sign_ssh(payload, key, namespace))


class PemKey:
    """An Ed25519 key in a PEM file."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    @property
    def public(self) -> str:
        return (
            self._key.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )

    def sign(self, payload: bytes) -> bytes:
        return envelope_of(payload, self._key.sign(pae(payload)))


class MinisignKey:
    """A minisign key pair without a password."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        subprocess.run(
            ["minisign", "-G", "-W", "-f", "-p", str(folder / "m.pub"), "-s", str(folder / "m.key")],
            check=True,
            capture_output=True,
        )

    @property
    def public(self) -> str:
        return (self._folder / "m.pub").read_text()

    def sign(self, payload: bytes) -> bytes:
        message = self._folder / "statement.pae"
        message.write_bytes(pae(payload))
        secret = str(self._folder / "m.key")
        subprocess.run(["minisign", "-S", "-W", "-s", secret, "-m", str(message)], check=True, capture_output=True)
        return envelope_of(payload, message.with_suffix(".pae.minisig").read_bytes())


class GpgKey:
    """An OpenPGP key in a home of its own."""

    def __init__(self, folder: Path) -> None:
        self._home = folder / "gnupg"
        self._home.mkdir(mode=0o700)
        self._gpg("--quick-generate-key", "auditor@north.test", "ed25519", "sign", "never")

    @property
    def public(self) -> str:
        return self._gpg("--armor", "--export").decode()

    def sign(self, payload: bytes) -> bytes:
        return envelope_of(payload, self._gpg("--detach-sign", data=pae(payload)))

    def _gpg(self, *arguments: str, data: bytes = b"") -> bytes:
        options = ["--batch", "--pinentry-mode", "loopback", "--passphrase", "", "--homedir", str(self._home)]
        return subprocess.run(["gpg", *options, *arguments], input=data, check=True, capture_output=True).stdout
