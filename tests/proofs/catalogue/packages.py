"""Packages made for tests: a .deb by dpkg-deb, archives by tarfile."""

from __future__ import annotations

import io
import subprocess
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def make_deb(folder: Path, files: Mapping[str, bytes], *, package: str = "tool", version: str = "1:1.2-3") -> bytes:
    """The bytes of a package with these files."""
    root = folder / "root"
    (root / "DEBIAN").mkdir(parents=True)
    control = (
        f"Package: {package}\nVersion: {version}\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: x\n"
    )
    (root / "DEBIAN/control").write_text(control)
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    subprocess.run(
        ["dpkg-deb", "--build", "-Zxz", "--root-owner-group", root, folder / "x.deb"], check=True, capture_output=True
    )
    return (folder / "x.deb").read_bytes()


def make_tar(files: Mapping[str, bytes], compression: str = "xz") -> bytes:
    """A compressed tar with these files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{compression}", format=tarfile.USTAR_FORMAT) as tar:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()
