"""The signature lines of a checkpoint, as its page tells them apart: the log's own, and cosignatures of witnesses."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

_HASH_BYTES = 4


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """Whose name it carries, the hash of the key that it names, and whether that is the log's own key."""

    name: str
    key_hash: str
    is_own: bool


def signature_lines(note: str, vkey: str) -> list[SignatureLine]:
    r"""All of them, in their order. Nothing is checked here.

    >>> signature_lines("log\n0\nroot\n\n\u2014 log AAAAAQ==\n", "log+00000001+AQ==")
    [SignatureLine(name='log', key_hash='00000001', is_own=True)]
    """
    own = tuple(vkey.split("+")[:2])
    return [
        SignatureLine(name, key_hash, (name, key_hash) == own)
        for line in note.partition("\n\n")[2].splitlines()
        for name, key_hash in [_read(line)]
    ]


def _read(line: str) -> tuple[str, str]:
    name, _, signature = line.removeprefix("\u2014 ").rpartition(" ")
    try:
        return name, base64.b64decode(signature)[:_HASH_BYTES].hex()
    except binascii.Error:
        return name, ""
