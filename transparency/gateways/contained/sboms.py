"""The task on a bill of materials: read it, and write out what it declares."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from transparency.gateways.contained.intake import opened
from transparency.proofs.sbom.document import MAX_SBOM_BYTES, format_files
from transparency.proofs.sbom.reading import parse_sbom


def read_sbom(request: dict[str, Any], files: dict[str, int]) -> dict[str, Any]:  # noqa: ARG001 - as every task
    """Read the file `sbom`, write what it declares of files into `declared`; the answer is the rest."""
    with opened(files["sbom"], "rb") as stream:
        found = parse_sbom(stream.read(MAX_SBOM_BYTES + 1))
    with opened(files["declared"], "wb") as stream:
        stream.write(format_files(found.files))
    return {
        "form": found.form,
        "name": found.name,
        "packages": [astuple(item) for item in found.packages],
        "subjects": [astuple(item) for item in found.subjects],
    }
