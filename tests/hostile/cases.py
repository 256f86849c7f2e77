"""One hostile archive and what must become of it."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from transparency.gateways.decompress import open_members
from transparency.gateways.gitrules import check_git_rules
from transparency.proofs.digest import Digest
from transparency.proofs.escaping import escape_path, unescape_path
from transparency.proofs.manifest import parse_manifest
from transparency.proofs.sources.archive import ArchiveError
from transparency.proofs.sources.intake import Intake, take_in
from transparency.proofs.sources.membersource import Limits
from transparency.proofs.sources.paths import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# A part of every name that would leave the tree if anybody followed it: found anywhere, something was written.
ESCAPED = "escaped-d1e4a7"
OUT = ESCAPED.encode()


@dataclass(frozen=True)
class Case:
    """Refused exactly so, as (path, rule); or kept: every file's content by raw path, and exactly these flags."""

    archive: bytes
    refused: tuple[tuple[str, str], ...] = ()
    kept: Mapping[bytes, bytes] | None = None
    flagged: tuple[tuple[str, str], ...] = ()


def refused(archive: bytes, *findings: tuple[bytes | str, str]) -> Case:
    return Case(archive, tuple((escape_path(at) if isinstance(at, bytes) else at, rule) for at, rule in findings))


def kept(archive: bytes, files: Mapping[bytes, bytes], *findings: tuple[bytes | str, str]) -> Case:
    flagged = tuple((escape_path(at) if isinstance(at, bytes) else at, rule) for at, rule in findings)
    return Case(archive, kept=files, flagged=flagged)


def each(table: Mapping[str, Case]) -> pytest.MarkDecorator:
    """One test for each case, under its name."""
    return pytest.mark.parametrize("case", table.values(), ids=table.keys())


def meet(folder: Path, archive: bytes, limits: Limits | None = None) -> Intake:
    """What the contained task does with an archive file, here in process."""
    path = folder / "archive"
    path.write_bytes(archive)
    return meet_file(path, limits)


def meet_file(path: Path, limits: Limits | None = None, pack: io.BytesIO | None = None) -> Intake:
    bounds = limits or Limits()
    flagged: tuple[Finding, ...] = ()
    try:
        with path.open("rb") as source, open_members(source, bounds) as members:
            found = take_in(members, pack or io.BytesIO(), limits=bounds)
        flagged = found.flagged
        check_git_rules(found.git_files)
    except ArchiveError as error:
        return Intake(flagged, (Finding(error.subject, error.code, error.found, fatal=True),))
    return found


def check(found: Intake, case: Case) -> None:
    """Refused as the case says, or all of it kept and flagged as the case says."""
    said(found)
    assert Counter((item.path, item.rule) for item in found.refused) == Counter(case.refused)
    if case.kept is None:
        assert case.refused, "a case says what it is for"
        assert (found.manifest, found.file_table, found.index, found.git_tree) == (b"", b"", b"", None)
        return
    prefix = unescape_path(found.prefix) + b"/" if found.prefix else b""
    tree = {prefix + entry.path: (entry.digest, entry.size) for entry in parse_manifest(found.manifest)}
    assert tree == {path: (Digest.of(data).hex, len(data)) for path, data in case.kept.items()}
    assert Counter((item.path, item.rule) for item in found.flagged) == Counter(case.flagged)


def said(found: Intake) -> None:
    """Whatever is told is told in plain characters, bounded, under a rule."""
    for item in (*found.refused, *found.flagged):
        assert item.rule
        assert item.rule.replace("-", "").isalnum()
        assert item.path.isascii()
        assert item.path.isprintable()
        assert " " not in item.path
        assert len(item.path) <= 3 * 4096
        assert item.detail.isprintable()
        assert len(item.detail) <= 3 * 4096
