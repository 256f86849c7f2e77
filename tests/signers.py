"""Throw-away keys of every format, made and used by the tools that people have: ssh-keygen, minisign, openssl, Sequoia."""

from __future__ import annotations

import base64
import subprocess
import warnings
from typing import TYPE_CHECKING, Protocol

import pysequoia
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.x509 import DAY, NOW, cms_sign, leaf, middle, root
from transparency.proofs.signatures.keys import EnrolledKey, key_from_text

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


class Signer(Protocol):
    """A key of somebody: `sign` makes a signature file, `sign_statement` what a DSSE signature holds."""

    @property
    def key(self) -> EnrolledKey: ...

    def sign(self, data: bytes, namespace: str = "file") -> bytes: ...

    def sign_statement(self, message: bytes, namespace: str) -> bytes: ...


class SshSigner:
    """An OpenSSH key pair; `kind` is what `ssh-keygen -t` takes."""

    def __init__(self, folder: Path, name: str = "ssh", kind: str = "ed25519") -> None:
        self.path = folder / name
        command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name, "-f", str(self.path)]
        subprocess.run(command, check=True)
        self.key = key_from_text(self.path.with_name(f"{name}.pub").read_text())

    def sign(self, data: bytes, namespace: str = "file") -> bytes:
        command = ["ssh-keygen", "-Y", "sign", "-n", namespace, "-f", str(self.path)]
        return subprocess.run(command, input=data, capture_output=True, check=True).stdout

    def sign_statement(self, message: bytes, namespace: str) -> bytes:
        armoured = self.sign(message, namespace).decode().split("\n")
        return base64.b64decode("".join(armoured[1:-2]))


class MinisignSigner:
    """A minisign key pair without a password; `legacy` signs the file itself and not its digest."""

    def __init__(self, folder: Path, name: str = "minisign", *, legacy: bool = False) -> None:
        self.path, self.public, self.legacy = folder / f"{name}.key", folder / f"{name}.pub", legacy
        command = ["minisign", "-G", "-W", "-p", str(self.public), "-s", str(self.path)]
        subprocess.run(command, check=True, capture_output=True)
        self.key = key_from_text(self.public.read_text())

    def sign(self, data: bytes, namespace: str = "file") -> bytes:
        message = self.path.with_suffix(".message")
        message.write_bytes(data)
        return self.sign_file(message)

    def sign_file(self, message: Path) -> bytes:
        command = ["minisign", "-S", *(["-l"] if self.legacy else []), "-s", str(self.path), "-m", str(message)]
        subprocess.run(command, check=True, capture_output=True)
        return message.with_name(f"{message.name}.minisig").read_bytes()

    def sign_statement(self, message: bytes, namespace: str) -> bytes:
        return self.sign(message)


class SignifySigner:
    """A signify key pair without a passphrase."""

    def __init__(self, folder: Path, name: str = "signify") -> None:
        self.path, self.public = folder / f"{name}.sec", folder / f"{name}.pub"
        command = ["signify-openbsd", "-G", "-n", "-c", name, "-p", str(self.public), "-s", str(self.path)]
        subprocess.run(command, check=True, capture_output=True)
        self.key = key_from_text(self.public.read_text())

    def sign(self, data: bytes, namespace: str = "file") -> bytes:
        message = self.path.with_suffix(".message")
        message.write_bytes(data)
        return self.sign_file(message)

    def sign_file(self, message: Path) -> bytes:
        signature = message.with_suffix(".sig")
        command = ["signify-openbsd", "-S", "-s", str(self.path), "-m", str(message), "-x", str(signature)]
        subprocess.run(command, check=True, capture_output=True)
        return signature.read_bytes()

    def sign_statement(self, message: bytes, namespace: str) -> bytes:
        raise NotImplementedError


class PemSigner:
    """A PEM key; a file's signature is what `cosign sign-blob --key` writes."""

    def __init__(self, *, p256: bool = False) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1()) if p256 else Ed25519PrivateKey.generate()
        public = self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.key = key_from_text(public.decode())

    def sign(self, data: bytes, namespace: str = "file") -> bytes:
        return base64.b64encode(self.sign_statement(data, namespace))

    def sign_statement(self, message: bytes, namespace: str) -> bytes:
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.sign(message)
        return self.private.sign(message, ec.ECDSA(hashes.SHA256()))


class OpenPgpSigner:
    """An OpenPGP certificate of the present moment: its signatures are made now, so leaves must be of now or later."""

    def __init__(self, identity: str = "Vendor <vendor@example.org>") -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            certificate = pysequoia.Cert.generate(identity)
            secrets = certificate.secrets
            assert secrets
            self._signer = secrets.signer()
        self.key = key_from_text(str(certificate))

    def sign(self, data: bytes, namespace: str = "file") -> bytes:
        return bytes(pysequoia.sign(self._signer, data, mode=pysequoia.SignatureMode.DETACHED))

    def sign_statement(self, message: bytes, namespace: str) -> bytes:
        armoured = self.sign(message).decode().split("\n\n", 1)[1]
        body = [line for line in armoured.split("\n") if line and not line.startswith(("=", "-"))]
        return base64.b64decode("".join(body))

    def clearsign(self, text: bytes) -> bytes:
        """The text as a .dsc is signed: with the signature, of type text, in the same file."""
        return bytes(pysequoia.sign(self._signer, text, mode=pysequoia.SignatureMode.CLEAR))


class CertificateSigner:
    """A signer below an authority of its vendor; `cms_sign` of the openssl command. The authority is what is enrolled."""

    def __init__(self, folder: Path, *, begins: datetime = NOW - DAY) -> None:
        self.folder, self.authority = folder, root(begins=begins)
        self.identity = leaf(middle(self.authority, begins=begins), begins=begins)
        self.key = self.authority.key

    def sign(self, data: bytes, namespace: str = "file") -> bytes:
        return cms_sign(self.folder, self.identity, data, form="PEM")

    def sign_statement(self, message: bytes, namespace: str) -> bytes:
        raise NotImplementedError
