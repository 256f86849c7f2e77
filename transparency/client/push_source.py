"""A Debian source on its way out: the .dsc, the files that it names beside it, and signatures (.asc) of these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError, UnusableInputError
from transparency.proofs.links.dsc import MAX_FILE_BYTES, files_named, signed_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from transparency.proofs.links.dsc import NamedFile

ENDING, SIGNATURE = ".dsc", ".asc"


def source_files(dsc: Path) -> list[Path]:
    """The .dsc first, then what lies beside it (`dsc-malformed`, `dsc-file-missing`, `dsc-file-differs`): seen before anything is sent."""
    named = _named(dsc)
    there = {name: dsc.with_name(name) for name in named}
    if missing := [name for name, path in there.items() if not path.is_file()]:
        raise _wrong("dsc-file-missing", named, missing, "no such file", dsc)
    sizes = {name: path.stat().st_size for name, path in there.items()}
    if wrong := [name for name in named if sizes[name] != named[name].size]:
        found = "; ".join(f"{name}: {sizes[name]} bytes" for name in wrong)
        raise _wrong("dsc-file-differs", named, wrong, found, dsc)
    beside = [dsc.with_name(f"{name}{SIGNATURE}") for name in named if f"{name}{SIGNATURE}" not in named]
    return [dsc, *there.values(), *(path for path in beside if path.is_file())]


def _named(dsc: Path) -> Mapping[str, NamedFile]:
    try:
        with dsc.open("rb") as stream:
            return files_named(signed_text(stream.read(MAX_FILE_BYTES + 1)))
    except OSError as error:
        raise UnusableInputError(
            "file-unreadable", expected="a readable file", found=error.strerror or "", subject=str(dsc)
        ) from error
    except EvidenceError as error:
        raise UnusableInputError(error.code, expected=error.expected, found=error.found, subject=str(dsc)) from error


def _wrong(code: str, named: Mapping[str, NamedFile], names: list[str], found: str, dsc: Path) -> UnusableInputError:
    expected = "; ".join(f"{name}: {named[name].size} bytes, sha256 {named[name].sha256.hex}" for name in names)
    return UnusableInputError(code, expected=expected, found=found, subject=str(dsc))
