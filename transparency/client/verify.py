"""Check a dossier link by link, offline.

The chain: FILE = published build = this source snapshot = signed by the vendor = read and attested by these authorities =
logged. Whose keys count is said by your trust file (docs/formats.md section 11) and never by the dossier.

Exit code 0: no link fails and everything that the trust file requires is met. 1: a link fails, and is named. 2: unusable
input. 3: no trust file, so at most: internally consistent, origin not established. 4: a requirement is not met.
"""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from transparency.client.answer import show_report
from transparency.proofs.container import MAX_CONTAINER_BYTES
from transparency.proofs.errors import EvidenceError, UnusableInputError
from transparency.proofs.links.basis import GivenFile
from transparency.proofs.signatures.judge import FileDigests
from transparency.proofs.times import format_time, parse_time
from transparency.proofs.trust import MAX_KEYS_BYTES, TrustFile, parse_trust_file
from transparency.proofs.verification import verify_dossier

try:
    from transparency.gateways.openpgp import OpenPgp
except ImportError:  # a wheel that not every platform has; OpenPGP signatures are then `not checked`, and say so
    HAS_OPENPGP = False
else:
    HAS_OPENPGP = True

if TYPE_CHECKING:
    import argparse

    from transparency.proofs.links.report import Report

CHUNK_BYTES = 1024 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dossier", metavar="DOSSIER.zip", help="the dossier")
    parser.add_argument("file", metavar="FILE", nargs="?", help="a file that should belong to this release")
    parser.add_argument("--trust", metavar="FILE", help="your own trust file; without it the origin is not established")
    parser.add_argument(
        "--now", metavar="TIME", help="judge ages as of this time, like 2026-11-24T10:00:00Z; else the clock"
    )
    parser.add_argument("--json", action="store_true", help="print the answer as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Print the answer; return its exit code. Raises UnusableInputError for what makes exit code 2."""
    report = verify_dossier(
        _read(arguments.dossier, MAX_CONTAINER_BYTES, "no-such-dossier"),
        now=_now(arguments.now),
        trust=_trust(arguments.trust) if arguments.trust else None,
        file=_given(arguments.file) if arguments.file else None,
        openpgp=OpenPgp() if HAS_OPENPGP else None,
    )
    if arguments.json:
        print(json.dumps(report_json(report), sort_keys=True))
    else:
        show_report(report, sys.stdout, file=arguments.file)
    return report.exit_code


def report_json(report: Report) -> dict[str, Any]:
    """The one object of section 12; ASCII, so that nothing in it reaches a terminal raw."""
    seen = report.checkpoint
    return {
        "exit": report.exit_code,
        "failed": report.failed,
        "unmet": list(report.unmet),
        "links": [{"name": link.name, "status": link.status, "detail": link.detail} for link in report.links],
        "checkpoint": {"origin": seen.origin, "size": seen.size, "time": format_time(seen.time)} if seen else None,
    }


def _now(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        return parse_time(text)
    except EvidenceError as error:
        raise UnusableInputError(
            "time-malformed", subject="--now", expected=error.expected, found=error.found
        ) from error


def _trust(path: str) -> TrustFile:
    """Whatever is wrong with a trust file, nothing is checked against half of it."""
    data = _read(path, MAX_KEYS_BYTES, "no-such-trust-file")
    try:
        return parse_trust_file(data)
    except EvidenceError as error:
        where = f"trust file: {error.subject}" if error.subject else "trust file"
        raise UnusableInputError(error.code, subject=where, expected=error.expected, found=error.found) from error


def _given(path: str) -> GivenFile:
    with _open(path, "no-such-file") as stream:
        hashes = hashlib.sha256(), hashlib.sha512(), hashlib.blake2b()
        size = 0
        while chunk := stream.read(CHUNK_BYTES):
            size += len(chunk)
            for item in hashes:
                item.update(chunk)
    digests = FileDigests(size, *(item.digest() for item in hashes))
    return GivenFile(digests, path, Path(path).read_bytes)


def _read(path: str, limit: int, code: str) -> bytes:
    """At most one byte more than the limit: whoever parses it says that it is too much."""
    with _open(path, code) as stream:
        return stream.read(limit + 1)


def _open(path: str, code: str) -> BinaryIO:
    try:
        stream = Path(path).open("rb")  # noqa: SIM115 - the callers close it
        stream.peek(1)  # a folder opens, and fails here
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnusableInputError(code, subject=path, expected="a file that can be read", found=reason) from error
    return stream
