from __future__ import annotations

import doctest
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.mutations import accepted
from transparency.proofs import dossier
from transparency.proofs.canonical import canonical_json
from transparency.proofs.container import format_container, parse_container
from transparency.proofs.digest import Digest
from transparency.proofs.dossier import (
    BuildsParts,
    DeliveryParts,
    DossierParts,
    LoggedRecord,
    LogHeadParts,
    arrange,
    build_dossier,
    format_index,
    members_of,
    parse_dossier,
    parse_index,
    place_of,
)
from transparency.proofs.errors import EvidenceError

blobs = st.binary(max_size=12)
logged = st.builds(LoggedRecord, blobs, blobs, blobs, st.none() | blobs)
signature_files = st.lists(blobs, max_size=3).map(tuple)
parts_strategy = st.builds(
    DossierParts,
    visibility=st.sampled_from(["public", "restricted"]),
    vendor=st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True),
    product=st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True),
    release=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,8}", fullmatch=True),
    manifest=blobs,
    deliveries=st.lists(
        st.builds(DeliveryParts, logged, signature_files, st.none() | blobs), min_size=1, max_size=3
    ).map(tuple),
    builds=st.lists(st.builds(BuildsParts, logged, st.none() | blobs, signature_files), max_size=3).map(tuple),
    attestations=st.lists(logged, max_size=3).map(tuple),
    log=st.builds(LogHeadParts, blobs, blobs, blobs),
    keys=blobs,
    readme=blobs,
    verifier=blobs,
    events=st.lists(logged, max_size=3).map(tuple),
)
RECORD = LoggedRecord(b"record", b"leaf", b"proof")
PARTS = DossierParts(
    visibility="public",
    vendor="acme",
    product="pump",
    release="1.0",
    manifest=b"transparency-manifest/v1\n",
    deliveries=(DeliveryParts(RECORD, (b"signature",), b"list"),),
    builds=(BuildsParts(RECORD, b"list", ()),),
    attestations=(RECORD,),
    log=LogHeadParts(b"checkpoint", b"leaf", b"proof"),
    keys=b"{}",
    readme=b"read me",
    verifier=b"print()",
    events=(RECORD,),
)
OPTIONAL = {"builds/01/list", "deliveries/01/list", "deliveries/01/signature.1"}


def repacked(members: dict[str, bytes]) -> bytes:
    """The members in a canonical container, with an index that lists them as they are."""
    index = json.loads(members["dossier.json"])
    index["files"] = {name: Digest.of(data).hex for name, data in members.items() if name != "dossier.json"}
    return format_container(members | {"dossier.json": canonical_json(index)})


def code_of(data: bytes) -> str:
    with pytest.raises(EvidenceError) as caught:
        parse_dossier(data)
    return caught.value.code


def test_the_examples_in_the_module_hold() -> None:
    assert doctest.testmod(dossier).failed == 0


@settings(max_examples=50, deadline=None)
@given(parts=parts_strategy)
def test_what_was_built_parses_to_the_same_parts_and_builds_the_same_bytes(parts: DossierParts) -> None:
    data = build_dossier(parts)
    assert parse_dossier(data).parts == parts
    assert build_dossier(parse_dossier(data).parts) == data


@settings(max_examples=50, deadline=None)
@given(parts=parts_strategy)
def test_an_index_parses_to_itself_and_back(parts: DossierParts) -> None:
    data = members_of(parts)["dossier.json"]
    assert format_index(parse_index(data)) == data
    assert parse_index(format_index(parse_index(data))) == parse_index(data)


def test_a_changed_index_is_refused_or_another_one() -> None:
    refusals = {
        "json-malformed", "json-shape", "json-duplicate-key", "json-not-canonical", "json-too-deep", "dossier-type",
        "dossier-visibility", "dossier-fields", "slug-malformed", "version-malformed", "digest-malformed",
        "container-name",
    }  # fmt: skip
    for mutated, index in accepted(members_of(PARTS)["dossier.json"], parse_index, refusals):
        assert format_index(index) == mutated


def test_the_names_are_those_of_the_specification() -> None:
    assert sorted(members_of(PARTS)) == [
        "README.txt",
        "attestations/01/leaf.json",
        "attestations/01/proof.tlog-proof",
        "attestations/01/record.json",
        "builds/01/leaf.json",
        "builds/01/list",
        "builds/01/proof.tlog-proof",
        "builds/01/record.json",
        "deliveries/01/leaf.json",
        "deliveries/01/list",
        "deliveries/01/proof.tlog-proof",
        "deliveries/01/record.json",
        "deliveries/01/signature.1",
        "dossier.json",
        "events/01/leaf.json",
        "events/01/proof.tlog-proof",
        "events/01/record.json",
        "keys.json",
        "log/checkpoint",
        "log/head/leaf.json",
        "log/head/proof.tlog-proof",
        "manifest.txt",
        "verify.py",
    ]


def test_the_index_names_the_subject_and_every_other_member() -> None:
    index = json.loads(members_of(PARTS)["dossier.json"])
    assert index["type"] == "https://transparency-centre.example/dossier/v1"
    assert index["subject"] == Digest.of(PARTS.manifest).hex
    assert set(index["files"]) == set(members_of(PARTS)) - {"dossier.json"}


def test_more_than_ninety_nine_records_keep_their_order() -> None:
    many = replace(PARTS, attestations=tuple(LoggedRecord(str(n).encode(), b"", b"") for n in range(120)))
    data = build_dossier(many)
    assert "attestations/100/record.json" in parse_container(data)
    assert parse_dossier(data).parts == many


def test_a_dossier_without_a_delivery_cannot_be_built_or_read() -> None:
    with pytest.raises(EvidenceError, match="dossier-layout"):
        build_dossier(replace(PARTS, deliveries=()))
    bare = {name: data for name, data in members_of(PARTS).items() if not name.startswith("deliveries/")}
    assert code_of(repacked(bare)) == "dossier-layout"


@pytest.mark.parametrize("change", [{"vendor": "Acme"}, {"product": "a b"}, {"release": ""}])
def test_malformed_names_of_a_release_cannot_be_built(change: dict[str, str]) -> None:
    with pytest.raises(EvidenceError, match="malformed"):
        build_dossier(replace(PARTS, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(set(members_of(PARTS)) - OPTIONAL))
def test_a_missing_member_is_missed_even_when_the_index_does_not_list_it(name: str) -> None:
    members = members_of(PARTS)
    del members[name]
    if name == "dossier.json":
        assert code_of(format_container(members)) == "dossier-layout"
    else:
        assert code_of(repacked(members)) == "dossier-layout"


@pytest.mark.parametrize(
    "name",
    [
        "EXTRA.txt",
        "deliveries/03/record.json",
        "deliveries/1/record.json",
        "deliveries/001/record.json",
        "deliveries/01/signature.3",
        "deliveries/01/signature.0",
        "attestations/01/signature.1",
        "attestations/01/list",
        "events/02/record.json",
        "events/01/signature.1",
        "log/head/opening.json",
        "log/head/record.json",
        "DELIVERIES/02/record.json",
        "__main__.py",
    ],
)
def test_a_member_of_another_name_is_refused_even_when_the_index_lists_it(name: str) -> None:
    assert code_of(repacked(members_of(PARTS) | {name: b"x"})) == "dossier-layout"


def test_a_member_that_the_index_does_not_list_is_refused() -> None:
    assert code_of(format_container(members_of(PARTS) | {"deliveries/01/signature.2": b"x"})) == "dossier-layout"


def test_a_listed_member_that_is_not_there_is_refused() -> None:
    members = members_of(PARTS)
    del members["deliveries/01/signature.1"]
    assert code_of(format_container(members)) == "dossier-layout"


@pytest.mark.parametrize("name", sorted(set(members_of(PARTS)) - {"dossier.json"}))
def test_a_changed_member_is_named_by_its_digest(name: str) -> None:
    members = members_of(PARTS)
    with pytest.raises(EvidenceError) as caught:
        parse_dossier(format_container(members | {name: members[name] + b"!"}))
    assert (caught.value.code, caught.value.subject) == ("member-digest", name)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("type", "https://transparency-centre.example/dossier/v2"),
        ("visibility", "open"),
        ("vendor", "ACME"),
        ("product", ""),
        ("release", "a b"),
        ("subject", "00"),
        ("files", []),
        ("files", {"../x": "00" * 32}),
        ("files", {"README.txt": "0"}),
    ],
)
def test_an_index_with_a_wrong_value_is_refused(key: str, value: object) -> None:
    index = json.loads(members_of(PARTS)["dossier.json"])
    index[key] = value
    with pytest.raises(EvidenceError):
        parse_index(canonical_json(index))


def test_an_index_in_another_spelling_is_refused() -> None:
    with pytest.raises(EvidenceError, match="json-not-canonical"):
        arrange(members_of(PARTS) | {"dossier.json": members_of(PARTS)["dossier.json"] + b"\n"})


def test_every_member_has_a_place_that_a_failure_is_named_for() -> None:
    assert {place_of(name) for name in members_of(PARTS) if name != "dossier.json"} == {
        "documents",
        "keys",
        "manifest",
        "log",
        "deliveries/01",
        "builds/01",
        "attestations/01",
        "events/01",
    }
