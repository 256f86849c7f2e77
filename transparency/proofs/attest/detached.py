r"""Make an envelope out of a detached signature, as the tool of the key's format wrote it over the PAE (docs/formats.md section 7).

The other way in is an envelope that somebody made. Nothing is checked here but that the signature is one of that format; text that a
browser sent has its line ends put right. ssh-keygen, minisign, gpg (armoured or not) and openssl (raw, or in base64) are read.

>>> wrap_signature(b"{}", key_format="pem", keyid="k", data=b"AAAA\r\n")
b'{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"keyid":"k","sig":"AAAA"}]}\n'
"""

from __future__ import annotations

import re

from transparency.proofs.attest.dsse import PAYLOAD_TYPE, Envelope, EnvelopeSignature, format_envelope
from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.note import decode_base64
from transparency.proofs.signatures.minisign import parse_minisign
from transparency.proofs.signatures.openpgp import dearmour, parse_openpgp_signatures
from transparency.proofs.signatures.sshsig import format_sshsig, parse_sshsig

MAX_DETACHED_BYTES = 64 * 1024
ED25519_BYTES = 64
_TEXT = re.compile(rb"[\t\r\n\x20-\x7e]+\Z")
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]+\Z")
_MALFORMED = "signature-malformed"


def is_envelope(data: bytes) -> bool:
    """Whether it means to be an envelope: JSON begins with a brace, and no signature does."""
    return data.lstrip()[:1] == b"{"


def wrap_signature(payload: bytes, *, key_format: str, keyid: str, data: bytes) -> bytes:
    """Return the envelope's bytes (`signature-malformed`, `sshsig-…`, `minisign-malformed`, `openpgp-…`, `key-format`)."""
    if not 0 < len(data) <= MAX_DETACHED_BYTES:
        raise EvidenceError(_MALFORMED, expected=f"1 to {MAX_DETACHED_BYTES} bytes", found=f"{len(data)} bytes")
    raw = _read(key_format, data)
    return format_envelope(Envelope(payload, PAYLOAD_TYPE, (EnvelopeSignature(keyid, raw),)))


def _read(key_format: str, data: bytes) -> bytes:
    text = data.replace(b"\r\n", b"\n").strip() + b"\n" if _TEXT.match(data) else data
    if key_format == "ssh":
        return format_sshsig(parse_sshsig(text))
    if key_format == "minisign":
        parse_minisign(text)
        return text
    if key_format == "openpgp":
        parse_openpgp_signatures(text)
        return dearmour(text, "SIGNATURE", "openpgp-malformed") if text.startswith(b"-----") else data
    if key_format == "pem":
        is_raw = len(data) == ED25519_BYTES or not _BASE64.match(data)
        return data if is_raw else decode_base64("".join(data.decode("ascii").split()), _MALFORMED)
    raise EvidenceError("key-format", expected="a key that signs statements", found=key_format[:40])
