"""SPDX 2.3 as JSON (https://spdx.github.io/spdx-spec/v2.3/)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError
from transparency.proofs.sbom.document import DeclaredPackage, Sbom, declared_file, declared_package, value_of
from transparency.proofs.sbom.texts import Once, objects_of, text_of, texts_of

if TYPE_CHECKING:
    from transparency.proofs.canonical import Fields

_VERSION, _DOCUMENT = "SPDX-2.3", "SPDXRef-DOCUMENT"


def read_spdx2(document: Fields) -> Sbom:
    if document.text("spdxVersion") != _VERSION:
        raise EvidenceError("sbom-format", expected=_VERSION, found=document.text("spdxVersion")[:80])
    once = Once()
    if once.take(document.text("SPDXID")) != _DOCUMENT:
        raise EvidenceError("sbom-malformed", expected=_DOCUMENT, found=document.text("SPDXID")[:80])
    packages = {once.take(item.text("SPDXID")): _package(item) for item in objects_of(document, "packages")}
    files = []
    for item in objects_of(document, "files"):
        once.take(item.text("SPDXID"))
        checksums = [(each.text("algorithm"), each.text("checksumValue")) for each in objects_of(item, "checksums")]
        files.append(declared_file(item.text("fileName"), checksums))
    about = _described(document)
    return Sbom(
        "SPDX 2.3",
        value_of(document.text("name")),
        tuple(files),
        tuple(packages.values()),
        tuple(packages[identity] for identity in about if identity in packages),
    )


def _described(document: Fields) -> list[str]:
    found = list(texts_of(document, "documentDescribes"))
    for item in objects_of(document, "relationships"):
        pair = item.text("spdxElementId"), item.text("relatedSpdxElement")
        kind = item.text("relationshipType")
        if kind == "DESCRIBES" and pair[0] == _DOCUMENT:
            found.append(pair[1])
        if kind == "DESCRIBED_BY" and pair[1] == _DOCUMENT:
            found.append(pair[0])
    return list(dict.fromkeys(found))


def _package(item: Fields) -> DeclaredPackage:
    links = [each for each in objects_of(item, "externalRefs") if each.text("referenceType") == "purl"]
    purl = links[0].text("referenceLocator") if links else ""
    return declared_package(item.text("name"), text_of(item, "versionInfo"), purl, text_of(item, "licenseDeclared"))
