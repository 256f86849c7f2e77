"""CycloneDX 1.6 as JSON (ECMA-424, https://cyclonedx.org/docs/1.6/json/): components of type `file` are files, all others packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError
from transparency.proofs.sbom.document import (
    DeclaredFile,
    DeclaredPackage,
    Sbom,
    checked_digests,
    declared_file,
    declared_package,
    malformed,
)
from transparency.proofs.sbom.texts import Once, objects_of, text_of

if TYPE_CHECKING:
    from transparency.proofs.canonical import Fields

_FORMAT, _VERSION, _FILE = "CycloneDX", "1.6", "file"
_TYPES = frozenset(
    {"application", "framework", "library", "container", "platform", "operating-system", "device", "device-driver",
     "firmware", _FILE, "machine-learning-model", "data", "cryptographic-asset"}
)  # fmt: skip


def read_cyclonedx(document: Fields) -> Sbom:
    found = f"{document.text('bomFormat')} {document.text('specVersion')}"
    if found != f"{_FORMAT} {_VERSION}":
        raise EvidenceError("sbom-format", expected=f"{_FORMAT} {_VERSION}", found=found[:80])
    once = Once()
    files: list[DeclaredFile] = []
    packages: list[DeclaredPackage] = []
    metadata = document.optional_object("metadata") if document.has("metadata") else None
    main = metadata.optional_object("component") if metadata and metadata.has("component") else None
    subject = _package(main) if main else None
    # Components hold components; the reader's own depth bounds how far.
    waiting = list(reversed(objects_of(document, "components")))
    if main:
        _identified(main, once)
        waiting += reversed(objects_of(main, "components"))
    while waiting:
        item = waiting.pop()
        _identified(item, once)
        if item.text("type") == _FILE:
            files.append(_file(item))
        else:
            packages.append(_package(item))
        waiting += reversed(objects_of(item, "components"))
    name = f"{subject.name} {subject.version}".strip() if subject else ""
    return Sbom("CycloneDX 1.6", name, tuple(files), tuple(packages), (subject,) if subject else ())


def _identified(item: Fields, once: Once) -> None:
    if item.has("bom-ref"):
        once.take(item.text("bom-ref"))
    if item.text("type") not in _TYPES:
        raise malformed("a type of component", repr(item.text("type")[:80]))


def _file(item: Fields) -> DeclaredFile:
    return declared_file(item.text("name"), _hashes(item))


def _hashes(item: Fields) -> list[tuple[str, str]]:
    return [(each.text("alg"), each.text("content")) for each in objects_of(item, "hashes")]


def _package(item: Fields) -> DeclaredPackage:
    group, name = text_of(item, "group"), item.text("name")
    checked_digests(name, _hashes(item))
    whole = f"{group}/{name}" if group else name
    return declared_package(whole, text_of(item, "version"), text_of(item, "purl"), _licence(item))


def _licence(item: Fields) -> str:
    found: list[str] = []
    for each in objects_of(item, "licenses"):
        if each.has("expression"):
            found.append(each.text("expression"))
        elif each.has("license"):
            licence = each.object("license")
            found.append(text_of(licence, "id") or text_of(licence, "name"))
    return " AND ".join(filter(None, found))
