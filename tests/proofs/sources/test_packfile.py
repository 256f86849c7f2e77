from __future__ import annotations

import hashlib
import io
import os
import random
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.proofs.sources.tars import file, folder, hardlink, rules, symlink, take
from tests.proofs.sources.trees import Git, blob_id, entries_of
from transparency.proofs.identity import git_tree
from transparency.proofs.sources import packfile
from transparency.proofs.sources.archive import WHOLE_BYTES
from transparency.proofs.sources.packfile import BLOB, TREE, PackWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def keeper(writer: PackWriter) -> Callable[[bytes, bytes], None]:
    def keep(identity: bytes, body: bytes) -> None:
        writer.add(TREE, body, identity)

    return keep


def write_pack(place: Path, bodies: list[bytes]) -> tuple[Path, bytes]:
    with place.open("w+b") as stream:
        writer = PackWriter(stream)
        for body in bodies:
            assert writer.add(BLOB, body) == blob_id(body)
        tree = {b"%d" % number: (0o100644, body) for number, body in enumerate(bodies)}
        git_tree(entries_of(tree), keep=keeper(writer))
        return place, writer.finish()


def accepted_by_git(folder: Path, pack: Path, index: bytes) -> Git:
    """git indexes the pack strictly, byte for byte as we did, and finds nothing wrong in a repository of it."""
    git = Git(folder / "repository")
    (folder / "git.pack").write_bytes(pack.read_bytes())
    git("index-pack", "--strict", "--fsck-objects", str(folder / "git.pack"))
    assert (folder / "git.idx").read_bytes() == index
    target = git.folder / "objects" / "pack" / "pack-x.pack"
    target.write_bytes(pack.read_bytes())
    target.with_suffix(".idx").write_bytes(index)
    git("fsck", "--strict", "--full", "--no-dangling")
    git("verify-pack", str(target.with_suffix(".idx")))
    return git


def test_git_accepts_the_pack_and_makes_the_same_index(tmp_path: Path) -> None:
    generator = random.Random(3)
    sizes = [0, 1, 15, 16, 17, 2047, 2048, 2049, 5000, 262_143, 262_144, 400_000]
    bodies = [generator.randbytes(size) for size in sizes] + [b"z" * size for size in sizes]
    bodies += [b"%d" % number for number in range(700)]
    pack, index = write_pack(tmp_path / "pack", bodies)
    git = accepted_by_git(tmp_path, pack, index)
    for body in bodies[:30]:
        assert git("cat-file", "blob", blob_id(body).hex()) == body


def test_an_object_is_written_once() -> None:
    stream = io.BytesIO()
    writer = PackWriter(stream)
    first = writer.add(BLOB, b"x")
    size = len(stream.getvalue())
    assert writer.add(BLOB, b"x") == first
    assert first in writer
    assert (len(writer), len(stream.getvalue())) == (1, size)


def test_a_large_blob_that_was_there_already_is_taken_back(tmp_path: Path) -> None:
    content = os.urandom(300_000)
    pieces = [content[:100_000], content[100_000:]]
    with (tmp_path / "pack").open("w+b") as stream:
        writer = PackWriter(stream)
        found = writer.add_large(len(content), pieces)
        assert found == (
            blob_id(content),
            hashlib.sha256(content).digest(),
            content.count(b"\n"),
            content.endswith(b"\n"),
        )
        size = stream.tell()
        assert writer.add_large(len(content), pieces) == found
        assert stream.tell() == size
        writer.add(BLOB, b"after")
        writer.add(BLOB, content)
        git_tree(entries_of({b"a": (0o100644, b"after")}), keep=keeper(writer))
        index = writer.finish()
    accepted_by_git(tmp_path, tmp_path / "pack", index)


def test_an_empty_pack_is_one_for_git(tmp_path: Path) -> None:
    with (tmp_path / "pack").open("w+b") as stream:
        index = PackWriter(stream).finish()
    git = Git(tmp_path / "repository")
    git("index-pack", "-o", str(tmp_path / "git.idx"), str(tmp_path / "pack"))
    assert (tmp_path / "git.idx").read_bytes() == index


def test_offsets_beyond_two_gigabytes_stand_where_git_looks_for_them() -> None:
    offsets = [12, 2**31 - 1, 2**31, 2**31 + 7, 2**32, 2**40 + 5]
    objects = {hashlib.sha1(b"%d" % offset).digest(): (offset, offset % 2**32) for offset in offsets}  # noqa: S324 - names
    index = packfile._format_index(objects, bytes(20))
    shown = subprocess.run(["git", "show-index"], input=index, capture_output=True, check=True).stdout.decode()
    found = {(int(offset), name) for offset, name in re.findall(r"^(\d+) ([0-9a-f]{40})", shown, re.MULTILINE)}
    assert found == {(offset, name.hex()) for name, (offset, _) in objects.items()}


@pytest.fixture
def whole(tmp_path: Path) -> tuple[Path, bytes, str]:
    large = os.urandom(64) * (WHOLE_BYTES // 64) + b"\nlast line\n"
    members = (
        folder(b"p/"),
        file(b"p/a.b", b"1\r\n"),
        file(b"p/a/x", b"2"),
        file(b"p/a0", b"", mode=b"0000755\0"),
        file(b"p/large", large),
        file(b"p/same", large),
        hardlink(b"p/hard", b"p/a.b"),
        symlink(b"p/link", b"a/x"),
        file(b"p/.gitattributes", b"* text=auto\n"),
    )
    pack = io.BytesIO()
    found = take(*members, pack=pack)
    assert rules(found) == []
    (tmp_path / "pack").write_bytes(pack.getvalue())
    assert found.git_tree
    return tmp_path / "pack", found.index, found.git_tree


def test_git_accepts_what_an_intake_leaves_and_finds_its_tree(tmp_path: Path, whole: tuple[Path, bytes, str]) -> None:
    pack, index, tree = whole
    git = accepted_by_git(tmp_path, pack, index)
    listed = git("ls-tree", "-r", "--name-only", tree).decode().split()
    assert listed == [".gitattributes", "a.b", "a/x", "a0", "hard", "large", "link", "same"]
    # The large content is there once.
    assert pack.stat().st_size < WHOLE_BYTES // 2 + 1_000_000
