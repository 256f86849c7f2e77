r"""Debian source packages (dsc(5), dpkg-source(1)): which of the files that a .dsc names plays which part.

>>> dsc = parse_dsc(f"Format: 3.0 (quilt)\nSource: pump\nVersion: 1.0-2\nChecksums-Sha256:\n"
...                 f" {64 * 'a'} 9 pump_1.0.orig.tar.xz\n {64 * 'b'} 9 pump_1.0-2.debian.tar.xz".encode())
>>> dsc.orig, dsc.debian
('pump_1.0.orig.tar.xz', 'pump_1.0-2.debian.tar.xz')

| rule | when |
|---|---|
| dsc-malformed | not the fields of a source description, or a part that the format has not, or one that is missing |
| dsc-format | another format than 1.0, 3.0 (native), 3.0 (quilt) |
| dsc-weak | files are named by MD5 or SHA-1 alone |
| dsc-disagrees | `Files` or `Checksums-Sha1` name other files or sizes than `Checksums-Sha256` |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from transparency.proofs.errors import EvidenceError
from transparency.proofs.links.dsc import fields_of, files_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from transparency.proofs.links.dsc import NamedFile

DscFormat = Literal["1.0", "3.0 (native)", "3.0 (quilt)"]
FORMATS: tuple[DscFormat, ...] = ("1.0", "3.0 (native)", "3.0 (quilt)")
_SOURCE = re.compile(r"[a-z0-9][a-z0-9+.-]+\Z", re.ASCII)
_VERSION = re.compile(r"(?:[0-9]+:)?([0-9][A-Za-z0-9.+~-]*)\Z", re.ASCII)
_PACKED = r"tar\.(?:gz|bz2|xz|zst)"
_ORIG = re.compile(rf"\.orig\.{_PACKED}\Z")
_COMPONENT = re.compile(rf"\.orig-([A-Za-z0-9][A-Za-z0-9-]*)\.{_PACKED}\Z")
_DEBIAN = re.compile(rf"\.debian\.{_PACKED}\Z")
_NATIVE = re.compile(rf"\.{_PACKED}\Z")
_OTHER_LISTS = ("checksums-sha1", "files")


@dataclass(frozen=True, slots=True)
class Dsc:
    """A source description. `files` has all that it names; the others are names among them."""

    format: DscFormat
    source: str
    version: str
    files: Mapping[str, NamedFile]
    orig: str | None
    components: Mapping[str, str]
    debian: str | None
    diff: str | None
    native: str | None
    signatures: Mapping[str, str]

    @property
    def archives(self) -> tuple[str, ...]:
        """What the tree is made of, the first one first."""
        first = self.orig or self.native
        rest = (*(self.components[name] for name in sorted(self.components)), self.debian, self.diff)
        return tuple(name for name in (first, *rest) if name)


def parse_dsc(text: bytes) -> Dsc:
    """Read the signed text of a .dsc; raise as in the table above."""
    fields = fields_of(text)
    given = _one_line(fields, "format")
    kind = next((known for known in FORMATS if known == given), None)
    if kind is None:
        raise EvidenceError("dsc-format", expected=", ".join(FORMATS), found=given[:60])
    if "checksums-sha256" not in fields and any(name in fields for name in _OTHER_LISTS):
        raise EvidenceError("dsc-weak", expected="Checksums-Sha256", found="MD5 or SHA-1 alone")
    files = files_named(text)
    for name in _OTHER_LISTS:
        if name in fields and _sizes(fields[name]) != {key: item.size for key, item in files.items()}:
            raise EvidenceError("dsc-disagrees", subject=name, expected="the files of Checksums-Sha256", found="others")
    source, version = _one_line(fields, "source"), _one_line(fields, "version")
    if not _SOURCE.match(source) or not _VERSION.match(version):
        raise EvidenceError("dsc-malformed", expected="a source and its version", found=f"{source[:60]} {version[:60]}")
    return _with_parts(kind, source, version, files)


def _with_parts(kind: DscFormat, source: str, version: str, files: Mapping[str, NamedFile]) -> Dsc:
    parts: dict[str, list[str]] = {name: [] for name in ("orig", "debian", "diff", "native")}
    components: dict[str, str] = {}
    signatures = {name.removesuffix(".asc"): name for name in files if name.endswith(".asc")}
    for name in files:
        component = _COMPONENT.search(name)
        if not name.startswith(f"{source}_"):
            raise EvidenceError("dsc-malformed", subject=name, expected=f"names that begin with {source}_", found=name)
        if name in signatures.values():
            continue
        if component:
            if component[1] in components or component[1] == "debian":
                raise EvidenceError("dsc-malformed", subject=name, expected="each component once", found=component[1])
            components[component[1]] = name
        else:
            parts[_part_of(name)].append(name)
    shape = tuple(len(parts[name]) for name in ("orig", "debian", "diff", "native"))
    allowed = {"1.0": {(1, 0, 1, 0), (0, 0, 0, 1)}, "3.0 (native)": {(0, 0, 0, 1)}, "3.0 (quilt)": {(1, 1, 0, 0)}}[kind]
    strange = (components and kind != "3.0 (quilt)") or not all(name in files for name in signatures)
    if shape not in allowed or strange:
        raise EvidenceError(
            "dsc-malformed", expected=f"the files of a source of format {kind}", found=", ".join(files)[:200]
        )
    first = {name: found[0] if found else None for name, found in parts.items()}
    return Dsc(
        kind,
        source,
        version,
        files,
        first["orig"],
        components,
        first["debian"],
        first["diff"],
        first["native"],
        signatures,
    )


def _part_of(name: str) -> str:
    for part, pattern in (("orig", _ORIG), ("debian", _DEBIAN), ("native", _NATIVE)):
        if pattern.search(name):
            return part
    if name.endswith(".diff.gz"):
        return "diff"
    raise EvidenceError("dsc-malformed", subject=name, expected="a file of a source package", found=name)


def _one_line(fields: Mapping[str, list[str]], name: str) -> str:
    lines = fields.get(name, [])
    if len(lines) != 1:
        raise EvidenceError("dsc-malformed", subject=name, expected="one line", found=str(len(lines)))
    return lines[0].strip()


def _sizes(lines: list[str]) -> dict[str, int]:
    """Name -> size of a list whose digests count for nothing."""
    found: dict[str, int] = {}
    for line in lines[1:]:
        words = line.split()
        if len(words) != 3 or not words[1].isdecimal() or len(words[1]) > 15 or words[2] in found:  # noqa: PLR2004 - digest, size, name
            raise EvidenceError("dsc-malformed", expected="digest, size, new name", found=repr(line[:80]))
        found[words[2]] = int(words[1])
    return found
