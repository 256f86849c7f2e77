"""The portal's own source as a vendor would ship it: a deterministic archive of the tree, and the wheel built from a fresh copy of it."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from transparency.proofs.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# 2020-01-01: any fixed time makes archive and wheel the same whenever they are built.
SOURCE_EPOCH = 1_577_836_800
BUILD_SECONDS = 180
_LEFT_OUT = frozenset({".git", ".venv", "var", "dist", "build", "__pycache__", "node_modules"})


def own_version(root: Path) -> str:
    return str(tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"])


def own_files(root: Path) -> dict[str, Path]:
    """Name -> file for all that belongs to the source: what git tracks where there is a checkout, else everything but products of work."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z"],
        capture_output=True,
        check=False,
        timeout=60,
        env=_clean_environment(),
    )
    if listed.returncode == 0 and listed.stdout:
        names = [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    else:
        names = [
            str(path.relative_to(root)) for path in root.rglob("*") if not _LEFT_OUT & set(path.relative_to(root).parts)
        ]
    return {name: root / name for name in sorted(names) if (root / name).is_file() and not (root / name).is_symlink()}


def archive_files(files: Mapping[str, bytes | Path], prefix: str) -> bytes:
    """A .tar.gz with sorted members, fixed times and owners."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in sorted(files.items()):
            data = content if isinstance(content, bytes) else content.read_bytes()
            member = tarfile.TarInfo(f"{prefix}/{name}")
            member.size, member.mtime = len(data), SOURCE_EPOCH
            executable = isinstance(content, Path) and os.access(content, os.X_OK)
            member.mode = 0o755 if executable else 0o644
            tar.addfile(member, io.BytesIO(data))
    return gzip.compress(plain.getvalue(), mtime=0)


def build_wheel(archive: bytes) -> tuple[str, bytes]:
    """Build the wheel from a fresh copy of the archive, without a network; return its name and bytes (`build-failed`)."""
    with tempfile.TemporaryDirectory(prefix="wheel-") as name:
        folder = Path(name)
        _write_copy(archive, folder / "source")
        source = next((folder / "source").iterdir())
        command = [
            sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "out"), str(source),
        ]  # fmt: skip
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(SOURCE_EPOCH), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, capture_output=True, check=False, timeout=BUILD_SECONDS, env=environment)
        wheels: Iterable[Path] = (folder / "out").glob("*.whl")
        for wheel in wheels:
            return wheel.name, wheel.read_bytes()
        raise UnavailableError("build-failed", expected="a wheel", found=done.stderr.decode(errors="replace")[-2000:])


def _write_copy(archive: bytes, folder: Path) -> None:
    """The files of our own archive, made above; nothing that was taken in is ever written out like this."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content is None or ".." in member.name.split("/"):
                raise AssertionError(member.name)
            target = folder / member.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read())
            target.chmod(member.mode)


def _clean_environment() -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "LC_ALL": "C",
    }
