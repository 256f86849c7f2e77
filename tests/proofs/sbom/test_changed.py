"""Bills of materials with one thing changed: refused by their codes, or files that cross to other processes as they are."""

from __future__ import annotations

import json

import pytest

from tests.proofs.mutations import accepted
from tests.sboms import MAKERS
from transparency.proofs.sbom.document import format_files, parse_files
from transparency.proofs.sbom.reading import parse_sbom

FILES = {"a b.c": b"int a;\n"}
REFUSALS = {
    "sbom-format",
    "sbom-malformed",
    "sbom-limit",
    "json-malformed",
    "json-duplicate",
    "json-depth",
    "json-number",
}


@pytest.mark.parametrize("form", MAKERS)
def test_a_changed_bill_is_refused_or_its_files_read_back(form: str) -> None:
    value = json.dumps(MAKERS[form](FILES), separators=(",", ":")).encode()
    for _, found in accepted(value, parse_sbom, REFUSALS):
        assert tuple(parse_files(format_files(found.files))) == found.files


def test_changed_lines_of_files_are_refused_or_have_one_spelling() -> None:
    value = format_files(parse_sbom(json.dumps(MAKERS["SPDX 2.3"](FILES)).encode()).files)
    for data, found in accepted(value, lambda each: tuple(parse_files(each)), {"contained-answer"}):
        assert format_files(found) == data
