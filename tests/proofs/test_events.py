from __future__ import annotations

import doctest
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transparency.proofs import events, keyringfacts
from transparency.proofs.canonical import canonical_json
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.events import EventKind, EventRecord, format_event_record, parse_event_record
from transparency.proofs.keyringfacts import KeyChange, KeyringFacts

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


ONE, TWO = Digest(b"1" * 32), Digest(b"2" * 32)
CHANGES = (KeyChange("AA", None, ONE), KeyChange("BB", ONE, TWO))
FACTS = KeyringFacts("debian-keyring.gpg", 12, ONE, known=3, skipped=1, changes=CHANGES)
NOTHING: dict[str, Any] = dict.fromkeys(("release", "delivery", "archive", "manifest"))
IMPORTED = replace(
    EVENT,
    **NOTHING,
    product=None,
    event="keyring-imported",
    before="",
    after="",
    reason="",
    org="centre",
    keyring=FACTS,
)
REVOKED = replace(IMPORTED, event="key-revoked", key="AA", before="in use", after="retired", keyring=None)
UPDATED = replace(REVOKED, product="pump", event="key-updated", visibility="restricted", before=ONE.hex, after=TWO.hex)


def changed(**fields: Any) -> bytes:
    return canonical_json(json.loads(format_event_record(EVENT)) | fields)


def test_the_examples_in_the_module_hold() -> None:
    assert doctest.testmod(events).failed == 0
    assert doctest.testmod(keyringfacts).failed == 0


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


@pytest.mark.parametrize("record", [IMPORTED, REVOKED, UPDATED], ids=lambda record: record.event)
def test_what_happens_to_keys_of_a_vendor_or_to_a_certificate_is_version_2(record: EventRecord) -> None:
    data = format_event_record(record)
    assert parse_event_record(data) == record
    assert json.loads(data)["type"].endswith("record/event/v2")
    assert not {"release", "delivery", "archive", "manifest"} & set(json.loads(data))


def test_the_bytes_of_version_2_are_those_of_the_specification() -> None:
    assert json.loads(format_event_record(IMPORTED)) == {
        "type": "https://transparency-centre.example/record/event/v2",
        "vendor": "acme",
        "product": None,
        "visibility": "open",
        "event": "keyring-imported",
        "key": None,
        "before": "",
        "after": "",
        "reason": "",
        "keyring": {
            "name": "debian-keyring.gpg",
            "size": 12,
            "sha256": ONE.hex,
            "enrolled": 1,
            "updated": 1,
            "known": 3,
            "skipped": 1,
            "changes": [
                {"key": "AA", "before": None, "after": ONE.hex},
                {"key": "BB", "before": ONE.hex, "after": TWO.hex},
            ],
        },
        "org": "centre",
        "time": "2026-11-24T10:00:00Z",
        "nonce": "0" * 32,
    }


def wrong_version_2() -> list[bytes]:
    """Each lie that an event of version 2 could tell; both verifiers refuse each."""
    facts = json.loads(format_event_record(IMPORTED))["keyring"]
    change = facts["changes"]
    lies: list[tuple[EventRecord, dict[str, Any]]] = [
        (IMPORTED, {"product": "pump"}),
        (IMPORTED, {"visibility": "restricted"}),
        (IMPORTED, {"key": "AA"}),
        (IMPORTED, {"keyring": None}),
        (IMPORTED, {"event": "key-revoked"}),
        (IMPORTED, {"release": None}),
        (IMPORTED, {"keyring": facts | {"enrolled": 2}}),
        (IMPORTED, {"keyring": facts | {"updated": 0}}),
        (IMPORTED, {"keyring": facts | {"known": -1}}),
        (IMPORTED, {"keyring": facts | {"name": "x" * 256}}),
        (IMPORTED, {"keyring": facts | {"sha256": "AA" * 32}}),
        (IMPORTED, {"keyring": facts | {"person": "olga"}}),
        (IMPORTED, {"keyring": facts | {"changes": change[::-1]}}),
        (IMPORTED, {"keyring": facts | {"changes": [change[0], change[0]], "enrolled": 2, "updated": 0}}),
        (IMPORTED, {"keyring": facts | {"changes": [change[0], change[1] | {"before": change[1]["after"]}]}}),
        (IMPORTED, {"keyring": facts | {"changes": [change[0] | {"weak": True}, change[1]]}}),
        (REVOKED, {"key": None}),
        (REVOKED, {"product": "pump"}),
        (REVOKED, {"event": "key-enrolled"}),
        (REVOKED, {"event": "key-rotated"}),
        (REVOKED, {"event": "withdrawn"}),
        (REVOKED, {"keyring": facts}),
        (REVOKED, {"manifest": ONE.hex}),
        (UPDATED, {"product": None}),
        (UPDATED, {"before": TWO.hex}),
        (UPDATED, {"after": "retired"}),
        (UPDATED, {"after": ONE.hex.upper()}),
        (UPDATED, {"event": "withdrawn"}),
        (UPDATED, {"type": "https://transparency-centre.example/record/event/v1"}),
    ]
    return [canonical_json(json.loads(format_event_record(record)) | lie) for record, lie in lies]


@pytest.mark.parametrize("data", wrong_version_2())
def test_an_event_of_version_2_that_lies_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        parse_event_record(data)


def test_a_long_event_is_version_2_only() -> None:
    many = tuple(KeyChange(f"{number:040X}", None, ONE) for number in range(2000))
    long = replace(IMPORTED, keyring=replace(FACTS, changes=many))
    assert parse_event_record(format_event_record(long)) == long
    fat = json.loads(format_event_record(replace(EVENT, key="x" * 70_000)))
    with pytest.raises(EvidenceError, match="record-type"):
        parse_event_record(canonical_json(fat))
