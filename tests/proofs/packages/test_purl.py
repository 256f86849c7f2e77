"""Package URLs against the specification's own cases (tests/vectors/purl, MIT, from package-url), and what they do not say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transparency.proofs.errors import EvidenceError
from transparency.proofs.packages.purl import PackageUrl, format_purl, parse_purl

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).resolve().parents[2] / "vectors" / "purl" / "test-suite-data.json").read_text()
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["purl"])
def test_every_case_of_the_specification_is_read_as_it_says(case: dict[str, Any]) -> None:
    if case["is_invalid"]:
        with pytest.raises(EvidenceError, match="purl-malformed"):
            parse_purl(case["purl"])
        return
    purl = parse_purl(case["purl"])
    assert format_purl(purl) == case["canonical_purl"]
    assert purl == parse_purl(case["canonical_purl"])
    parts = (case["type"], case["namespace"] or "", case["name"], case["version"] or "", case["subpath"] or "")
    assert format_purl(
        PackageUrl(*parts[:4], tuple((case["qualifiers"] or {}).items()), parts[4])
    ) == case["canonical_purl"]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pkg:",
        "pkg:npm",
        "npm/left-pad",
        "pkg:npm/%zz",
        "pkg:npm/%ff",
        "pkg:n m/x",
        "pkg:npm/@1.0",
        "pkg:npm/x?a=1&A=2",
        "pkg:npm/" + "x" * 5000,
    ],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(EvidenceError, match="purl-malformed"):
        parse_purl(text)


@given(st.text(max_size=20), st.text(min_size=1, max_size=20), st.text(max_size=20))
def test_any_parts_come_back_as_they_went(space: str, name: str, version: str) -> None:
    try:
        text = format_purl(PackageUrl("generic", space, name, version))
    except (EvidenceError, UnicodeEncodeError):
        return
    assert format_purl(parse_purl(text)) == text
