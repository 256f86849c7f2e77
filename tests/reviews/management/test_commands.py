"""`build_dossier` and `export_trust` as scripts call them: JSON on stdout, warnings on stderr, exit codes."""

from __future__ import annotations

import io
import json
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command

from transparency.proofs.digest import Digest
from transparency.proofs.dossier import parse_dossier

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cast import Cast
    from transparency.models import Release


def run(*arguments: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, the JSON object, stderr."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*arguments, "--json", stdout=out, stderr=err)
    except SystemExit as ended:
        return int(ended.code or 0), json.loads(out.getvalue()), err.getvalue()
    return 0, json.loads(out.getvalue()), err.getvalue()


def dossier(product: str, release: str, out: Path) -> tuple[int, dict[str, Any], str]:
    return run("build_dossier", "--product", product, "--release", release, "--out", str(out))


def verify(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "transparency.client", "verify", *arguments, "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_dossier_and_trust_file_verify_with_the_client(cast: Cast, open_release: Release, tmp_path: Path) -> None:
    code, answer, errors = dossier("widget", "1.0", tmp_path / "widget.zip")
    assert (code, errors) == (0, "")
    data = (tmp_path / "widget.zip").read_bytes()
    assert answer == {
        "out": str(tmp_path / "widget.zip"),
        "sha256": Digest.of(data).hex,
        "bytes": len(data),
        "visibility": "public",
        "product": "widget",
        "release": "1.0",
        "subject": parse_dossier(data).index.subject.hex,
        "deliveries": 1,
        "builds": 1,
        "attestations": 0,
    }
    code, answer, errors = run("export_trust", "--out", str(tmp_path / "trust.json"))
    assert code == 0
    assert "another channel" in errors
    assert all(fingerprint in errors for fingerprint in answer["fingerprints"])
    (tmp_path / "widget.bin").write_bytes(b"widget build\n")
    files = [str(tmp_path / name) for name in ("widget.zip", "widget.bin")]
    checked = verify(*files, "--trust", str(tmp_path / "trust.json"))
    assert (checked.returncode, json.loads(checked.stdout)["failed"]) == (0, None), checked.stdout
    assert verify(*files).returncode == 3


def test_a_restricted_dossier_is_written_for_its_owner_alone(
    cast: Cast, restricted_release: Release, tmp_path: Path
) -> None:
    code, answer, errors = dossier("vault", "9.9", tmp_path / "vault.zip")
    assert (code, answer["visibility"]) == (0, "restricted")
    assert "restricted" in errors
    assert stat.S_IMODE((tmp_path / "vault.zip").stat().st_mode) == 0o600


def test_unusable_input_is_exit_2_and_leaves_no_file(cast: Cast, open_release: Release, tmp_path: Path) -> None:
    code, answer, _ = dossier("widget", "2.0", tmp_path / "none.zip")
    assert (code, answer["error"]["code"]) == (2, "release-unknown")
    code, answer, _ = dossier("widget", "1.0", tmp_path / "absent" / "widget.zip")
    assert (code, answer["error"]["code"]) == (2, "file-unwritable")
    assert list(tmp_path.glob("*.zip*")) == []


def test_a_second_run_replaces_the_file(cast: Cast, open_release: Release, tmp_path: Path) -> None:
    target = tmp_path / "widget.zip"
    target.write_bytes(b"old")
    assert dossier("widget", "1.0", target)[0] == 0
    assert parse_dossier(target.read_bytes())
    assert list(tmp_path.glob("*.tmp")) == []


@pytest.mark.parametrize("command", ["build_dossier", "export_trust"])
def test_without_an_identity_nothing_is_exported(
    command: str, home: Path, transactional_db: None, tmp_path: Path
) -> None:
    arguments = ["--product", "widget", "--release", "1.0"] if command == "build_dossier" else []
    code, answer, _ = run(command, *arguments, "--out", str(tmp_path / "out"))
    assert code in {1, 2}
    assert answer["error"]["code"] in {"not-initialised", "release-unknown"}
    assert not (tmp_path / "out").exists()
