from __future__ import annotations

import doctest
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transparency.proofs import events
from transparency.proofs.canonical import canonical_json
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.events import EventKind, EventRecord, format_event_record, parse_event_record

slugs = st.from_regex(r"[a-z0-9][a-z0-9-]{0,10}", fullmatch=True)
versions = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,10}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
digests = st.none() | st.binary(min_size=32, max_size=32).map(Digest)
times = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive
records = st.builds(
    EventRecord,
    vendor=slugs,
    product=slugs,
    release=st.none() | versions,
    visibility=st.sampled_from(["open", "restricted"]),
    event=st.sampled_from(get_args(EventKind)),
    delivery=digests,
    archive=digests,
    manifest=digests,
    key=st.none() | texts,
    before=texts,
    after=texts,
    reason=texts,
    org=slugs,
    time=times.map(lambda moment: moment.replace(microsecond=0)),
    nonce=st.binary(min_size=16, max_size=16).map(bytes.hex),
).map(lambda record: replace(record, before="valid", after="revoked") if record.event == "verdict-changed" else record)
EVENT = EventRecord(
    vendor="acme",
    product="pump",
    release="1.0",
    visibility="open",
    event="withdrawn",
    delivery=Digest(bytes(32)),
    archive=Digest(bytes(32)),
    manifest=Digest(bytes(32)),
    key=None,
    before="admitted",
    after="withdrawn",
    reason="the wrong archive",
    org="acme",
    time=datetime(2026, 11, 24, 10, tzinfo=UTC),
    nonce="0" * 32,
)


def changed(**fields: Any) -> bytes:
    return canonical_json(json.loads(format_event_record(EVENT)) | fields)


def test_the_examples_in_the_module_hold() -> None:
    assert doctest.testmod(events).failed == 0


@settings(max_examples=60, deadline=None)
@given(record=records)
def test_an_event_parses_to_itself_and_back(record: EventRecord) -> None:
    data = format_event_record(record)
    assert parse_event_record(data) == record
    assert format_event_record(parse_event_record(data)) == data


def test_the_bytes_are_those_of_the_specification() -> None:
    assert json.loads(format_event_record(replace(EVENT, manifest=None, key="SHA256:x"))) == {
        "type": "https://transparency-centre.example/record/event/v1",
        "vendor": "acme",
        "product": "pump",
        "release": "1.0",
        "visibility": "open",
        "event": "withdrawn",
        "delivery": "00" * 32,
        "archive": "00" * 32,
        "manifest": None,
        "key": "SHA256:x",
        "before": "admitted",
        "after": "withdrawn",
        "reason": "the wrong archive",
        "org": "acme",
        "time": "2026-11-24T10:00:00Z",
        "nonce": "0" * 32,
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "https://transparency-centre.example/record/event/v2"),
        ("type", "https://transparency-centre.example/record/delivery/v1"),
        ("vendor", "Acme"),
        ("product", None),
        ("release", "a b"),
        ("visibility", "public"),
        ("event", "vanished"),
        ("event", None),
        ("delivery", "00"),
        ("archive", 1),
        ("manifest", "AA" * 32),
        ("key", 7),
        ("before", "x" * 201),
        ("after", None),
        ("after", "x" * 201),
        ("reason", "x" * 4001),
        ("org", ""),
        ("time", "2026-11-24T10:00:00.5Z"),
        ("nonce", "0" * 31),
        ("nonce", "G" * 32),
        ("person", "olga"),
    ],
)
def test_an_event_with_a_wrong_or_an_unknown_field_is_refused(field: str, value: Any) -> None:
    with pytest.raises(EvidenceError):
        parse_event_record(changed(**{field: value}))


@pytest.mark.parametrize("after", ["", "revoked (key-revoked)", "Revoked", "withdrawn"])
def test_a_verdict_that_changed_to_what_is_no_verdict_is_refused(after: str) -> None:
    fields = {"event": "verdict-changed", "before": "valid"}
    assert parse_event_record(changed(**fields, after="revoked")).after == "revoked"
    with pytest.raises(EvidenceError, match="record-event"):
        parse_event_record(changed(**fields, after=after))


def test_each_field_must_be_there() -> None:
    for key in json.loads(format_event_record(EVENT)):
        document = json.loads(format_event_record(EVENT))
        del document[key]
        with pytest.raises(EvidenceError):
            parse_event_record(canonical_json(document))


def test_an_event_in_another_spelling_is_refused() -> None:
    with pytest.raises(EvidenceError, match="json-not-canonical"):
        parse_event_record(format_event_record(EVENT) + b"\n")
