"""A bare repository in an archive, or in a folder of this machine: objects and references are taken, and nothing else is even read."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command

from tests.gitrepos import FILES, GitRepo
from tests.services.test_git_sources import arrive, rules, state
from transparency.gateways.repofolder import archive_repository
from transparency.models import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cast import Cast


def tar_of(folder: Path, top: str = "pump.git") -> bytes:
    """As `tar -c` makes it: everything, hooks and configuration included."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        archive.add(folder, top)
    return plain.getvalue()


@pytest.fixture
def repo(tmp_path: Path, cast: Cast) -> GitRepo:
    made = GitRepo(tmp_path / "repo.git")
    first = made.commit()
    made.tag("v1.0", made.commit({**FILES, "b": b"2\n"}, parents=(first,)), signer=cast.vendor_key)
    return made


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
@pytest.mark.parametrize("shape", ["loose", "packed", "both", "two packs", "packed twice", "gz", "worktree"])
def test_however_its_objects_lie_the_snapshot_is_the_tags_tree(
    cast: Cast, tmp_path: Path, object_format: str, shape: str
) -> None:
    repo = GitRepo(tmp_path / "any.git", object_format)
    first = repo.commit()
    repo.tag("v0.9", first)
    if shape in {"packed", "both", "two packs"}:
        repo.git("gc", "--quiet")
    big = b"".join(b"%d\n" % number for number in range(100_000))
    repo.tag("v1.0", repo.commit({**FILES, "big": big}, parents=(first,)), signer=cast.vendor_key)
    if shape == "two packs":
        repo.git("repack", "--quiet", "-d")
    if shape == "packed twice":  # packed, and loose as well
        repo.git("repack", "--quiet", "-a")
    data = tar_of(repo.folder, {"worktree": "pump/.git"}.get(shape, "pump.git"))
    delivery = arrive(cast, gzip.compress(data) if shape == "gz" else data)
    assert (state(delivery), rules(delivery)) == (("admitted", "valid", "valid"), [])
    assert delivery.snapshot is not None
    if object_format == "sha1":
        assert delivery.snapshot.git_tree == repo.git("rev-parse", "v1.0^{tree}")
    same = arrive(cast, repo.bundle())
    assert same.snapshot == delivery.snapshot


def with_file(name: str, content: str) -> Callable[[GitRepo], None]:
    def write(repo: GitRepo) -> None:
        path = repo.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    return write


def damaged_pack(repo: GitRepo) -> None:
    repo.git("gc", "--quiet")
    pack = next((repo.folder / "objects/pack").glob("*.pack"))
    pack.chmod(0o600)
    data = pack.read_bytes()
    pack.write_bytes(data[:40] + bytes([data[40] ^ 1]) + data[41:])


def damaged_object(repo: GitRepo) -> None:
    path = next(path for path in (repo.folder / "objects").rglob("*") if len(path.name) == 38)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1])


def linked_object(repo: GitRepo) -> None:
    path = next(path for path in (repo.folder / "objects").rglob("*") if len(path.name) == 38)
    path.unlink()
    path.symlink_to("/etc/passwd")


def left_out_object(repo: GitRepo) -> None:
    blob = repo.git("rev-parse", "v1.0:b")
    (repo.folder / "objects" / blob[:2] / blob[2:]).unlink()


def swapped_object(repo: GitRepo) -> None:
    """One object's file under another's name: names follow from contents."""
    ours, other = repo.git("rev-parse", "v1.0:b"), repo.write("blob", b"evil\n")
    path = repo.folder / "objects" / ours[:2] / ours[2:]
    path.unlink()
    (repo.folder / "objects" / other[:2] / other[2:]).rename(path)


def packed_twice(repo: GitRepo) -> None:
    """Two packs that both have an object: git refuses what we make of them, and `git repack -ad` mends it."""
    repo.git("gc", "--quiet")
    repo.write("blob", b"loose\n")
    repo.git("repack", "--quiet", "-a", "-d", "-k")
    packs = repo.folder / "objects/pack"
    first = {path.name: path.read_bytes() for path in packs.iterdir()}
    repo.git("tag", "more", repo.commit({"more": b"1\n"}))
    repo.git("repack", "--quiet", "-a", "-d")
    for name, data in first.items():
        (packs / name).write_bytes(data)


def replaced(repo: GitRepo) -> None:
    repo.git("replace", repo.git("rev-parse", "v1.0^{commit}"), repo.commit({"a": b"evil\n"}, branch="evil"))


def replaced_and_packed(repo: GitRepo) -> None:
    replaced(repo)
    repo.git("pack-refs", "--all")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (with_file("objects/info/alternates", "/srv/other.git/objects\n"), "git-alternates"),
        (with_file("objects/info/http-alternates", "https://example.org/\n"), "git-alternates"),
        (with_file("info/grafts", 40 * "1" + "\n"), "git-grafts"),
        (with_file("shallow", 40 * "1" + "\n"), "git-shallow"),
        (with_file(f"objects/pack/pack-{40 * 'a'}.promisor", ""), "git-promisor"),
        (with_file("refs/tags/v2.0", "nothing\n"), "git-folder-malformed"),
        (with_file("packed-refs", f"{40 * '1'} refs/a b\n"), "git-folder-malformed"),
        (with_file("inner/refs/tags/v1.0", 40 * "1" + "\n"), "git-folder-malformed"),
        (with_file("refs/tags/v2.0", 64 * "1" + "\n"), "git-folder-malformed"),
        (damaged_pack, "git-pack-damaged"),
        (damaged_object, "git-folder-malformed"),
        (linked_object, "git-folder-malformed"),
        (left_out_object, "git-fsck"),
        (swapped_object, "git-fsck"),
        (packed_twice, "git-fsck"),
        (replaced, "git-replaced"),
        (replaced_and_packed, "git-replaced"),
    ],
)  # fmt: skip
def test_what_would_deceive_is_refused(cast: Cast, repo: GitRepo, change: Callable[[GitRepo], None], rule: str) -> None:
    change(repo)
    delivery = arrive(cast, tar_of(repo.folder))
    assert (delivery.state, rules(delivery)) == (Delivery.State.QUARANTINED, [rule])


def test_an_object_that_is_a_bomb_is_stopped(cast: Cast, repo: GitRepo, settings: Any) -> None:
    repo.write("blob", 40 * 1024**2 * b"\0")
    settings.LIMIT_MEMBER_BYTES = 1024**2
    assert rules(arrive(cast, tar_of(repo.folder))) == ["limit-member"]


def test_an_archive_without_a_repository(cast: Cast, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "main.c").write_text("int main;\n")
    assert rules(arrive(cast, tar_of(tmp_path / "a"))) == ["git-folder-malformed"]


def run(*arguments: object) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command("import_snapshot", *map(str, arguments), "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as ended:
        return int(ended.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def asked(cast: Cast, source: Path, folder: Path) -> tuple[object, ...]:
    (folder / "key.pub").write_text(cast.vendor_key.public)
    return (
        source,
        "--tag",
        "v1.0",
        "--product",
        "pump",
        "--release",
        "1.0",
        "--vendor",
        "fresh",
        "--key",
        folder / "key.pub",
    )


class TestFolders:
    def test_a_repository_of_this_machine_is_imported_without_running_anything_in_it(
        self, cast: Cast, repo: GitRepo, tmp_path: Path
    ) -> None:
        canary = tmp_path / "canary"
        for name in ("core.fsmonitor", "core.sshCommand", "uploadpack.packObjectsHook", "fsck.skipList"):
            repo.git("config", name, f"touch {canary}")
        for hook in ("post-checkout", "reference-transaction", "pre-auto-gc"):
            path = repo.folder / "hooks" / hook
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"#!/bin/sh\ntouch {canary}\n")
            path.chmod(0o755)
        code, answer = run(*asked(cast, repo.folder, tmp_path))
        assert (code, answer["gitTree"]) == (0, repo.git("rev-parse", "v1.0^{tree}"))
        canary.unlink(missing_ok=True)  # the question above was put by git in that folder
        assert run(*asked(cast, repo.folder, tmp_path))[0] == 0
        assert not canary.exists()
        assert Delivery.objects.get().archive_name == "repo.git.tar"

    def test_a_working_copys_own_repository(self, cast: Cast, repo: GitRepo, tmp_path: Path) -> None:
        subprocess.run(["git", "clone", "--quiet", str(repo.folder), str(tmp_path / "work")], check=True)
        assert run(*asked(cast, tmp_path / "work", tmp_path))[0] == 0

    def test_a_link_out_of_it_is_not_followed(self, cast: Cast, repo: GitRepo, tmp_path: Path) -> None:
        linked_object(repo)
        code, answer = run(*asked(cast, repo.folder, tmp_path))
        assert (code, answer["error"]["code"]) == (2, "git-folder-unreadable")

    def test_only_what_is_taken_is_read(self, repo: GitRepo) -> None:
        secret = repo.folder / "config"
        secret.chmod(0)
        made = io.BytesIO()
        archive_repository(repo.folder, made)
        made.seek(0)
        with tarfile.open(fileobj=made) as archive:
            names = archive.getnames()
        assert names
        assert all(name.startswith(("objects/", "refs/", "packed-refs")) for name in names)

    def test_a_folder_without_a_repository(self, cast: Cast, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        code, answer = run(*asked(cast, tmp_path / "empty", tmp_path))
        assert (code, answer["error"]["code"]) == (2, "git-folder-missing")

    def test_options_that_say_what_a_tag_says_itself(self, cast: Cast, repo: GitRepo, tmp_path: Path) -> None:
        code, answer = run(*asked(cast, repo.folder, tmp_path), "--signature", os.devnull)
        assert (code, answer["error"]["code"]) == (2, "git-options")
