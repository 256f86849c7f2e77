"""Targets for bills of materials: the documents, and what a contained task says of one."""

from __future__ import annotations

import json

from tests.sboms import cyclonedx, spdx2, spdx3
from transparency.proofs.sbom.document import format_files, parse_files
from transparency.proofs.sbom.reading import parse_sbom

_FILES = {"src/a b.c": b"int a;\n", "README": b"hello\n"}


def sbom(data: bytes) -> None:
    """Whatever is read has bounded words, and files that cross the wall as they are."""
    found = parse_sbom(data)
    assert tuple(parse_files(format_files(found.files))) == found.files
    for package in (*found.packages, *found.subjects):
        assert all(len(word) < 500 for word in (package.name, package.version, package.purl, package.licence))


def sbom_lines(data: bytes) -> None:
    files = tuple(parse_files(data))
    assert format_files(files) == data


def add_sboms(found: dict[str, list[bytes]]) -> None:
    found["sbom"] = [json.dumps(make(_FILES)).encode() for make in (spdx2, spdx3, cyclonedx)]
    found["sbom_lines"] = [format_files(parse_sbom(seed).files) for seed in found["sbom"]]
