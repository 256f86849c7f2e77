"""Version 2 of the delivery record: covers, components, what a tree was derived from."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.test_records import DELIVERY, DIGEST, changed, counts, deliveries, digests, long_digests, texts
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.records import (
    DELIVERY_TYPE,
    DELIVERY_TYPE_2,
    ArchiveFile,
    DeliveryRecord,
    RecordedComponent,
    RecordedCover,
    format_delivery_record,
    parse_delivery_record,
)

files = st.builds(ArchiveFile, texts, counts, digests, long_digests, long_digests)
components = st.lists(
    st.builds(RecordedComponent, texts, counts, digests), max_size=3, unique_by=lambda item: item.name
).map(lambda found: tuple(sorted(found, key=lambda item: item.name.encode())))
kept = st.builds(RecordedCover, st.sampled_from(["checksums", "dsc"]), files)
parents = st.none() | digests
seconds = st.one_of(
    st.builds(
        lambda record, cover, made_of, parent: replace(record, cover=cover, components=made_of, derived_from=parent),
        deliveries,
        kept,
        components,
        parents,
    ),
    st.builds(
        lambda record, file, parent: replace(record, cover=RecordedCover("decompressed", file), derived_from=parent),
        deliveries,
        files,
        parents,
    ),
    st.builds(lambda record, parent: replace(record, derived_from=parent), deliveries, digests),
)

COVER = RecordedCover("dsc", ArchiveFile("pump_1.0-1.dsc", 9, DIGEST, "00" * 64, "11" * 64))
PARENT = Digest.of(b"the tree before")
SECOND = replace(
    DELIVERY,
    role="patched",
    cover=COVER,
    components=(RecordedComponent("pump_1.0-1.debian.tar.xz", 5, DIGEST), RecordedComponent("z", 6, DIGEST)),
    derived_from=PARENT,
)


@settings(max_examples=60, deadline=None)
@given(record=seconds)
def test_a_second_version_parses_to_itself_and_back(record: DeliveryRecord) -> None:
    data = format_delivery_record(record)
    assert json.loads(data)["type"] == DELIVERY_TYPE_2
    assert parse_delivery_record(data) == record
    assert format_delivery_record(parse_delivery_record(data)) == data


def test_the_bytes_are_those_of_the_first_version_and_three_fields_more() -> None:
    first = json.loads(format_delivery_record(replace(DELIVERY, role="patched")))
    assert json.loads(format_delivery_record(SECOND)) == first | {
        "type": "https://transparency-centre.example/record/delivery/v2",
        "cover": {
            "form": "dsc",
            "name": "pump_1.0-1.dsc",
            "size": 9,
            "sha256": "00" * 32,
            "sha512": "00" * 64,
            "blake2b512": "11" * 64,
        },
        "components": [
            {"name": "pump_1.0-1.debian.tar.xz", "size": 5, "sha256": "00" * 32},
            {"name": "z", "size": 6, "sha256": "00" * 32},
        ],
        "derivedFrom": PARENT.hex,
    }


def test_what_the_first_version_can_say_is_said_in_it_and_in_nothing_else() -> None:
    assert json.loads(format_delivery_record(DELIVERY))["type"] == DELIVERY_TYPE
    empty: dict[str, Any] = {"type": DELIVERY_TYPE_2, "cover": None, "components": [], "derivedFrom": None}
    data = format_delivery_record(SECOND)
    for field, value in empty.items():
        data = changed(data, field, value)
    with pytest.raises(EvidenceError, match="record-version"):
        parse_delivery_record(data)


def test_components_are_written_in_the_byte_order_of_their_names_and_read_in_no_other() -> None:
    loose = replace(SECOND, components=SECOND.components[::-1])
    assert format_delivery_record(loose) == format_delivery_record(SECOND)
    items = json.loads(format_delivery_record(SECOND))["components"]
    for wrong in (items[::-1], [items[0], items[0]]):
        with pytest.raises(EvidenceError, match="record-order"):
            parse_delivery_record(changed(format_delivery_record(SECOND), "components", wrong))


@pytest.mark.parametrize("cover", [None, replace(COVER, form="decompressed")])
def test_components_that_no_list_names_are_refused(cover: RecordedCover | None) -> None:
    with pytest.raises(EvidenceError, match="record-components"):
        parse_delivery_record(format_delivery_record(replace(SECOND, cover=cover)))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("cover", []),
        ("cover.form", "zip"),
        ("cover.form", None),
        ("cover.name", None),
        ("cover.size", -1),
        ("cover.sha256", "00"),
        ("cover.sha512", "00" * 32),
        ("cover.blake2b512", None),
        ("components", None),
        ("components.0.name", 1),
        ("components.0.size", "5"),
        ("components.0.sha256", None),
        ("derivedFrom", "00"),
        ("derivedFrom", 0),
    ],
)
def test_a_second_version_with_a_wrong_value_is_refused(path: str, value: Any) -> None:
    with pytest.raises(EvidenceError):
        parse_delivery_record(changed(format_delivery_record(SECOND), path, value))


@pytest.mark.parametrize("field", ["cover", "components", "derivedFrom"])
def test_each_field_of_the_second_version_must_be_there(field: str) -> None:
    document = json.loads(format_delivery_record(SECOND))
    del document[field]
    with pytest.raises(EvidenceError, match="json-shape"):
        parse_delivery_record(json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode())
