"""Enrolled keys, as trust files and `keys.json` hold them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.proofs.mutations import accepted
from tests.signers import MinisignSigner, OpenPgpSigner, PemSigner, SignifySigner, SshSigner
from transparency.proofs.canonical import Fields, canonical_json, parse_json
from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.note import VerifierKey
from transparency.proofs.signatures.keys import (
    EnrolledKey,
    KeyHolder,
    format_holders,
    format_key,
    key_from_text,
    parse_holders,
    parse_key,
)
from transparency.proofs.trust import KeyRing, format_key_ring, parse_key_ring

if TYPE_CHECKING:
    from pathlib import Path

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
moments = st.none() | st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
slugs = st.from_regex(r"[a-z0-9][a-z0-9-]{0,10}", fullmatch=True)
LOG = VerifierKey("log.example/a", bytes(range(32)))


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> list[EnrolledKey]:
    """A key of each kind, made by the tool that people have."""
    folder: Path = tmp_path_factory.mktemp("keys")
    return [
        SshSigner(folder).key,
        SshSigner(folder, "ecdsa", "ecdsa").key,
        SshSigner(folder, "rsa", "rsa").key,
        MinisignSigner(folder).key,
        SignifySigner(folder).key,
        PemSigner().key,
        PemSigner(p256=True).key,
        OpenPgpSigner().key,
    ]


def holders_of(public: list[EnrolledKey], data: st.DataObject) -> tuple[KeyHolder, ...]:
    windowed = st.builds(
        replace,
        st.sampled_from(public),
        namespaces=st.lists(texts, max_size=3).map(tuple),
        valid_from=moments,
        valid_until=moments,
    )
    holders = st.builds(KeyHolder, slugs, st.lists(windowed, max_size=4).map(tuple))
    return tuple(data.draw(st.lists(holders, max_size=3, unique_by=lambda holder: holder.name)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), strict=st.booleans())
def test_holders_of_keys_of_every_kind_parse_to_themselves_and_back(
    public: list[EnrolledKey], data: st.DataObject, *, strict: bool
) -> None:
    holders = holders_of(public, data)
    written = format_holders(holders)
    read = parse_holders(Fields({"vendors": written}, "trust"), "vendors", strict=strict)
    assert read == holders
    assert format_holders(read) == written
    for key in (key for holder in holders for key in holder.keys):
        window = {"valid_from": key.valid_from, "valid_until": key.valid_until}
        again = parse_key(key.format, key.public, namespaces=key.namespaces, **window)  # type: ignore[arg-type]
        assert again == key
        assert format_key(again) == format_key(key)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_key_ring_of_any_holders_parses_to_itself_and_back(public: list[EnrolledKey], data: st.DataObject) -> None:
    ring = KeyRing(LOG.name, LOG, holders_of(public, data), holders_of(public, data))
    written = format_key_ring(ring)
    assert parse_key_ring(written) == ring
    assert format_key_ring(parse_key_ring(written)) == written


def test_a_key_from_its_file_is_the_key_as_it_is_enrolled(public: list[EnrolledKey]) -> None:
    for key in public:
        found = key_from_text(key.public) if key.format != "signify" else parse_key("signify", key.public)
        assert found == key


def test_a_changed_list_of_holders_is_refused_or_comes_back_from_its_own_value(public: list[EnrolledKey]) -> None:
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    key = replace(public[0], valid_from=moment, valid_until=moment)
    data = canonical_json({"vendors": format_holders((KeyHolder("acme", (key,)),))})

    def parse(mutated: bytes) -> tuple[KeyHolder, ...]:
        return parse_holders(Fields(parse_json(mutated, limit=1 << 20), "trust"), "vendors", strict=True)

    refusals = {
        "json-malformed", "json-shape", "json-duplicate-key", "trust-unknown-field", "time-malformed",
        "key-malformed", "key-weak", "key-type", "key-format",
    }  # fmt: skip
    for _, found in accepted(data, parse, refusals):
        assert parse_holders(Fields({"vendors": format_holders(found)}, "trust"), "vendors") == found


@given(st.sampled_from(["ssh", "minisign", "pem", "openpgp", "signify", "x509"]), st.text(max_size=60))
def test_any_text_as_a_key_is_refused_by_a_code(kind: str, text: str) -> None:
    with pytest.raises(EvidenceError, match="key-"):
        parse_key(kind, text)
