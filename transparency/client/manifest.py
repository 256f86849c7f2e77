"""Print the manifest of an archive (.tar.gz, .tar.xz) or of a folder: one line a file, its SHA-256 names the snapshot.

With --json the names and counts instead: manifest, gitTree, swhid, dirHash, files, bytes, lines, flagged, refused.
Compare them with those of a dossier, of a release page, of `git write-tree` or of another archive of the same source.

Exit code 0: a manifest. 1: something in it is refused (the same policy as the portal's intake). 2: unusable input.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from transparency.client.folder import TOP, FolderStream
from transparency.client.terminal import printable
from transparency.gateways.decompress import open_members
from transparency.proofs.digest import Digest
from transparency.proofs.errors import UnusableInputError
from transparency.proofs.sources.intake import Intake, take_in
from transparency.proofs.sources.membersource import Limits, Progress, TarSource

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from transparency.proofs.sources.membersource import MemberSource
    from transparency.proofs.sources.paths import Finding

EXIT_REFUSED = 1
PROGRESS_SECONDS = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", help="a .tar.gz or .tar.xz file, or a folder")
    parser.add_argument("--json", action="store_true", help="print the names and counts as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for; return the exit code."""
    with _open(arguments.path) as (members, top):
        intake = take_in(members, cast("BinaryIO", _Nowhere()), progress=_Ticker())
    if arguments.json:
        print(json.dumps(_as_json(intake, top), sort_keys=True))
    elif not intake.refused:
        sys.stdout.flush()
        sys.stdout.buffer.write(intake.manifest)
    if not arguments.json:
        _tell("flagged", intake.flagged, top)
        _tell("refused", intake.refused, top)
    return EXIT_REFUSED if intake.refused else 0


class _Nowhere:
    """Where the pack goes: nobody asked for it."""

    def write(self, data: bytes) -> int:
        return len(data)

    def read(self, _count: int) -> bytes:
        return b""

    def seek(self, place: int) -> int:
        return place

    def truncate(self) -> int:
        return 0

    def flush(self) -> None:
        pass


class _Ticker:
    """One line on stderr, rewritten at most once a second, when somebody is watching."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._watched = sys.stderr.isatty()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if self._watched and now - self._last >= PROGRESS_SECONDS:
            self._last = now
            print(f"{progress.members:,} members, {progress.bytes:,} bytes", end="\r", file=sys.stderr)


@contextmanager
def _open(path: str) -> Iterator[tuple[MemberSource, str]]:
    """The members of an archive or a folder, and the made-up top folder that is cut from what is told about paths."""
    if os.path.isdir(path):  # noqa: PTH112 - os and its byte names, here and in folder.py
        yield TarSource(FolderStream(path), Limits()), f"{TOP.decode()}/"
        return
    try:
        source = Path(path).open("rb")  # noqa: SIM115 - closed below; only opening it may fail here
    except (OSError, ValueError) as error:
        raise UnusableInputError(
            "no-such-file", subject=path, expected="an archive or a folder", found=str(error)
        ) from error
    with source, open_members(source, Limits()) as members:
        yield members, ""


def _as_json(intake: Intake, top: str) -> dict[str, Any]:
    """The keys of DESIGN's imports; nothing is named when something was refused."""
    kept = not intake.refused
    return {
        "manifest": Digest.of(intake.manifest).hex if kept else None,
        "gitTree": intake.git_tree,
        "swhid": intake.swhid,
        "dirHash": intake.dir_hash,
        "files": intake.files if kept else None,
        "bytes": intake.bytes if kept else None,
        "lines": intake.lines if kept else None,
        "flagged": [_finding(finding, top) for finding in intake.flagged],
        "refused": [_finding(finding, top) for finding in intake.refused],
    }


def _finding(finding: Finding, top: str) -> dict[str, str]:
    found = finding.as_json()
    return {**found, "path": found["path"].removeprefix(top)}


def _tell(word: str, findings: Sequence[Finding], top: str) -> None:
    for finding in findings:
        path, detail = finding.path.removeprefix(top), f" ({finding.detail})" if finding.detail else ""
        print(f"{word}: {printable(finding.rule)}: {printable(path)}{printable(detail)}", file=sys.stderr)
