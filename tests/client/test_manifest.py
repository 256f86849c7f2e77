from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.simulator import FILES, make_archive
from transparency.client import folder as folder_module
from transparency.client.folder import FolderStream
from transparency.client.main import main
from transparency.proofs.digest import Digest
from transparency.proofs.errors import UnavailableError, UnusableInputError
from transparency.proofs.manifest import parse_manifest

KEYS = {"manifest", "gitTree", "swhid", "dirHash", "files", "bytes", "lines", "flagged", "refused"}


def answer(capsys: pytest.CaptureFixture[str], path: object, code: int = 0) -> Any:
    assert main(["manifest", str(path), "--json"]) == code
    out, _ = capsys.readouterr()
    assert out.count("\n") == 1
    return json.loads(out)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with what a source tree has: text, an empty file, a program, links, an empty folder, odd names."""
    folder = tmp_path / "pump-1.0"
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "run.sh").write_bytes(b"#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("src/main.c")
    (folder / "src-a").write_bytes(b"sorted between src and src/ in some tools\n")
    (folder / ("long/" * 30)).mkdir(parents=True)
    (folder / ("long/" * 30) / ("name" * 40)).write_bytes(b"long\n")
    (folder / "na\u00efve file").write_bytes(b"x")
    return folder


def packed(tree: Path, name: str = "pump-1.0.tar.gz") -> Path:
    archive = tree.parent / name
    subprocess.run(["tar", "-C", str(tree.parent), "-caf", str(archive), tree.name], check=True)
    return archive


def test_the_manifest_is_printed_and_its_digest_names_the_snapshot(tmp_path: Path, capfdbinary: Any) -> None:
    (tmp_path / "pump.tar.gz").write_bytes(make_archive(FILES))
    assert main(["manifest", str(tmp_path / "pump.tar.gz")]) == 0
    manifest, err = capfdbinary.readouterr()
    assert err == b""
    assert [entry.path.decode() for entry in parse_manifest(manifest)] == sorted(FILES)
    assert main(["manifest", str(tmp_path / "pump.tar.gz"), "--json"]) == 0
    assert json.loads(capfdbinary.readouterr().out)["manifest"] == Digest.of(manifest).hex


def test_the_json_has_the_keys_that_imports_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pump.tar.gz").write_bytes(make_archive(FILES))
    found = answer(capsys, tmp_path / "pump.tar.gz")
    assert set(found) == KEYS
    assert (found["files"], found["bytes"], found["lines"]) == (4, sum(map(len, FILES.values())), 5)
    assert (found["flagged"], found["refused"]) == ([], [])


def test_a_folder_and_its_archive_have_one_name(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever packed it: the tree that people look at is the tree in the archive, empty folders included."""
    (tree / "empty").mkdir()
    from_folder = answer(capsys, tree)
    for name in ("a.tar.gz", "a.tar.xz"):
        assert answer(capsys, packed(tree, name)) == from_folder
    assert answer(capsys, f"{tree}/") == from_folder


def test_git_names_the_same_tree(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, tree)
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for command in (["init", "-q"], ["add", "-A"], ["write-tree"]):
        done = subprocess.run(["git", *command], cwd=tree, env=environment, capture_output=True, text=True, check=True)
    assert found["gitTree"] == done.stdout.strip()


def test_a_folder_with_one_folder_in_it_keeps_it(tmp_path: Path, capfdbinary: Any) -> None:
    (tmp_path / "outer" / "inner").mkdir(parents=True)
    (tmp_path / "outer" / "inner" / "file").write_bytes(b"x")
    assert main(["manifest", str(tmp_path / "outer")]) == 0
    assert capfdbinary.readouterr().out.endswith(b" inner/file\n")


def test_a_symbolic_link_is_a_member_and_is_never_followed(tmp_path: Path, capfdbinary: Any) -> None:
    (tmp_path / "secret").write_bytes(b"not in the tree\n")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "out").symlink_to("../../secret")
    (tmp_path / "tree" / "loop").symlink_to(".")
    assert main(["manifest", str(tmp_path / "tree")]) == 0
    out, err = capfdbinary.readouterr()
    entries = {entry.path: entry for entry in parse_manifest(out)}
    assert {entry.mode for entry in entries.values()} == {"120000"}
    assert entries[b"out"].digest == Digest.of(b"../../secret").hex
    assert b"flagged: symlink-outside: out (../../secret)" in err


def test_a_git_folder_is_refused_and_not_silently_left_out(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / ".git").mkdir()
    (tree / ".git" / "config").write_bytes(b"")
    found = answer(capsys, tree, code=1)
    assert [found[key] for key in sorted(KEYS - {"flagged", "refused"})] == [None] * 7
    assert found["refused"][0]["path"] == ".git"
    assert set(found["refused"][0]) == {"path", "rule", "detail"}


def test_a_refused_archive_prints_no_manifest(tmp_path: Path, capfdbinary: Any) -> None:
    (tmp_path / "evil.tar.gz").write_bytes(make_archive({"../../etc/passwd": b"x", "\x1b[31m": b"y"}))
    assert main(["manifest", str(tmp_path / "evil.tar.gz")]) == 1
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert b"refused: " in err
    assert b"\x1b" not in err


def test_devices_pipes_and_sockets_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tree").mkdir()
    monkeypatch.chdir(tmp_path / "tree")
    os.mkfifo("pipe")
    assert answer(capsys, tmp_path / "tree", code=1)["refused"][0]["rule"] == "unsupported-member"
    Path("pipe").unlink()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        assert answer(capsys, tmp_path / "tree", code=1)["refused"][0]["rule"] == "unsupported-member"


def test_a_broken_archive_is_refused_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = make_archive(FILES)
    (tmp_path / "cut.tar.gz").write_bytes(data[: len(data) // 2])
    assert answer(capsys, tmp_path / "cut.tar.gz", code=1)["refused"]


def test_an_empty_folder_names_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert answer(capsys, tmp_path / "empty", code=1)["refused"][0]["rule"] == "no-files"


def test_unusable_input_is_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.tar.gz").write_text("no archive")
    (tmp_path / "empty").write_bytes(b"")
    for path in (tmp_path / "absent", tmp_path / "text.tar.gz", tmp_path / "empty", "a\0b"):
        found = answer(capsys, path, code=2)
        assert set(found["error"]) >= {"code", "expected", "found"}
        assert main(["manifest", str(path)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err


def test_names_that_are_no_text_keep_their_bytes(tmp_path: Path, capfdbinary: Any) -> None:
    (tmp_path / "tree").mkdir()
    with open(os.fsencode(tmp_path / "tree") + b"/\xff\xfe", "wb") as stream:
        stream.write(b"x")
    assert main(["manifest", str(tmp_path / "tree")]) == 0
    out, err = capfdbinary.readouterr()
    assert out.endswith(b" 1 %FF%FE\n")
    assert b"flagged: " in err


def test_a_file_that_shrinks_while_it_is_read_is_not_given_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = tmp_path / "tree" / "big"
    big.parent.mkdir()
    big.write_bytes(bytes(65536))
    monkeypatch.setattr(folder_module, "CHUNK_BYTES", 1024)
    stream = FolderStream(str(big.parent))
    stream.read(512 + 512 + 1024)
    os.truncate(big, 20_000)
    with pytest.raises(UnavailableError, match="file-changed"):
        stream.read(65536)


def test_a_folder_that_goes_away_while_it_is_read_is_unusable_and_not_half_read(tree: Path) -> None:
    stream = FolderStream(str(tree))
    stream.read(512)
    shutil.rmtree(tree)
    with pytest.raises(UnusableInputError, match="file-unreadable"):
        stream.read(512)


def test_a_tar_of_this_folder_is_readable_by_others(tree: Path, tmp_path: Path) -> None:
    """The stream that the intake reads is an ordinary tar."""
    stream = FolderStream(str(tree))
    with (tmp_path / "made.tar").open("wb") as made:
        while piece := stream.read(10_000):
            made.write(piece)
    with tarfile.open(tmp_path / "made.tar") as tar:
        assert {member.name for member in tar if member.isfile()} >= {f"tree/{name}" for name in FILES}
