"""Version 3 of the delivery record: the signed object of a repository."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.test_records import DELIVERY, DIGEST, changed, deliveries
from tests.proofs.test_records_second import files
from transparency.proofs.errors import EvidenceError
from transparency.proofs.records import (
    DELIVERY_TYPE_2,
    DELIVERY_TYPE_3,
    ArchiveFile,
    DeliveryRecord,
    RecordedCover,
    RecordedGit,
    format_delivery_record,
    parse_delivery_record,
)
from transparency.proofs.sources.gitobject import DIGITS, ObjectFormat


def gits(object_format: ObjectFormat) -> st.SearchStrategy[RecordedGit]:
    names = st.text("0123456789abcdef", min_size=DIGITS[object_format], max_size=DIGITS[object_format])
    refs = st.none() | st.from_regex(r"refs/tags/[a-z0-9]{1,20}", fullmatch=True)
    return st.builds(RecordedGit, st.just(object_format), refs, names, names, names, st.binary(max_size=99))


def with_git(record: DeliveryRecord, git: RecordedGit, file: ArchiveFile) -> DeliveryRecord:
    return replace(record, git=git, cover=RecordedCover("git-tag" if git.ref else "git-commit", file))


thirds = st.builds(with_git, deliveries, gits("sha1") | gits("sha256"), files)
GIT = RecordedGit("sha1", "refs/tags/v1", 40 * "1", 40 * "2", 40 * "3", b"tree ...")
THIRD = with_git(DELIVERY, GIT, ArchiveFile("v1.tag", 9, DIGEST, "00" * 64, "11" * 64))


@settings(max_examples=60, deadline=None)
@given(record=thirds)
def test_a_third_version_parses_to_itself_and_back(record: DeliveryRecord) -> None:
    data = format_delivery_record(record)
    assert json.loads(data)["type"] == DELIVERY_TYPE_3
    assert parse_delivery_record(data) == record
    assert format_delivery_record(parse_delivery_record(data)) == data


def test_the_bytes_are_those_of_the_second_version_and_one_field_more() -> None:
    said = json.loads(format_delivery_record(THIRD))
    assert said.pop("git") == {
        "objectFormat": "sha1",
        "ref": "refs/tags/v1",
        "object": 40 * "1",
        "commit": 40 * "2",
        "tree": 40 * "3",
        "commitObject": "dHJlZSAuLi4=",
    }
    second = json.loads(format_delivery_record(replace(THIRD, git=None)))
    assert said == second | {"type": DELIVERY_TYPE_3}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("objectFormat", "md5", "json-shape"),
        ("ref", "refs/heads/v1", "git-ref-name"),
        ("ref", "refs/tags/../v1", "git-ref-name"),
        ("ref", None, "record-git"),
        ("object", 64 * "1", "git-object-name"),
        ("commit", 39 * "2", "git-object-name"),
        ("tree", 40 * "A", "git-object-name"),
        ("commitObject", "dHJlZSAuLi5=", "record-git"),
        ("commitObject", "?", "record-git"),
    ],
)
def test_another_value_is_refused(field: str, value: Any, code: str) -> None:
    data = changed(format_delivery_record(THIRD), f"git.{field}", value)
    with pytest.raises(EvidenceError) as error:
        parse_delivery_record(data)
    assert error.value.code == code


def test_a_repository_and_its_signed_object_come_together_or_not_at_all() -> None:
    data = format_delivery_record(THIRD)
    for wrong in (
        changed(data, "cover", None),
        changed(data, "cover.form", "git-commit"),
        changed(data, "type", DELIVERY_TYPE_2),
    ):
        with pytest.raises(EvidenceError, match="record-git"):
            parse_delivery_record(wrong)
    with pytest.raises(EvidenceError, match="json-shape"):
        parse_delivery_record(changed(data, "git", None))


def test_a_signed_object_names_no_components() -> None:
    items = [{"name": "a", "size": 1, "sha256": 64 * "0"}]
    with pytest.raises(EvidenceError, match="record-components"):
        parse_delivery_record(changed(format_delivery_record(THIRD), "components", items))
