"""Sign a statement with your own key, outside any portal: OpenSSH, minisign, PEM Ed25519 or ECDSA P-256.

Shows first what is about to be signed. The result is a DSSE envelope, to be uploaded on the statement's page.
"""

from __future__ import annotations

import getpass
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from transparency.client.terminal import printable, wrapped
from transparency.gateways.sshkeygen import sign_with_ssh_keygen
from transparency.proofs.attest.dsse import (
    PAYLOAD_TYPE,
    Envelope,
    EnvelopeSignature,
    attestation_namespace,
    format_envelope,
    pae,
)
from transparency.proofs.attest.predicates import SOURCE_REVIEW_TYPE, SourceReview, parse_source_review
from transparency.proofs.attest.statement import MAX_STATEMENT_BYTES, parse_statement
from transparency.proofs.errors import EvidenceError, UnusableInputError
from transparency.proofs.signatures.minisign_secret import is_encrypted, parse_minisign_secret, sign_minisign
from transparency.proofs.signatures.pem import parse_pem_key
from transparency.proofs.signatures.sshsig import format_sshsig, parse_sshsig, sign_sshsig, ssh_fingerprint

if TYPE_CHECKING:
    import argparse

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

MAX_KEY_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Signature:
    """Raw bytes as docs/formats.md section 7 wants them for the key's kind, and the key's fingerprint."""

    keyid: str
    raw: bytes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("statement", metavar="STATEMENT", help="the statement file, exactly as downloaded")
    parser.add_argument(
        "--key", required=True, metavar="FILE", help="private key; or an SSH .pub file to ask ssh-agent"
    )
    parser.add_argument("--out", metavar="FILE", help="where the envelope goes (default: STATEMENT with .dsse.json)")
    parser.add_argument(
        "--passphrase-file", metavar="FILE", help="read the key's passphrase from the first line of FILE"
    )
    parser.add_argument("--force", action="store_true", help="replace an existing envelope")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")


def run(arguments: argparse.Namespace) -> int:
    """Sign; 0 when the envelope was written. Anything that cannot be read as what it should be is unusable input."""
    source = Path(arguments.statement)
    payload = _read(source, MAX_STATEMENT_BYTES)
    out = Path(arguments.out) if arguments.out else source.with_name(f"{source.stem}.dsse.json")
    if out.exists() and not arguments.force:
        raise UnusableInputError("file-exists", expected="a new file, or --force", found=str(out))
    try:
        review = _review_of(payload)
        _show(review, payload)
        signature = _sign(Path(arguments.key), pae(payload), review.origin, arguments.passphrase_file)
    except UnusableInputError:
        raise
    except EvidenceError as error:
        raise UnusableInputError(
            error.code, expected=error.expected, found=error.found, subject=error.subject
        ) from error
    envelope = Envelope(payload, PAYLOAD_TYPE, (EnvelopeSignature(signature.keyid, signature.raw),))
    out.write_bytes(format_envelope(envelope))
    if arguments.json:
        print(
            json.dumps(
                {"envelope": str(out), "keyid": signature.keyid, "reviewer": review.reviewer.keyid}, sort_keys=True
            )
        )
    else:
        print(f"signed by {printable(signature.keyid)}: {printable(out)}")
    if signature.keyid != review.reviewer.keyid:
        print(
            f"warning: the statement names the key {printable(review.reviewer.keyid)}; the portal will refuse another",
            file=sys.stderr,
        )
    return 0


def _review_of(payload: bytes) -> SourceReview:
    statement = parse_statement(payload)
    if statement.predicate_type != SOURCE_REVIEW_TYPE:
        raise EvidenceError("predicate-type", expected=SOURCE_REVIEW_TYPE, found=statement.predicate_type[:120])
    return parse_source_review(statement.predicate)


def _show(review: SourceReview, payload: bytes) -> None:
    """On stderr, before anything is signed."""
    subject = dict(parse_statement(payload).subjects[0].digests).get("sha256", "")
    coverage = review.coverage
    lines = (
        f"snapshot    {subject}",
        f"authority   {review.reviewer.org}, depth {review.depth}, conclusion {review.conclusion}",
        f"coverage    {coverage.read} of {coverage.in_scope} lines read, {coverage.opaque_bytes} bytes not text",
        f"namespace   {attestation_namespace(review.origin)}",
    )
    print("You are about to sign:", file=sys.stderr)
    for line in lines:
        print(f"  {printable(line)}", file=sys.stderr)
    for sentence in (review.machines_found, review.people_state, *review.limitations):
        print(wrapped(sentence, first="  - ", rest="    "), file=sys.stderr)


def _sign(key: Path, message: bytes, origin: str, passphrase_file: str | None) -> _Signature:
    text = _read(key, MAX_KEY_BYTES).decode("utf-8", "replace")
    first_line = text.partition("\n")[0]
    if "minisign" in first_line and "secret key" in first_line:
        return _sign_minisign(text, message, passphrase_file)
    if text.startswith(("-----BEGIN OPENSSH PRIVATE KEY-----", "ssh-", "ecdsa-", "sk-")):
        return _sign_ssh(key, text, message, attestation_namespace(origin), passphrase_file)
    if "PRIVATE KEY-----" in text:
        return _sign_pem(text, message, passphrase_file)
    expected = "an OpenSSH, minisign or PEM private key, or an SSH public key of ssh-agent"
    raise UnusableInputError("key-format", expected=expected, found=repr(text[:40]))


def _sign_minisign(text: str, message: bytes, passphrase_file: str | None) -> _Signature:
    passphrase = _passphrase(passphrase_file) if is_encrypted(text) else b""
    key = parse_minisign_secret(text, passphrase or b"")
    return _Signature(key.fingerprint, sign_minisign(key, message, "source-review attestation"))


def _sign_ssh(key: Path, text: str, message: bytes, namespace: str, passphrase_file: str | None) -> _Signature:
    if text.startswith("-----"):
        private = _load(text, passphrase_file, ssh=True)
        if isinstance(private, Ed25519PrivateKey):
            signed = parse_sshsig(sign_sshsig(private, namespace, message))
            return _Signature(ssh_fingerprint(signed.public), format_sshsig(signed))
    signed = parse_sshsig(sign_with_ssh_keygen(key, namespace, message))
    return _Signature(ssh_fingerprint(signed.public), format_sshsig(signed))


def _sign_pem(text: str, message: bytes, passphrase_file: str | None) -> _Signature:
    private = _load(text, passphrase_file, ssh=False)
    if isinstance(private, Ed25519PrivateKey):
        raw = private.sign(message)
    elif isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1):
        raw = private.sign(message, ec.ECDSA(hashes.SHA256()))
    else:
        raise UnusableInputError("key-type", expected="Ed25519 or ECDSA P-256", found=type(private).__name__)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return _Signature(parse_pem_key(public).fingerprint, raw)


def _load(text: str, passphrase_file: str | None, *, ssh: bool) -> PrivateKeyTypes:
    load = load_ssh_private_key if ssh else load_pem_private_key
    data = text.encode()
    try:
        try:
            return load(data, None)
        except TypeError:  # it is encrypted
            return load(data, _passphrase(passphrase_file))
    except ValueError as error:
        raise UnusableInputError(
            "key-unreadable", expected="a readable private key and its passphrase", found=str(error)
        ) from error


def _passphrase(file: str | None) -> bytes:
    if file is not None:
        return _read(Path(file), MAX_KEY_BYTES).split(b"\n")[0]
    if not os.isatty(sys.stdin.fileno()):
        raise UnusableInputError("passphrase-needed", expected="--passphrase-file, or a terminal", found="neither")
    return getpass.getpass("passphrase: ", stream=sys.stderr).encode()


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise UnusableInputError(
            "file-unreadable", expected="a readable file", found=error.strerror or "", subject=str(path)
        ) from error
    if len(data) > limit:
        raise UnusableInputError("file-too-large", expected=f"at most {limit} bytes", found="more", subject=str(path))
    return data
