"""A real upstream release: GNU hello's archive with its author's signature, as Debian ships both.

Point TRANSPARENCY_REAL at a folder with `hello_*.orig.tar.gz`, its `.asc` and `hello_*.debian.tar.xz` (the key lies in its
debian/upstream/); without one the test says what it misses.
"""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command

if TYPE_CHECKING:
    from transparency.models import Installation

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def one(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        pytest.skip(f"no {pattern} in {folder}; fetch Debian's source package hello and set TRANSPARENCY_REAL")
    return found[0]


def test_hello_imports_as_valid_and_a_changed_byte_does_not(
    centre: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(os.environ.get("TRANSPARENCY_REAL", "/nonexistent"))
    archive, signature = one(folder, "hello_*.orig.tar.gz"), one(folder, "hello_*.orig.tar.gz.asc")
    with tarfile.open(one(folder, "hello_*.debian.tar.xz")) as packaging:
        key = packaging.extractfile("debian/upstream/signing-key.asc")
        assert key is not None
        (tmp_path / "key.asc").write_bytes(key.read())
    release = ["--product", "hello", "--release", "2.10", "--signature", str(signature), "--json"]
    call_command("import_snapshot", str(archive), "--key", str(tmp_path / "key.asc"), *release)
    answer = json.loads(capsys.readouterr().out)
    assert answer["verdict"]["outcome"] == "valid"
    assert (answer["files"], answer["gitTree"]) == (304, "c3e538ed2de412d54c567ed7c8cfc46cbbc35d07")
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "changed.tar.gz").write_bytes(data)
    with pytest.raises(SystemExit) as refused:
        call_command("import_snapshot", str(tmp_path / "changed.tar.gz"), *release)
    assert refused.value.code == 1
    assert json.loads(capsys.readouterr().out)["verdict"]["code"] == "signature-mismatch"
