"""A bill of materials as bytes: strict JSON, of one of three formats told by what it says of itself.

Only what is compared is looked at: files, packages, what the document is about. Other members may be anything; each key stands once,
nothing is deeper than 64 levels, no address in it is ever asked.

>>> parse_sbom(b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}').form
'CycloneDX 1.6'
"""

from __future__ import annotations

from transparency.proofs.canonical import Fields, parse_json
from transparency.proofs.errors import EvidenceError
from transparency.proofs.sbom.cyclonedx import read_cyclonedx
from transparency.proofs.sbom.document import MAX_SBOM_BYTES, Sbom, bounded, malformed
from transparency.proofs.sbom.spdx2 import read_spdx2
from transparency.proofs.sbom.spdx3 import read_spdx3


def parse_sbom(data: bytes) -> Sbom:
    """The document (`json-…`, `sbom-format`, `sbom-malformed`, `sbom-limit`)."""
    value = parse_json(data, limit=MAX_SBOM_BYTES)
    fields = Fields(value, "sbom")
    try:
        if fields.has("spdxVersion"):
            return bounded(read_spdx2(fields))
        if fields.has("@context"):
            return bounded(read_spdx3(fields))
        if fields.has("bomFormat"):
            return bounded(read_cyclonedx(fields))
    except EvidenceError as error:
        if error.code != "json-shape":
            raise
        raise malformed(f"{error.subject}: {error.expected}", error.found) from error
    raise EvidenceError("sbom-format", expected="SPDX 2.3, SPDX 3.0 or CycloneDX 1.6 as JSON", found="another document")
