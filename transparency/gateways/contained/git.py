"""Tasks on git repositories: find the one signed object and check everything it rests on, then read the tree of its commit."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transparency.gateways.contained.gitfolder import take_folder
from transparency.gateways.contained.gitrange import commits_since
from transparency.gateways.contained.intake import opened, take_all
from transparency.gateways.contained.wire import intake_json
from transparency.gateways.foreignpack import ForeignPack, ObjectReader
from transparency.proofs.errors import EvidenceError
from transparency.proofs.sources.archive import ArchiveError
from transparency.proofs.sources.gitbundle import MAGICS, MAX_HEAD_BYTES, BundleHead, parse_bundle
from transparency.proofs.sources.gitobject import (
    MAX_OBJECT_BYTES,
    TAGS,
    GitCommit,
    ObjectFormat,
    check_tag,
    parse_commit,
    parse_object_name,
    parse_tag,
)
from transparency.proofs.sources.gittree import GitTreeSource
from transparency.proofs.sources.membersource import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

CHUNK_BYTES = 1024 * 1024
MAX_BRANCHES = 10_000
_REPLACED, _GRAFTS = "refs/replace/", "refs/grafts"
# A clone keeps its origin's branches elsewhere than its own.
_BRANCHES = ("refs/heads/", "refs/remotes/")


def split_git(request: dict[str, Any], files: dict[str, int]) -> dict[str, Any]:
    """Write `objects` (the pack), `names` (its index), `payload` and `signature` of the object asked for, and its `commit`."""
    with opened(files["repository"], "rb") as source, opened(files["objects"], "r+b") as pack:
        head = _take_pack(source, pack, Limits(**request["intake"]))
        refuse_tricks(head)
        object_format, wanted = _wanted(head, request)
        with _folder() as folder:
            foreign = ForeignPack(folder, object_format, pack.fileno())
            foreign.check()
            with foreign.index.open("rb") as index, opened(files["names"], "wb") as names:
                shutil.copyfileobj(index, names, CHUNK_BYTES)
            with foreign.reader() as reader:
                answer, parts = _signed_object(reader, object_format, wanted, request.get("tag"))
                if asked := request.get("range"):
                    branches = [name for ref, name in head.refs.items() if ref.startswith(_BRANCHES)][:MAX_BRANCHES]
                    answer |= _range(foreign, reader, answer["commit"], branches, asked)
    for name, data in parts.items():
        with opened(files[name], "wb") as stream:
            stream.write(data)
    return {"objectFormat": object_format, **answer}


def read_git(request: dict[str, Any], files: dict[str, int]) -> dict[str, Any]:
    """Read the tree of a commit out of `objects` and `names` into `pack`, `manifest`, `table` and `index`."""
    limits = Limits(**request["intake"])
    object_format: ObjectFormat = "sha1" if request["objectFormat"] == "sha1" else "sha256"
    with (
        _folder() as folder,
        opened(files["objects"], "rb") as pack,
        opened(files["names"], "rb") as names,
        ForeignPack(folder, object_format, pack.fileno(), names.fileno()).reader() as reader,
    ):
        size = pack.seek(0, 2)
        tree = GitTreeSource(reader, request["tree"], object_format, size=size)
        return intake_json(take_all(tree, limits, files, whole_paths=True))


def refuse_tricks(head: BundleHead) -> None:
    """References by which git shows other history than was written (`git-replaced`)."""
    for ref in head.refs:
        if ref.startswith((_REPLACED, _GRAFTS)):
            raise ArchiveError("git-replaced", expected="no replaced objects", found=ascii(ref[:80]))


def _take_pack(source: BinaryIO, pack: BinaryIO, limits: Limits) -> BundleHead:
    """Copy what follows a bundle's head; or make one pack of what lies in an archived repository."""
    source.seek(0)
    if not source.read(len(MAGICS[0])).startswith(MAGICS):
        return take_folder(source, pack, limits)
    source.seek(0)
    head = parse_bundle(source.read(MAX_HEAD_BYTES + 2))
    source.seek(head.size)
    shutil.copyfileobj(source, pack, CHUNK_BYTES)
    pack.flush()
    return head


def _wanted(head: BundleHead, request: dict[str, Any]) -> tuple[ObjectFormat, str]:
    """The object that the reference or the name leads to (`git-ref-missing`, `git-object-name`)."""
    if tag := request.get("tag"):
        found = head.refs.get(TAGS + tag)
        if found is None:
            tags = [ref.removeprefix(TAGS) for ref in head.refs if ref.startswith(TAGS)]
            told = ", ".join(sorted(tags)[-5:])[:200] or "no tags"
            raise EvidenceError("git-ref-missing", expected=f"the tag {tag}", found=told)
        return head.object_format, found
    if parse_object_name(request["commit"]) != head.object_format:
        raise EvidenceError("git-object-name", expected=f"the {head.object_format} name of a commit", found="another")
    return head.object_format, request["commit"]


def _signed_object(
    reader: ObjectReader, object_format: ObjectFormat, name: str, tag: str | None
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the object says, and the bytes that others judge."""
    if tag is None:
        body, commit = _commit(reader, object_format, name)
        return _told(name, None, name, commit.tree), _parts(commit.payload, commit.signature, body)
    found = parse_tag(reader.whole(name, "tag", MAX_OBJECT_BYTES), object_format)
    check_tag(found, ref=TAGS + tag)
    body, commit = _commit(reader, object_format, found.commit)
    return _told(name, TAGS + tag, found.commit, commit.tree), _parts(found.payload, found.signature, body)


def _range(
    foreign: ForeignPack, reader: ObjectReader, commit: str, branches: list[str], asked: dict[str, Any]
) -> dict[str, Any]:
    """What is said of the commits before; where that fails, that it failed: it is context, and refuses nothing."""
    try:
        return {"range": commits_since(foreign, reader, commit, branches, asked)}
    except EvidenceError as error:
        return {"noRange": error.code}


def _commit(reader: ObjectReader, object_format: ObjectFormat, name: str) -> tuple[bytes, GitCommit]:
    body = reader.whole(name, "commit", MAX_OBJECT_BYTES)
    return body, parse_commit(body, object_format)


def _told(name: str, ref: str | None, commit: str, tree: str) -> dict[str, Any]:
    return {"object": name, "ref": ref, "commit": commit, "tree": tree}


def _parts(payload: bytes, signature: bytes | None, commit: bytes) -> dict[str, bytes]:
    return {"payload": payload, "signature": signature or b"", "commit": commit}


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="git-") as name:
        yield Path(name) / "repository"
