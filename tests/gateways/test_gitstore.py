from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from tests.proofs.sources.trees import ENVIRONMENT, blob_id
from transparency.gateways import gitrules
from transparency.gateways.gitfolder import create_repository
from transparency.gateways.gitrules import check_git_rules
from transparency.gateways.gitstore import Repository
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError, UnavailableError
from transparency.proofs.sources.archive import ArchiveError
from transparency.proofs.sources.packfile import BLOB, TREE, PackWriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BODIES = [b"one\n", b"", b"\0\xff" * 5000, b"x" * 300_000, b"\n", b"two\r\n"]


def write_pack(folder: Path, bodies: list[bytes], name: str = "some") -> tuple[Path, Path]:
    pack, index = folder / f"{name}.pack", folder / f"{name}.idx"
    with pack.open("w+b") as stream:
        writer = PackWriter(stream)
        for body in bodies:
            writer.add(BLOB, body)
        index.write_bytes(writer.finish())
    return pack, index


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    create_repository(tmp_path / "repository", [write_pack(tmp_path, BODIES)])
    opened = Repository(tmp_path / "repository")
    yield opened
    opened.close()


def read(repository: Repository, body: bytes, *, limit: int = 1 << 20) -> bytes:
    return repository.read_blob(blob_id(body), expect_sha256=Digest.of(body), limit=limit)


def test_every_blob_is_read_byte_for_byte(repository: Repository) -> None:
    for body in [*BODIES, *reversed(BODIES)]:
        assert read(repository, body) == body


def test_blobs_of_several_packs_are_found(tmp_path: Path) -> None:
    packs = [write_pack(tmp_path, BODIES[:3], "a"), write_pack(tmp_path, BODIES[2:], "b")]
    create_repository(tmp_path / "repository", packs)
    opened = Repository(tmp_path / "repository")
    assert [read(opened, body) for body in BODIES] == BODIES
    opened.close()


def test_sha1_names_nothing_another_content_under_it_is_noticed(repository: Repository) -> None:
    with pytest.raises(EvidenceError) as refusal:
        repository.read_blob(blob_id(b"one\n"), expect_sha256=Digest.of(b"another"), limit=100)
    assert refusal.value.code == "object-damaged"
    assert read(repository, b"one\n") == b"one\n"


def test_a_blob_that_is_not_there_is_weather_and_the_next_read_works(repository: Repository) -> None:
    for _ in range(3):
        with pytest.raises(UnavailableError) as refusal:
            read(repository, b"absent")
        assert refusal.value.code == "object-missing"
        assert read(repository, b"one\n") == b"one\n"


def test_a_blob_over_the_limit_is_refused_unread_and_the_next_read_works(repository: Repository) -> None:
    with pytest.raises(EvidenceError) as refusal:
        read(repository, b"x" * 300_000, limit=299_999)
    assert refusal.value.code == "file-too-large"
    assert read(repository, b"x" * 300_000, limit=300_000) == b"x" * 300_000
    assert read(repository, b"", limit=0) == b""


def test_a_tree_is_no_file(tmp_path: Path) -> None:
    with (tmp_path / "a.pack").open("w+b") as stream:
        writer = PackWriter(stream)
        tree = writer.add(TREE, b"")
        writer.add(BLOB, b"y")
        (tmp_path / "a.idx").write_bytes(writer.finish())
    create_repository(tmp_path / "repository", [(tmp_path / "a.pack", tmp_path / "a.idx")])
    opened = Repository(tmp_path / "repository")
    with pytest.raises(EvidenceError):
        opened.read_blob(tree, expect_sha256=Digest.of(b"y"), limit=100)
    assert read(opened, b"y") == b"y"
    opened.close()


def test_damage_in_a_pack_is_noticed_and_the_other_files_can_still_be_read(tmp_path: Path) -> None:
    bodies = [b"%d " % number * 4000 for number in range(40)] + [os.urandom(5000) for _ in range(10)]
    pack, index = write_pack(tmp_path, bodies)
    data = bytearray(pack.read_bytes())
    for place in (len(data) // 2, len(data) - 6000, len(data) - 30_000):
        data[place] ^= 0xFF
    pack.write_bytes(bytes(data))
    create_repository(tmp_path / "repository", [(pack, index)])
    opened = Repository(tmp_path / "repository")
    damaged = sound = 0
    for _ in range(2):
        for body in bodies:
            try:
                assert read(opened, body) == body
                sound += 1
            except (EvidenceError, UnavailableError) as error:
                assert error.code in {"object-damaged", "object-missing"}
                damaged += 1
    opened.close()
    assert 2 <= damaged <= 6
    assert sound == 2 * len(bodies) - damaged


def test_a_pack_that_vanished_or_was_cut_is_noticed(tmp_path: Path) -> None:
    pack, index = write_pack(tmp_path, BODIES)
    pack.write_bytes(pack.read_bytes()[:200])
    create_repository(tmp_path / "cut", [(pack, index)])
    opened = Repository(tmp_path / "cut")
    with pytest.raises(UnavailableError) as refusal:
        read(opened, b"x" * 300_000)
    assert refusal.value.code == "object-missing"
    opened.close()


def test_a_child_that_was_killed_is_replaced_unnoticed(repository: Repository) -> None:
    for _ in range(2):
        assert read(repository, b"one\n") == b"one\n"
        for child in (repository._repository.git.cat_file_all, repository._repository.git.cat_file_header):
            assert child
            child.proc.kill()
            child.proc.wait()
    assert read(repository, b"two\r\n") == b"two\r\n"


def test_threads_share_one_repository(repository: Repository) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(20):
                for body in BODIES:
                    assert read(repository, body) == body
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_repository_has_nothing_but_our_own_words(tmp_path: Path) -> None:
    create_repository(tmp_path / "repository", [write_pack(tmp_path, BODIES)])
    found = {
        str(path.relative_to(tmp_path / "repository"))
        for path in (tmp_path / "repository").rglob("*")
        if path.is_file()
    }
    pack = f"objects/pack/pack-{0:040x}"
    assert found == {"HEAD", "config", f"{pack}.pack", f"{pack}.idx"}
    command = ["git", "config", "--list", "--local"]
    environment = {**ENVIRONMENT, "GIT_DIR": str(tmp_path / "repository")}
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, env=environment).stdout.decode()
    assert set(shown.split()) == {"core.repositoryformatversion=0", "core.bare=true", "core.hookspath=/dev/null"}


def test_making_it_again_changes_nothing_and_leaves_nothing_behind(tmp_path: Path) -> None:
    packs = [write_pack(tmp_path, BODIES)]
    create_repository(tmp_path / "repository", packs)
    before = sorted(path.name for path in tmp_path.iterdir())
    create_repository(tmp_path / "repository", [])
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    opened = Repository(tmp_path / "repository")
    assert read(opened, b"one\n") == b"one\n"
    opened.close()


def test_a_repository_that_cannot_be_moved_into_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "repository").write_bytes(b"in the way")
    with pytest.raises(OSError, match="repository"):
        create_repository(tmp_path / "repository", [])
    assert [path.name for path in tmp_path.iterdir()] == ["repository"]


def test_the_machines_git_configuration_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configured command would run at the first read."""
    marker = tmp_path / "was-here"
    script = f"{sys.executable} -c \"open('{marker}', 'w')\""
    (tmp_path / ".gitconfig").write_text(
        f"[core]\n\tfsmonitor = {script}\n\talternateRefsCommand = {script}\n[broken\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    create_repository(tmp_path / "repository", [write_pack(tmp_path, BODIES)])
    opened = Repository(tmp_path / "repository")
    assert read(opened, b"one\n") == b"one\n"
    opened.close()
    check_git_rules([(b".gitattributes", b"* text\n")])
    assert not marker.exists()


class TestGitRules:
    def test_what_git_accepts_is_accepted(self) -> None:
        modules = b'[submodule "lib"]\n\tpath = lib\n\turl = https://example.org/lib.git\n'
        check_git_rules(
            [(b".gitmodules", modules), (b"d/.gitattributes", b"* text=auto\n*.bin -text\n"), (b".gitmodules", b"")]
        )
        check_git_rules([])

    @pytest.mark.parametrize(
        "content",
        [
            b'[submodule "../evil"]\n\tpath = a\n\turl = x\n',
            b'[submodule "a"]\n\tpath = a\n\turl = -u./evil\n',
            b'[submodule "a"]\n\tpath = -a\n\turl = x\n',
            b'[submodule "a"]\n\tpath = a\n\turl = x\n\tupdate = !rm -rf .\n',
            b'[submodule "a"]\n\tpath = a\n\turl = "https://a.example/%0ahost=b.example"\n',
        ],
    )
    @pytest.mark.parametrize("name", [b".gitmodules", b"p/.GITMODULES", b"p/gi7~1234", "p/.g\u200citmodules".encode()])
    def test_hostile_submodules_are_refused_in_every_spelling_of_the_name(self, name: bytes, content: bytes) -> None:
        with pytest.raises(ArchiveError) as refusal:
            check_git_rules([(b".gitattributes", b"fine\n"), (name, content)])
        assert refusal.value.code == "git-fsck"
        assert refusal.value.subject.isascii()
        assert "gitmodules" in refusal.value.found

    def test_attributes_that_crash_old_readers_are_refused(self) -> None:
        with pytest.raises(ArchiveError) as refusal:
            check_git_rules([(b"d\xff/.gitattributes", b"x" * 5000 + b"\n")])
        assert (refusal.value.code, refusal.value.subject) == ("git-fsck", "d%FF/.gitattributes")

    def test_without_git_it_is_weather(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nonexistent")
        with pytest.raises(UnavailableError) as refusal:
            check_git_rules([(b".gitmodules", b"")])
        assert refusal.value.code == "git-missing"

    def test_a_check_that_takes_too_long_is_weather(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gitrules, "CHECK_SECONDS", 0)
        with pytest.raises(UnavailableError) as refusal:
            check_git_rules([(b".gitmodules", b"")])
        assert refusal.value.code == "git-slow"
