"""Bills of materials of the three formats, as plain data that tests may bend."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"


def spdx2(files: Mapping[str, bytes], *, name: str = "widget", version: str = "1.0") -> dict[str, Any]:
    return {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "dataLicense": "CC0-1.0",
        "name": f"{name}-{version}",
        "documentNamespace": "https://sbom.example/1",
        "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: a test"]},
        "documentDescribes": ["SPDXRef-Package"],
        "packages": [
            {
                "SPDXID": "SPDXRef-Package",
                "name": name,
                "versionInfo": version,
                "downloadLocation": "NOASSERTION",
                "licenseDeclared": "MIT",
                "externalRefs": [
                    {
                        "referenceCategory": "PACKAGE-MANAGER",
                        "referenceType": "purl",
                        "referenceLocator": f"pkg:pypi/{name}@{version}",
                    }
                ],
            }
        ],
        "files": [
            {
                "SPDXID": f"SPDXRef-File{number}",
                "fileName": f"./{path}",
                "checksums": [
                    {"algorithm": "SHA1", "checksumValue": hashlib.sha1(data, usedforsecurity=False).hexdigest()}
                ],
            }
            for number, (path, data) in enumerate(files.items())
        ],
        "relationships": [
            {"spdxElementId": "SPDXRef-A", "relatedSpdxElement": "SPDXRef-B", "relationshipType": "DEPENDS_ON"},
            {"spdxElementId": "SPDXRef-B", "relatedSpdxElement": "SPDXRef-A", "relationshipType": "DEPENDS_ON"},
        ],
    }


def spdx3(files: Mapping[str, bytes], *, name: str = "widget", version: str = "1.0") -> dict[str, Any]:
    graph: list[dict[str, Any]] = [
        {"type": "CreationInfo", "@id": "_:creation", "specVersion": "3.0.1"},
        {"type": "SpdxDocument", "spdxId": "urn:document", "name": f"{name} {version}", "rootElement": ["urn:bom"]},
        {"type": "software_Sbom", "spdxId": "urn:bom", "rootElement": ["urn:package"]},
        {
            "type": "software_Package",
            "spdxId": "urn:package",
            "name": name,
            "software_packageVersion": version,
            "software_packageUrl": f"pkg:pypi/{name}@{version}",
        },
        {
            "type": "simplelicensing_LicenseExpression",
            "spdxId": "urn:licence",
            "simplelicensing_licenseExpression": "MIT",
        },
        {
            "type": "Relationship",
            "spdxId": "urn:r",
            "relationshipType": "hasDeclaredLicense",
            "from": "urn:package",
            "to": ["urn:licence"],
        },
    ]
    graph += [
        {
            "type": "software_File",
            "spdxId": f"urn:file:{number}",
            "name": path,
            "verifiedUsing": [
                {"type": "Hash", "algorithm": "sha256", "hashValue": hashlib.sha256(data).hexdigest()},
                {"type": "Hash", "algorithm": "md5", "hashValue": hashlib.md5(data, usedforsecurity=False).hexdigest()},
            ],
        }
        for number, (path, data) in enumerate(files.items())
    ]
    return {"@context": CONTEXT, "@graph": graph}


def cyclonedx(files: Mapping[str, bytes], *, name: str = "widget", version: str = "1.0") -> dict[str, Any]:
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "main",
                "name": name,
                "version": version,
                "purl": f"pkg:pypi/{name}@{version}",
                "licenses": [{"license": {"id": "MIT"}}],
                "components": [
                    {
                        "type": "file",
                        "name": path,
                        "hashes": [{"alg": "SHA-512", "content": hashlib.sha512(data).hexdigest()}],
                    }
                    for path, data in files.items()
                ],
            }
        },
        "components": [{"type": "library", "bom-ref": "zlib", "group": "net.zlib", "name": "zlib", "version": "1.3"}],
        "dependencies": [{"ref": "main", "dependsOn": ["zlib"]}, {"ref": "zlib", "dependsOn": ["main"]}],
    }


MAKERS = {"SPDX 2.3": spdx2, "SPDX 3.0": spdx3, "CycloneDX 1.6": cyclonedx}
