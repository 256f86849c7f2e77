"""SSH signatures, SSHSIG (OpenSSH PROTOCOL.sshsig).

What is signed is a digest of the message with a namespace, so a signature over an archive is checked from the archive's digest alone.
Accepted: ssh-ed25519, ecdsa-sha2-nistp256, ssh-rsa of at least 2048 bits with rsa-sha2-256 or rsa-sha2-512, sk-ssh-ed25519@openssh.com.
Excluded by name: `ssh-rsa` signatures (SHA-1), ssh-dss, other curves, certificates.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.note import decode_base64
from transparency.proofs.signatures.ed25519 import check_ed25519, refuse_weak_public_key
from transparency.proofs.signatures.sshwire import SshReader, ssh_string

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MAGIC = b"SSHSIG"
VERSION = 1
MAX_SIGNATURE_BYTES = 16 * 1024
MIN_RSA_BITS = 2048
MAX_RSA_BITS = 16_384
HASHES = ("sha256", "sha512")
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_LINE = 70
_RSA_HASHES: dict[str, hashes.HashAlgorithm] = {"rsa-sha2-256": hashes.SHA256(), "rsa-sha2-512": hashes.SHA512()}
_USER_PRESENT = 0x01


@dataclass(frozen=True, slots=True)
class SshSignature:
    """The fields of an SSHSIG blob; nothing is checked yet."""

    public: bytes
    namespace: str
    hash_algorithm: str
    signature: bytes


def parse_sshsig(data: bytes) -> SshSignature:
    """Read an armoured or a binary signature (`sshsig-malformed`)."""
    if len(data) > MAX_SIGNATURE_BYTES:
        raise EvidenceError(
            "sshsig-malformed", expected=f"at most {MAX_SIGNATURE_BYTES} bytes", found=f"{len(data)} bytes"
        )
    blob = data if data.startswith(MAGIC) else _dearmour(data)
    if not blob.startswith(MAGIC):
        raise EvidenceError("sshsig-malformed", expected="an SSHSIG blob", found=repr(blob[:8]))
    reader = SshReader(blob[len(MAGIC) :], "sshsig-malformed")
    version = reader.uint32()
    if version != VERSION:
        raise EvidenceError("sshsig-malformed", expected=f"version {VERSION}", found=str(version))
    public, namespace, reserved, algorithm, signature = (reader.string() for _ in range(5))
    reader.end()
    try:
        found = SshSignature(public, namespace.decode(), algorithm.decode(), signature)
    except UnicodeDecodeError as error:
        raise EvidenceError("sshsig-malformed", expected="UTF-8 names", found=f"byte {error.start}") from error
    if reserved or not found.namespace:
        raise EvidenceError("sshsig-malformed", expected="a namespace and nothing reserved", found=repr(namespace[:40]))
    if found.hash_algorithm not in HASHES:
        raise EvidenceError("sshsig-hash", expected=" or ".join(HASHES), found=found.hash_algorithm[:40])
    return found


def format_sshsig(signature: SshSignature) -> bytes:
    """The binary blob, as `parse_sshsig` reads it."""
    fields = (
        signature.public,
        signature.namespace.encode(),
        b"",
        signature.hash_algorithm.encode(),
        signature.signature,
    )
    return MAGIC + VERSION.to_bytes(4, "big") + b"".join(ssh_string(field) for field in fields)


def armour_sshsig(signature: SshSignature) -> bytes:
    """The armour that ssh-keygen writes."""
    text = base64.b64encode(format_sshsig(signature)).decode()
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    return ("\n".join([_BEGIN, *lines, _END]) + "\n").encode()


def check_sshsig(signature: SshSignature, digest: bytes, *, public: bytes, namespaces: tuple[str, ...]) -> None:
    """Raise unless the signature is by the key blob `public`, in one of `namespaces`, over a message with `digest`
    (raw bytes of the algorithm that the signature names): `key-mismatch`, `namespace-mismatch`, `signature-…`.
    """
    if signature.public != public:
        raise EvidenceError("key-mismatch", expected=ssh_fingerprint(public), found=ssh_fingerprint(signature.public))
    if signature.namespace not in namespaces:
        raise EvidenceError(
            "namespace-mismatch", expected=" or ".join(namespaces) or "none", found=signature.namespace[:200]
        )
    if len(digest) != hashlib.new(signature.hash_algorithm).digest_size:
        raise AssertionError("digest of another algorithm")
    signed = MAGIC + b"".join(
        ssh_string(field) for field in (signature.namespace.encode(), b"", signature.hash_algorithm.encode(), digest)
    )
    reader = SshReader(signature.signature, "sshsig-malformed")
    algorithm = reader.text()
    raw = reader.string()
    _check_by_key(public, algorithm, raw, reader, signed)


def sign_sshsig(private: Ed25519PrivateKey, namespace: str, message: bytes) -> bytes:
    """An armoured signature over `message`, byte for byte what ssh-keygen makes with the same Ed25519 key."""
    public = ssh_string(b"ssh-ed25519") + ssh_string(private.public_key().public_bytes_raw())
    fields = (namespace.encode(), b"", b"sha512", hashlib.sha512(message).digest())
    raw = private.sign(MAGIC + b"".join(ssh_string(field) for field in fields))
    return armour_sshsig(SshSignature(public, namespace, "sha512", ssh_string(b"ssh-ed25519") + ssh_string(raw)))


def parse_ssh_public_key(text: str) -> bytes:
    """The key blob of one line `type base64 [comment]`; weak, malformed and unknown keys are refused (`key-…`)."""
    parts = text.strip().split(None, 2)
    if len(parts) < 2 or "\n" in text.strip():  # noqa: PLR2004 - type and key
        raise EvidenceError("key-malformed", expected="one line: type, base64, comment", found=text[:40])
    blob = decode_base64(parts[1], "key-malformed")
    if SshReader(blob, "key-malformed").text() != parts[0]:
        raise EvidenceError("key-malformed", expected=parts[0], found="another type inside")
    _refuse_weak(blob)
    return blob


def ssh_fingerprint(public: bytes) -> str:
    """As `ssh-keygen -l` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(public).digest()).decode().rstrip("=")


def _refuse_weak(blob: bytes) -> None:
    reader = SshReader(blob, "key-malformed")
    kind = reader.text()
    if kind in {"ssh-ed25519", "sk-ssh-ed25519@openssh.com"}:
        refuse_weak_public_key(reader.string())
        if kind.startswith("sk-"):
            reader.string()
    elif kind == "ecdsa-sha2-nistp256":
        _p256(reader)
    elif kind == "ssh-rsa":
        _rsa(reader)
    else:
        raise EvidenceError(
            "key-type", expected="ssh-ed25519, ecdsa-sha2-nistp256, ssh-rsa or sk-ssh-ed25519", found=kind[:60]
        )
    reader.end()


def _check_by_key(public: bytes, algorithm: str, raw: bytes, rest: SshReader, signed: bytes) -> None:
    reader = SshReader(public, "key-malformed")
    kind = reader.text()
    allowed = tuple(_RSA_HASHES) if kind == "ssh-rsa" else (kind,)
    if algorithm not in allowed:
        raise EvidenceError("signature-algorithm", expected=" or ".join(allowed), found=algorithm[:60])
    if kind == "sk-ssh-ed25519@openssh.com":
        flags, counter = rest.take(1), rest.take(4)
        rest.end()
        if not flags[0] & _USER_PRESENT:
            raise EvidenceError("signature-unattended", expected="a touch of the security key", found="none")
        point, application = reader.string(), reader.string()
        check_ed25519(
            point, raw, hashlib.sha256(application).digest() + flags + counter + hashlib.sha256(signed).digest()
        )
        return
    rest.end()
    if kind == "ssh-ed25519":
        check_ed25519(reader.string(), raw, signed)
        return
    try:
        if kind == "ssh-rsa":
            _rsa(reader).verify(raw, signed, padding.PKCS1v15(), _RSA_HASHES[algorithm])
        else:
            numbers = SshReader(raw, "sshsig-malformed")
            r, s = numbers.mpint(), numbers.mpint()
            numbers.end()
            _p256(reader).verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise EvidenceError(
            "signature-mismatch", expected="a signature by this key over these bytes", found="another"
        ) from error


def _rsa(reader: SshReader) -> rsa.RSAPublicKey:
    exponent, modulus = reader.mpint(), reader.mpint()
    bits = modulus.bit_length()
    if not MIN_RSA_BITS <= bits <= MAX_RSA_BITS:
        raise EvidenceError(
            "key-weak", expected=f"an RSA key of {MIN_RSA_BITS} to {MAX_RSA_BITS} bits", found=f"{bits} bits"
        )
    try:
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError as error:
        raise EvidenceError("key-malformed", expected="an RSA key", found=str(error)) from error


def _p256(reader: SshReader) -> ec.EllipticCurvePublicKey:
    curve = reader.text()
    if curve != "nistp256":
        raise EvidenceError("key-malformed", expected="nistp256", found=curve[:40])
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), reader.string())
    except ValueError as error:
        raise EvidenceError("key-malformed", expected="a point of P-256", found=str(error)) from error


def _dearmour(data: bytes) -> bytes:
    try:
        lines = data.decode("ascii").replace("\r\n", "\n").rstrip("\n").split("\n")
    except UnicodeDecodeError as error:
        raise EvidenceError("sshsig-malformed", expected="ASCII armour", found=f"byte {error.start}") from error
    if len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:  # noqa: PLR2004 - begin, body, end
        raise EvidenceError("sshsig-malformed", expected=f"{_BEGIN} … {_END} and nothing else", found=lines[0][:60])
    return decode_base64("".join(lines[1:-1]), "sshsig-malformed")
