"""Throw-away X.509 authorities and signers; the signatures and time stamps are made and checked by the openssl command."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from transparency.proofs.signatures.keys import EnrolledKey, key_from_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | Ed25519PrivateKey
NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
CODE, MAIL, TLS, STAMPS, ANY = (
    ExtendedKeyUsageOID.CODE_SIGNING,
    ExtendedKeyUsageOID.EMAIL_PROTECTION,
    ExtendedKeyUsageOID.SERVER_AUTH,
    ExtendedKeyUsageOID.TIME_STAMPING,
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
)
MAILBOX = "release@vendor.example"


def new_key(kind: str = "p256") -> Private:
    """`p256`, `p384`, `p521`, `brainpool`, `ed25519`, or `rsa` and a number of bits."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    if kind == "ed25519":
        return Ed25519PrivateKey.generate()
    curves: dict[str, ec.EllipticCurve] = {
        "p256": ec.SECP256R1(),
        "p384": ec.SECP384R1(),
        "p521": ec.SECP521R1(),
        "brainpool": ec.BrainpoolP256R1(),
    }
    return ec.generate_private_key(curves[kind])


def usage(*, sign: bool = False, certify: bool = False, encipher: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign,
        content_commitment=False,
        key_encipherment=encipher,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certify,
        crl_sign=certify,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass
class Identity:
    """A certificate with its private key, and who issued it (None of one that issued itself)."""

    certificate: x509.Certificate
    private: Private
    issuer: Identity | None = None
    others: list[Identity] = field(default_factory=list)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def key(self) -> EnrolledKey:
        """This certificate as an enrolled one."""
        return key_from_text(self.pem)

    @property
    def chain(self) -> list[Identity]:
        """The authorities between this one and the root."""
        above = []
        each = self.issuer
        while each is not None and each.issuer is not None:
            above.append(each)
            each = each.issuer
        return above

    def write(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Certificate and key as files for openssl."""
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        certificate.write_text(self.pem)
        key.write_bytes(self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate, key


def issue(
    name: str,
    issuer: Identity | None = None,
    *,
    kind: str = "p256",
    authority: bool = False,
    length: int | None = None,
    key_usage: x509.KeyUsage | None = None,
    purposes: Sequence[x509.ObjectIdentifier] = (),
    critical_purposes: bool = False,
    begins: datetime = NOW - DAY,
    ends: datetime = NOW + 300 * DAY,
    names: Sequence[x509.GeneralName] = (),
    more: Sequence[tuple[x509.ExtensionType, bool]] = (),
    basic: bool = True,
    hashed: hashes.SHA256 | hashes.SHA512 | None = None,
    pss: bool = False,
) -> Identity:
    """A new certificate. Without `key_usage` it has none; `more` are further extensions, each critical or not."""
    private = new_key(kind)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(
        issuer.certificate.subject if issuer else subject,
        subject,
        private.public_key(),
        x509.random_serial_number(),
        begins,
        ends,
    )
    if basic:
        builder = builder.add_extension(x509.BasicConstraints(authority, length if authority else None), critical=True)
    if key_usage:
        builder = builder.add_extension(key_usage, critical=True)
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=critical_purposes)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
    for extension, critical in more:
        builder = builder.add_extension(extension, critical)
    signer = issuer.private if issuer else private
    algorithm = None if isinstance(signer, Ed25519PrivateKey) else hashed or hashes.SHA256()
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else None
    return Identity(builder.sign(signer, algorithm, rsa_padding=scheme), private, issuer)


def root(name: str = "Root", **more: Any) -> Identity:
    return issue(name, authority=True, key_usage=usage(certify=True), **more)


def middle(issuer: Identity, name: str = "Issuing", **more: Any) -> Identity:
    return issue(name, issuer, authority=True, key_usage=usage(certify=True), **more)


def leaf(issuer: Identity | None, name: str = "Signer", **more: Any) -> Identity:
    """A signer of code and mail, as `openssl cms -verify` wants one for mail."""
    said: dict[str, Any] = {
        "key_usage": usage(sign=True),
        "purposes": (CODE, MAIL),
        "names": (x509.RFC822Name(MAILBOX),),
    }
    return issue(name, issuer, **(said | more))


def cms_sign(
    folder: Path, signer: Identity, data: bytes, *options: str, form: str = "DER", chain: Sequence[Identity] = ()
) -> bytes:
    """What `openssl cms -sign` makes, detached, with the authorities between."""
    certificate, key = signer.write(folder, "signer")
    content, made, others = folder / "content", folder / "made", folder / "others.pem"
    content.write_bytes(data)
    others.write_text("".join(each.pem for each in chain or signer.chain))
    command = ["openssl", "cms", "-sign", "-binary", "-in", str(content), "-signer", str(certificate)]
    command += ["-inkey", str(key), "-outform", form, "-out", str(made)]
    command += ["-certfile", str(others)] if others.stat().st_size else []
    subprocess.run([*command, *(options or ("-md", "sha256"))], check=True, capture_output=True)
    return made.read_bytes()


def openssl_accepts(
    folder: Path, signature: bytes, data: bytes, anchor: Identity, *options: str, at: datetime = NOW
) -> bool:
    """Whether `openssl cms -verify` accepts a detached signature below this certificate."""
    given, content, trusted = folder / "given", folder / "content", folder / "trusted.pem"
    given.write_bytes(signature)
    content.write_bytes(data)
    trusted.write_text(anchor.pem)
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "PEM" if signature.startswith(b"--") else "DER"]
    command += ["-in", str(given), "-content", str(content), "-CAfile", str(trusted), "-no-CApath", "-no-CAstore"]
    command += [
        "-certfile",
        str(trusted),
        "-partial_chain",
        "-attime",
        str(int(at.timestamp())),
        "-out",
        "/dev/null",
        *options,
    ]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
