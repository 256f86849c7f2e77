"""SPDX 3.0 as JSON-LD (https://spdx.github.io/spdx-spec/v3.0.1/): one `@graph` of elements; the context is a name and is never fetched."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError
from transparency.proofs.sbom.document import (
    DeclaredFile,
    DeclaredPackage,
    Sbom,
    declared_file,
    declared_package,
    malformed,
    value_of,
)
from transparency.proofs.sbom.texts import Once, objects_of, text_of, texts_of

if TYPE_CHECKING:
    from transparency.proofs.canonical import Fields

_CONTEXT = re.compile(r"https://spdx\.org/rdf/3\.0(?:\.[0-9]{1,3})?/spdx-context\.jsonld\Z", re.ASCII)
_FILE, _PACKAGE, _BOM, _DOCUMENT = "software_File", "software_Package", "software_Sbom", "SpdxDocument"


def read_spdx3(document: Fields) -> Sbom:
    context = document.raw("@context")
    if not isinstance(context, str) or not _CONTEXT.match(context):
        raise EvidenceError("sbom-format", expected="the context of SPDX 3.0", found=repr(context)[:80])
    once = Once()
    elements = [item for item in document.objects("@graph") if item.has("spdxId")]
    by_id = {once.take(item.text("spdxId")): item for item in elements}
    documents = [item for item in elements if item.text("type") == _DOCUMENT]
    if len(documents) != 1:
        raise malformed("one SpdxDocument", str(len(documents)))
    licences = _licences(elements, by_id)
    packages = {
        identity: _package(item, licences.get(identity, ""))
        for identity, item in by_id.items()
        if item.text("type") == _PACKAGE
    }
    return Sbom(
        "SPDX 3.0",
        value_of(text_of(documents[0], "name")),
        tuple(_file(item) for item in elements if item.text("type") == _FILE),
        tuple(packages.values()),
        tuple(packages[identity] for identity in _roots(documents[0], by_id) if identity in packages),
    )


def _roots(document: Fields, by_id: dict[str, Fields]) -> list[str]:
    """What the document is about; where that is a bill of materials, what this is about."""
    found: list[str] = []
    for identity in texts_of(document, "rootElement"):
        root = by_id.get(identity)
        is_bom = root is not None and root.text("type") == _BOM
        found += texts_of(root, "rootElement") if root is not None and is_bom else [identity]
    return list(dict.fromkeys(found))


def _file(item: Fields) -> DeclaredFile:
    hashes = [each for each in objects_of(item, "verifiedUsing") if each.text("type") == "Hash"]
    return declared_file(item.text("name"), [(each.text("algorithm"), each.text("hashValue")) for each in hashes])


def _package(item: Fields, licence: str) -> DeclaredPackage:
    names = [
        each.text("identifier")
        for each in objects_of(item, "externalIdentifier")
        if each.text("externalIdentifierType") == "packageUrl"
    ]
    purl = text_of(item, "software_packageUrl") or (names[0] if names else "")
    return declared_package(item.text("name"), text_of(item, "software_packageVersion"), purl, licence)


def _licences(elements: list[Fields], by_id: dict[str, Fields]) -> dict[str, str]:
    """Declared licences by package."""
    found: dict[str, str] = {}
    for item in elements:
        if item.text("type") != "Relationship" or item.text("relationshipType") != "hasDeclaredLicense":
            continue
        for identity in item.texts("to"):
            licence = by_id.get(identity)
            if licence is not None and licence.has("simplelicensing_licenseExpression"):
                found.setdefault(item.text("from"), licence.text("simplelicensing_licenseExpression"))
    return found
