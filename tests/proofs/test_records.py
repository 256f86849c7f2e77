from __future__ import annotations

import doctest
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transparency.proofs import records
from transparency.proofs.canonical import canonical_json
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.records import (
    ArchiveFile,
    BuildsRecord,
    DeliveryRecord,
    ListFile,
    RecordedArtifact,
    RecordedSignature,
    RecordedSnapshot,
    RecordedVerdict,
    format_builds_record,
    format_delivery_record,
    parse_builds_record,
    parse_delivery_record,
)

digests = st.binary(min_size=32, max_size=32).map(Digest)
slugs = st.from_regex(r"[a-z0-9][a-z0-9-]{0,10}", fullmatch=True)
versions = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,10}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
counts = st.integers(0, 2**53 - 1)
long_digests = st.binary(min_size=64, max_size=64).map(bytes.hex)
outcomes = st.sampled_from(["valid", "invalid", "unsigned", "unknown-key", "expired", "revoked", "weak", "unavailable"])
formats = st.sampled_from(["sshsig", "openpgp", "minisign", "signify", "cms", "cosign", None])
verdicts = st.builds(RecordedVerdict, outcomes, texts, texts)
signatures = st.lists(
    st.builds(RecordedSignature, digests, formats, st.none() | texts, outcomes, texts), max_size=3
).map(tuple)
visibilities = st.sampled_from(["open", "restricted"])
deliveries = st.builds(
    DeliveryRecord,
    slugs,
    slugs,
    versions,
    visibilities,
    texts,
    st.builds(ArchiveFile, texts, counts, digests, long_digests, long_digests),
    texts,
    st.builds(
        RecordedSnapshot,
        digests,
        digests,
        st.binary(min_size=20, max_size=20).map(bytes.hex),
        texts,
        st.none() | texts,
        counts,
        counts,
        counts,
    ),
    signatures,
    verdicts,
)
listings = st.sampled_from(["listed-and-equal", "listed-and-different", "listed-and-missing", "not-listed"])
artifacts = st.lists(
    st.builds(RecordedArtifact, texts, st.none() | counts, st.none() | digests, st.none() | digests, listings),
    max_size=4,
    unique_by=lambda artifact: artifact.name,
).map(lambda found: tuple(sorted(found, key=lambda artifact: artifact.name.encode())))
builds = st.builds(
    BuildsRecord,
    slugs,
    slugs,
    versions,
    visibilities,
    st.none() | digests,
    st.none() | st.builds(ListFile, texts, counts, digests),
    signatures,
    verdicts,
    artifacts,
)

DIGEST = Digest(bytes(32))
DELIVERY = DeliveryRecord(
    vendor="acme",
    product="pump",
    release="1.0",
    visibility="open",
    role="release-archive",
    archive=ArchiveFile("pump-1.0.tar.gz", 3, DIGEST, "00" * 64, "11" * 64),
    prefix="pump-1.0",
    snapshot=RecordedSnapshot(DIGEST, DIGEST, "00" * 20, "swh:1:dir:" + "00" * 20, None, 1, 2, 3),
    signatures=(RecordedSignature(DIGEST, "sshsig", "SHA256:x", "valid", "ok"),),
    verdict=RecordedVerdict("valid", "ok", "1"),
)
BUILDS = BuildsRecord(
    vendor="acme",
    product="pump",
    release="1.0",
    visibility="open",
    manifest=DIGEST,
    list=ListFile("SHA256SUMS", 7, DIGEST),
    list_signatures=(),
    verdict=RecordedVerdict("unsigned", "none", "1"),
    artifacts=(
        RecordedArtifact("a", 1, DIGEST, DIGEST, "listed-and-equal"),
        RecordedArtifact("b", None, None, DIGEST, "listed-and-missing"),
    ),
)


def changed(data: bytes, path: str, value: Any) -> bytes:
    document = json.loads(data)
    target = document
    *parents, last = path.split(".")
    for parent in parents:
        target = target[int(parent) if parent.isdigit() else parent]
    target[last] = value
    return canonical_json(document)


def test_the_examples_in_the_module_hold() -> None:
    assert doctest.testmod(records).failed == 0


@settings(max_examples=60, deadline=None)
@given(record=deliveries)
def test_a_delivery_record_parses_to_itself_and_back(record: DeliveryRecord) -> None:
    data = format_delivery_record(record)
    assert parse_delivery_record(data) == record
    assert format_delivery_record(parse_delivery_record(data)) == data


@settings(max_examples=60, deadline=None)
@given(record=builds)
def test_a_builds_record_parses_to_itself_and_back(record: BuildsRecord) -> None:
    data = format_builds_record(record)
    assert parse_builds_record(data) == record
    assert format_builds_record(parse_builds_record(data)) == data


def test_the_bytes_are_those_of_the_specification() -> None:
    assert json.loads(format_delivery_record(DELIVERY)) == {
        "type": "https://transparency-centre.example/record/delivery/v1",
        "vendor": "acme",
        "product": "pump",
        "release": "1.0",
        "visibility": "open",
        "role": "release-archive",
        "archive": {
            "name": "pump-1.0.tar.gz",
            "size": 3,
            "sha256": "00" * 32,
            "sha512": "00" * 64,
            "blake2b512": "11" * 64,
        },
        "prefix": "pump-1.0",
        "snapshot": {
            "manifest": "00" * 32,
            "openingRoot": "00" * 32,
            "gitTree": "00" * 20,
            "swhid": "swh:1:dir:" + "00" * 20,
            "dirHash": None,
            "files": 1,
            "bytes": 2,
            "lines": 3,
        },
        "signatures": [{"sha256": "00" * 32, "format": "sshsig", "key": "SHA256:x", "outcome": "valid", "code": "ok"}],
        "verdict": {"outcome": "valid", "code": "ok", "policy": "1"},
    }
    assert set(json.loads(format_builds_record(BUILDS))) == {
        *("type", "vendor", "product", "release", "visibility"),
        *("manifest", "list", "listSignatures", "verdict", "artifacts"),
    }


def test_artifacts_are_written_in_the_byte_order_of_their_names() -> None:
    names = ["é", "z", "\U0001f600", "\ufb01"]
    loose = tuple(RecordedArtifact(name, 1, DIGEST, None, "not-listed") for name in names)
    record = BuildsRecord("acme", "pump", "1", "open", None, None, (), BUILDS.verdict, loose)
    written = [artifact.name for artifact in parse_builds_record(format_builds_record(record)).artifacts]
    assert written == sorted(names, key=str.encode)


def test_artifacts_out_of_order_or_twice_are_refused() -> None:
    items = json.loads(format_builds_record(BUILDS))["artifacts"]
    for wrong in (items[::-1], [items[0], items[0]]):
        with pytest.raises(EvidenceError, match="record-order"):
            parse_builds_record(changed(format_builds_record(BUILDS), "artifacts", wrong))


def test_a_record_of_the_other_type_or_of_another_version_is_refused() -> None:
    for parse, data in (
        (parse_delivery_record, format_builds_record(BUILDS)),
        (parse_builds_record, format_delivery_record(DELIVERY)),
    ):
        with pytest.raises(EvidenceError, match="record-type"):
            parse(data)
    with pytest.raises(EvidenceError, match="record-type"):
        parse_delivery_record(changed(format_delivery_record(DELIVERY), "type", records.DELIVERY_TYPE[:-1] + "4"))


def test_a_record_in_another_spelling_is_refused() -> None:
    with pytest.raises(EvidenceError, match="json-not-canonical"):
        parse_delivery_record(format_delivery_record(DELIVERY) + b"\n")
    with pytest.raises(EvidenceError, match="json-not-canonical"):
        parse_delivery_record(json.dumps(json.loads(format_delivery_record(DELIVERY))).encode())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("vendor", "Acme"),
        ("product", ""),
        ("product", "-pump"),
        ("release", "1.0\n"),
        ("release", "/1"),
        ("release", "1" * 101),
        ("visibility", "public"),
        ("role", None),
        ("archive", []),
        ("archive.size", -1),
        ("archive.size", True),
        ("archive.size", "3"),
        ("archive.sha256", "00" * 31),
        ("archive.sha512", "00" * 32),
        ("archive.blake2b512", "AA" * 64),
        ("snapshot.manifest", None),
        ("snapshot.gitTree", "00" * 32),
        ("snapshot.dirHash", 7),
        ("snapshot.files", 1.5),
        ("signatures.0.format", "pgp"),
        ("signatures.0.outcome", "good"),
        ("signatures.0.key", 1),
        ("verdict.outcome", "ok"),
        ("verdict.policy", None),
    ],
)
def test_a_delivery_record_with_a_wrong_value_is_refused(path: str, value: Any) -> None:
    with pytest.raises(EvidenceError):
        parse_delivery_record(changed(format_delivery_record(DELIVERY), path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("manifest", "00"),
        ("list", "SHA256SUMS"),
        ("list.size", None),
        ("artifacts.0.listing", "listed"),
        ("artifacts.0.sha256", 7),
        ("artifacts.0.name", None),
        ("listSignatures", None),
    ],
)
def test_a_builds_record_with_a_wrong_value_is_refused(path: str, value: Any) -> None:
    with pytest.raises(EvidenceError):
        parse_builds_record(changed(format_builds_record(BUILDS), path, value))


def test_each_field_must_be_there() -> None:
    for parse, data in (
        (parse_delivery_record, format_delivery_record(DELIVERY)),
        (parse_builds_record, format_builds_record(BUILDS)),
    ):
        for key in json.loads(data):
            document = json.loads(data)
            del document[key]
            with pytest.raises(EvidenceError):
                parse(canonical_json(document))


def test_unknown_fields_are_ignored_so_that_later_records_can_say_more() -> None:
    assert parse_delivery_record(changed(format_delivery_record(DELIVERY), "later", {"x": 1})) == DELIVERY
