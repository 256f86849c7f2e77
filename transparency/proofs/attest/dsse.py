"""DSSE v1 envelopes (https://github.com/secure-systems-lab/dsse), with the signature forms of docs/formats.md section 7.

What is signed is the pre-authentication encoding of the exact payload bytes. The enrolled key's format decides how `sig`
is read; `keyid` is a hint that nothing follows.

>>> pae(b"hello", "http://example.com/HelloWorld")
b'DSSEv1 29 http://example.com/HelloWorld 5 hello'
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.canonical import JSON, Fields, canonical_json, parse_json
from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.note import decode_base64
from transparency.proofs.signatures.judge import Content
from transparency.proofs.signatures.minisign import check_minisign, parse_minisign, parse_minisign_key
from transparency.proofs.signatures.openpgp import parse_openpgp_signatures
from transparency.proofs.signatures.pem import check_pem, parse_pem_key
from transparency.proofs.signatures.sshsig import check_sshsig, parse_ssh_public_key, parse_sshsig

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from transparency.proofs.signatures.judge import OpenPgpChecker
    from transparency.proofs.signatures.keys import EnrolledKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_ENVELOPE_BYTES = 1024 * 1024
MAX_SIGNATURES = 16
_MALFORMED = "envelope-malformed"


@dataclass(frozen=True, slots=True)
class EnvelopeSignature:
    """A hint and the raw signature bytes."""

    keyid: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """Payload bytes exactly as they were signed, and the signatures; nothing is checked yet."""

    payload: bytes
    payload_type: str
    signatures: tuple[EnvelopeSignature, ...]


@dataclass(frozen=True, slots=True)
class VerifiedPayload:
    """A payload and the enrolled key that signed it."""

    payload: bytes
    key: EnrolledKey


def pae(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """The bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def attestation_namespace(origin: str) -> str:
    """The only SSH namespace for attestations of a log."""
    return f"source-review@{origin}"


def parse_envelope(data: bytes) -> Envelope:
    """Read an envelope (`envelope-malformed`, `json-…`); unknown fields are ignored, as DSSE says."""
    fields = Fields(parse_json(data, limit=MAX_ENVELOPE_BYTES), "envelope")
    signatures = tuple(
        EnvelopeSignature(item.text("keyid") if item.has("keyid") else "", decode_base64(item.text("sig"), _MALFORMED))
        for item in fields.objects("signatures")
    )
    if not 0 < len(signatures) <= MAX_SIGNATURES:
        raise EvidenceError(_MALFORMED, expected=f"1 to {MAX_SIGNATURES} signatures", found=str(len(signatures)))
    payload_type = fields.text("payloadType")
    if payload_type != PAYLOAD_TYPE:
        raise EvidenceError("payload-type", expected=PAYLOAD_TYPE, found=payload_type[:100])
    return Envelope(decode_base64(fields.text("payload"), _MALFORMED), payload_type, signatures)


def format_envelope(envelope: Envelope) -> bytes:
    """Canonical JSON with a final newline, as we write envelopes."""
    value: dict[str, JSON] = {
        "payload": base64.b64encode(envelope.payload).decode(),
        "payloadType": envelope.payload_type,
        "signatures": [
            {"keyid": item.keyid, "sig": base64.b64encode(item.signature).decode()} for item in envelope.signatures
        ],
    }
    return canonical_json(value) + b"\n"


def check_envelope(
    envelope: Envelope,
    keys: Sequence[EnrolledKey],
    *,
    origin: str,
    now: datetime,
    openpgp: OpenPgpChecker | None = None,
) -> VerifiedPayload:
    """Return the payload with the first of `keys` under which one of the signatures holds and whose window covers `now`;
    else raise what the last key said (`key-missing` when there is none, `key-window`, `signature-…`, `namespace-mismatch`).
    """
    message = pae(envelope.payload, envelope.payload_type)
    refusal = EvidenceError("key-missing", expected="an enrolled key", found="none")
    for key in keys:
        if not key.covers(now):
            refusal = EvidenceError("key-window", expected=f"{key.valid_from} to {key.valid_until}", found=str(now))
            continue
        for item in envelope.signatures:
            try:
                _check(item.signature, key, message, origin, now, openpgp)
            except EvidenceError as error:
                refusal = error
            else:
                return VerifiedPayload(envelope.payload, key)
    raise refusal


def _check(
    signature: bytes, key: EnrolledKey, message: bytes, origin: str, now: datetime, openpgp: OpenPgpChecker | None
) -> None:
    if key.format == "pem":
        check_pem(signature, parse_pem_key(key.public), message)
    elif key.format == "ssh":
        parsed = parse_sshsig(signature)
        digest = hashlib.new(parsed.hash_algorithm, message).digest()
        namespaces = (attestation_namespace(origin),)
        check_sshsig(parsed, digest, public=parse_ssh_public_key(key.public), namespaces=namespaces)
    elif key.format == "minisign":
        blake2b = hashlib.blake2b(message).digest()
        check_minisign(parse_minisign(signature), parse_minisign_key(key.public), message=message, blake2b512=blake2b)
    elif key.format == "openpgp":
        _check_openpgp(signature, key, message, now, openpgp)
    else:
        raise EvidenceError("key-type", expected="a key that signs statements", found=key.format)


def _check_openpgp(
    signature: bytes, key: EnrolledKey, message: bytes, now: datetime, openpgp: OpenPgpChecker | None
) -> None:
    if openpgp is None:
        raise EvidenceError("openpgp-unavailable", expected="an OpenPGP library", found="none")
    parsed = parse_openpgp_signatures(signature)
    if len(parsed) != 1:
        raise EvidenceError("openpgp-malformed", expected="one signature", found=str(len(parsed)))
    outcome, code, _, _ = openpgp.judge(parsed[0], Content(data=message), [key], now=now)
    if outcome != "valid":
        raise EvidenceError(code, expected="a valid OpenPGP signature", found=outcome)
