"""What packages declare with one thing changed: refused as malformed, or bounded words; and package URLs of any parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.proofs.mutations import accepted
from transparency.proofs.errors import EvidenceError
from transparency.proofs.packages.coremetadata import parse_core_metadata
from transparency.proofs.packages.crate import parse_cargo_toml
from transparency.proofs.packages.gomodule import parse_go_mod
from transparency.proofs.packages.npm import parse_package_json
from transparency.proofs.packages.purl import format_purl, parse_purl

if TYPE_CHECKING:
    from transparency.proofs.packages.declared import Declared

REFUSALS = {"package-malformed"}
MOST = 1000


def is_bounded(found: Declared) -> bool:
    words = (found.name, found.version, found.licence, found.repository)
    return all(len(word) <= MOST and word.isprintable() for word in words)


def test_changed_core_metadata_is_refused_or_bounded_words() -> None:
    value = (
        b"Metadata-Version: 2.1\nName: pump\nVersion: 1.0\nLicense: MIT\nProject-URL: Source, https://a.test\n\nText\n"
    )
    assert all(is_bounded(found) for _, found in accepted(value, parse_core_metadata, REFUSALS))


def test_a_changed_package_json_is_refused_or_bounded_words() -> None:
    value = b'{"name": "@a/pump", "version": "1.0.0", "license": {"type": "MIT"}, "repository": "a/b"}'
    assert all(is_bounded(found) for _, found in accepted(value, parse_package_json, REFUSALS))


def test_a_changed_cargo_toml_is_refused_or_bounded_words() -> None:
    value = b'[package]\nname = "pump"\nversion = "1.0.0"\nlicense = "MIT"\nrepository = "https://a.test"\n'
    assert all(is_bounded(found) for _, found in accepted(value, parse_cargo_toml, REFUSALS))


def test_a_changed_go_mod_is_refused_or_names_a_module_that_stands_in_it() -> None:
    for data, name in accepted(b"module code.test/pump // why\n\ngo 1.22\n", parse_go_mod, REFUSALS):
        assert name.encode() in data


@given(st.text(max_size=60) | st.from_regex(r"pkg:[a-z]{2,6}/[^\n]{1,40}", fullmatch=True))
def test_a_package_url_in_any_spelling_is_refused_or_has_one_canonical_form(text: str) -> None:
    try:
        found = parse_purl(text)
    except EvidenceError as error:
        assert error.code == "purl-malformed"
        return
    written = format_purl(found)
    assert format_purl(parse_purl(written)) == written


@pytest.mark.parametrize(
    "text", ["pkg:npm/%40babel/core@7.0.0?a=b&c=d#sub/path", "pkg:rpm/fedora/curl@7.50.3-1?arch=i386"]
)
def test_canonical_package_urls_stay_as_they_are(text: str) -> None:
    assert format_purl(parse_purl(text)) == text
