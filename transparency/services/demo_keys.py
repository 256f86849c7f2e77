"""Throw-away SSH keys of the demonstration, kept under `demo/keys/` as OpenSSH files so that every public tool can use them."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)
from django.conf import settings

from transparency.gateways.durable import write_durable
from transparency.proofs.signatures.sshsig import sign_sshsig


@dataclass(frozen=True, slots=True)
class DemoKey:
    private: Ed25519PrivateKey
    public: str

    def sign(self, data: bytes, namespace: str) -> bytes:
        """An armoured SSHSIG, as `ssh-keygen -Y sign -n NAMESPACE` makes it."""
        return sign_sshsig(self.private, namespace, data)


def demo_key(name: str) -> DemoKey:
    """The key called `name`, made at first use."""
    path = settings.DEMO_ROOT / "keys" / name
    if not path.exists():
        fresh = Ed25519PrivateKey.generate()
        write_durable(path, fresh.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()), mode=0o600)
    private = load_ssh_private_key(path.read_bytes(), None)
    if not isinstance(private, Ed25519PrivateKey):
        raise TypeError("demo keys are Ed25519")
    public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() + f" demo {name}\n"
    if not path.with_suffix(".pub").exists():
        write_durable(path.with_suffix(".pub"), public.encode(), mode=0o644)
    return DemoKey(private, public)
