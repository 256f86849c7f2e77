"""The tasks: each takes its request and the descriptors by name, and returns its answer."""

from __future__ import annotations

import base64
import hashlib
import os
from typing import TYPE_CHECKING, Any

from transparency.gateways.contained.debian import read_source, split_dsc
from transparency.gateways.contained.git import read_git, split_git
from transparency.gateways.contained.intake import opened, progress_teller, read_members
from transparency.gateways.contained.sboms import read_sbom
from transparency.gateways.contained.wire import (
    digests_json,
    key_of,
    moment_of,
    parse_digests,
    verdict_json,
)
from transparency.gateways.decompress import open_archive
from transparency.gateways.openpgp import OpenPgp
from transparency.proofs.signatures.cover import join_decompressed, join_list
from transparency.proofs.signatures.judge import Content, FileDigests, judge_all
from transparency.proofs.signatures.keys import for_git
from transparency.proofs.sources.archive import ArchiveError
from transparency.proofs.sources.bounds import BoundedStream
from transparency.proofs.sources.membersource import Limits, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Request = dict[str, Any]
Files = dict[str, int]
CHUNK_BYTES = 1024 * 1024


def judge(request: Request, files: Files) -> dict[str, Any]:
    """Judge signatures over the file `content`: an archive, a list that names one, a text, a git object, or a decompressed tar."""
    digests, over = parse_digests(request["digests"]), request["over"]

    def read() -> bytes:
        with os.fdopen(os.dup(files["content"]), "rb") as stream:
            stream.seek(0)
            return stream.read(digests.size)

    def pieces() -> Iterator[bytes]:
        with os.fdopen(os.dup(files["content"]), "rb") as stream:
            stream.seek(0)
            while piece := stream.read(CHUNK_BYTES):
                yield piece

    small = over["kind"] in {"text", "checksums", "git"}
    keys = [key_of(item) for item in request["keys"]]
    verdict = judge_all(
        [base64.b64decode(item) for item in request["signatures"]],
        digests,
        for_git(keys) if over["kind"] == "git" else keys,
        now=moment_of(request["now"]) or _never(),
        content=Content(data=read(), text=over["kind"] == "text")
        if small
        else Content(path=f"/proc/self/fd/{files['content']}", read=read, pieces=pieces),
        openpgp=OpenPgp(),
        logged_at=moment_of(request["loggedAt"]),
    )
    if over["kind"] == "checksums":
        verdict = join_list(verdict, read(), name=over["name"], archive=parse_digests(over["archive"]))
    if over["kind"] == "decompressed":
        verdict = join_decompressed(verdict, digests)
    return verdict_json(verdict)


def decompress(request: Request, files: Files) -> dict[str, Any]:
    """Write the decompressed `archive` to `plain`, and stop a bomb before any signature is judged; the answer is its digests."""
    limits, size = Limits(**request["intake"]), 0
    hashers = (hashlib.sha256(), hashlib.sha512(), hashlib.blake2b())
    with (
        opened(files["archive"], "rb") as source,
        opened(files["plain"], "wb") as plain,
        open_archive(source) as stream,
    ):
        bounded, tell = BoundedStream(stream, limits), progress_teller()
        while data := bounded.read(CHUNK_BYTES):
            size += len(data)
            if size > limits.content:
                raise ArchiveError("limit-content", expected=f"at most {limits.content} bytes", found="more")
            tell(Progress(0, size, stream.consumed))
            plain.write(data)
            for hasher in hashers:
                hasher.update(data)
        stream.finish()
    return digests_json(FileDigests(size, *(hasher.digest() for hasher in hashers)))


TASKS: dict[str, Callable[[Request, Files], dict[str, Any]]] = {
    "read-members": read_members,
    "judge": judge,
    "decompress": decompress,
    "split-dsc": split_dsc,
    "read-source": read_source,
    "split-git": split_git,
    "read-git": read_git,
    "read-sbom": read_sbom,
}


def _never() -> Any:
    raise AssertionError("the caller gives the time")
