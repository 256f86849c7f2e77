"""The task that reads an archive's members, and what others of its kind share with it."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from transparency.gateways.contained.wire import intake_json
from transparency.gateways.decompress import archive_type, open_members
from transparency.gateways.gitrules import check_git_rules
from transparency.proofs.packages.recognise import recognise
from transparency.proofs.packages.rpmheader import recognise_rpm
from transparency.proofs.packages.tap import MetadataTap
from transparency.proofs.sources.archive import ArchiveError
from transparency.proofs.sources.intake import Intake, take_in
from transparency.proofs.sources.membersource import Limits, MemberSource, Progress
from transparency.proofs.sources.paths import Finding
from transparency.proofs.sources.rpmsource import RpmSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from transparency.proofs.packages.declared import Package

PROGRESS_SECONDS = 0.4


def read_members(request: dict[str, Any], files: dict[str, int]) -> dict[str, Any]:
    """Read an archive once (`archive`) into `pack`, `manifest`, `table` and `index`."""
    limits = Limits(**request["intake"])
    with opened(files["archive"], "rb") as source:
        container = archive_type(source)
        with open_members(source, limits) as members:
            tap = MetadataTap(members)
            intake = take_all(tap, limits, files)
    if not intake.refused:
        intake = replace(intake, package=_package(members, tap, intake.prefix, container, request["name"]))
    return intake_json(intake)


def _package(members: MemberSource, tap: MetadataTap, prefix: str, container: str, name: str) -> Package | None:
    """What the archive declares itself to be: by its header where it has one, else by its shape."""
    if isinstance(members, RpmSource):
        return recognise_rpm(members.head.header, spec=members.spec, name=name)
    return recognise(tap, prefix=prefix, container=container, name=name)


def take_all(members: MemberSource, limits: Limits, files: dict[str, int], *, whole_paths: bool = False) -> Intake:
    """Take everything in, ask git about what git reads, write the four results."""
    with opened(files["pack"], "r+b") as pack:
        intake = take_in(members, pack, limits=limits, progress=progress_teller(), whole_paths=whole_paths)
        try:
            check_git_rules(intake.git_files)
        except ArchiveError as error:
            intake = Intake(intake.flagged, (Finding(error.subject, error.code, error.found, fatal=True),))
        pack.flush()
    for name, data in (("manifest", intake.manifest), ("table", intake.file_table), ("index", intake.index)):
        with opened(files[name], "wb") as stream:
            stream.write(data)
    return intake


def opened(descriptor: int, mode: str) -> BinaryIO:
    return cast("BinaryIO", os.fdopen(descriptor, mode))


def progress_teller() -> Callable[[Progress], None]:
    """Says how far a task is, a few times a second."""
    last = 0.0

    def tell(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PROGRESS_SECONDS:
            last = now
            said = {"members": progress.members, "bytes": progress.bytes, "archiveBytes": progress.archive_bytes}
            sys.stdout.write(json.dumps({"progress": said}) + "\n")
            sys.stdout.flush()

    return tell
