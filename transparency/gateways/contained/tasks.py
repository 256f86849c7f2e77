"""The tasks: each takes its request and the descriptors by name, and returns its answer."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from transparency.gateways.contained.wire import (
    digests_json,
    intake_json,
    key_of,
    moment_of,
    parse_digests,
    verdict_json,
)
from transparency.gateways.decompress import open_archive, open_members
from transparency.gateways.gitrules import check_git_rules
from transparency.gateways.openpgp import OpenPgp
from transparency.proofs.signatures.cover import join_decompressed, join_list
from transparency.proofs.signatures.judge import Content, FileDigests, judge_all
from transparency.proofs.sources.archive import ArchiveError
from transparency.proofs.sources.intake import Intake, take_in
from transparency.proofs.sources.membersource import Limits, Progress
from transparency.proofs.sources.paths import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

Request = dict[str, Any]
Files = dict[str, int]
PROGRESS_SECONDS = 0.4
CHUNK_BYTES = 1024 * 1024


def read_members(request: Request, files: Files) -> dict[str, Any]:
    """Read an archive once (`archive`) into `pack`, `manifest`, `table` and `index`."""
    with _opened(files["archive"], "rb") as source, _opened(files["pack"], "r+b") as pack:
        limits = Limits(**request["intake"])
        with open_members(source, limits) as members:
            intake = take_in(members, pack, limits=limits, progress=_progress())
        try:
            check_git_rules(intake.git_files)
        except ArchiveError as error:
            intake = Intake(intake.flagged, (Finding(error.subject, error.code, error.found, fatal=True),))
        pack.flush()
    for name, data in (("manifest", intake.manifest), ("table", intake.file_table), ("index", intake.index)):
        with _opened(files[name], "wb") as stream:
            stream.write(data)
    return intake_json(intake)


def judge(request: Request, files: Files) -> dict[str, Any]:
    """Judge signatures over the file `content`: an archive, a list that names one, a text, or a decompressed tar."""
    digests, over = parse_digests(request["digests"]), request["over"]

    def read() -> bytes:
        with os.fdopen(os.dup(files["content"]), "rb") as stream:
            stream.seek(0)
            return stream.read(digests.size)

    small = over["kind"] in {"text", "checksums"}
    verdict = judge_all(
        [base64.b64decode(item) for item in request["signatures"]],
        digests,
        [key_of(item) for item in request["keys"]],
        now=moment_of(request["now"]) or _never(),
        content=Content(data=read(), text=over["kind"] == "text")
        if small
        else Content(path=f"/proc/self/fd/{files['content']}", read=read),
        openpgp=OpenPgp(),
        logged_at=moment_of(request["loggedAt"]),
    )
    if over["kind"] == "checksums":
        verdict = join_list(verdict, read(), name=over["name"], archive=parse_digests(over["archive"]))
    if over["kind"] == "decompressed":
        verdict = join_decompressed(verdict, digests)
    return verdict_json(verdict)


def decompress(request: Request, files: Files) -> dict[str, Any]:
    """Write the decompressed `archive` to `plain`; the answer is its digests."""
    limit, size = request["limit"], 0
    hashers = (hashlib.sha256(), hashlib.sha512(), hashlib.blake2b())
    with (
        _opened(files["archive"], "rb") as source,
        _opened(files["plain"], "wb") as plain,
        open_archive(source) as stream,
    ):
        while data := stream.read(CHUNK_BYTES):
            size += len(data)
            if size > limit:
                raise ArchiveError("limit-content", expected=f"at most {limit} bytes", found="more")
            plain.write(data)
            for hasher in hashers:
                hasher.update(data)
        stream.finish()
    return digests_json(FileDigests(size, *(hasher.digest() for hasher in hashers)))


TASKS: dict[str, Callable[[Request, Files], dict[str, Any]]] = {
    "read-members": read_members,
    "judge": judge,
    "decompress": decompress,
}


def _opened(descriptor: int, mode: str) -> BinaryIO:
    return cast("BinaryIO", os.fdopen(descriptor, mode))


def _progress() -> Callable[[Progress], None]:
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


def _never() -> Any:
    raise AssertionError("the caller gives the time")
