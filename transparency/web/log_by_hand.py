"""Commands with which anybody checks the log with tools that every system has: curl, sha256sum, xxd, openssl."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.proofs.log.merkle import Step

_JOIN = """join() { printf '01%s%s' "$1" "$2" | xxd -r -p | sha256sum | cut -c1-64; }"""
_HASH = "h=$( (printf '\\0'; cat leaf.json) | sha256sum | cut -c1-64)"
# What stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410).
_DER = "302a300506032b6570032100"


def fetch_entry(address: str) -> str:
    """`address` is that of the page of the entry."""
    return f"curl -sS -o leaf.json {address}leaf.json"


def entry_commands(steps: Sequence[Step]) -> str:
    """From `leaf.json` to the root of the tree, with the hashes of the proof."""
    joins = [
        f'h=$(join {step.beside.hex()} "$h")' if step.beside_is_left else f'h=$(join "$h" {step.beside.hex()})'
        for step in steps
    ]
    return "\n".join([_JOIN, _HASH, *joins, 'echo "$h"'])


def checkpoint_commands(address: str, vkey: str) -> str:
    """From the checkpoint's file to openssl's yes; the key is the one that the reader trusts."""
    return "\n".join(
        (
            f"curl -sS -o checkpoint {address}",
            "sed -n 1,3p checkpoint > note.txt",
            "sed -n 5p checkpoint | cut -d' ' -f3 | base64 -d | tail -c 64 > note.sig",
            f"(echo {_DER} | xxd -r -p; echo {shlex.quote(vkey)} | cut -d+ -f3- | base64 -d | tail -c 32) > log.der",
            "openssl pkeyutl -verify -pubin -inkey log.der -keyform DER -rawin -in note.txt -sigfile note.sig",
            "sed -n 3p note.txt | base64 -d | xxd -p -c 32",
        )
    )


def watch_command(log: str, vkey: str) -> str:
    """`log` is the address under which the log's files are."""
    return f"python3 watch_log.py {log} seen.json --vkey {shlex.quote(vkey)}"
