"""RFC 8785 byte for byte, and a reader that refuses what two readers could understand differently."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transparency.proofs.canonical import MAX_DEPTH, Fields, canonical_json, parse_canonical, parse_json
from transparency.proofs.errors import EvidenceError
from transparency.verifier import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from transparency.proofs.canonical import JSON

LIMIT = 1_000_000
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), children, max_size=4)
    ),
    max_leaves=20,
)


def test_the_published_vectors_come_out_byte_for_byte(vectors: Callable[[str], Path]) -> None:
    inputs = sorted((vectors("jcs") / "input").iterdir())
    assert len(inputs) == 6
    for source in inputs:
        expected = (vectors("jcs") / "output" / source.name).read_bytes()
        assert canonical_json(parse_json(source.read_bytes(), limit=LIMIT)) == expected, source.name


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (1e21, "1e+21"), (1e-7, "1e-7"), (0.000001, "0.000001"), (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"), (9007199254740992.0, "9007199254740992"),
        (295147905179352830000.0, "295147905179352830000"), (333333333.33333325, "333333333.33333325"), (-1.5, "-1.5"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_ecmascript_writes_them(number: float, text: str) -> None:
    assert canonical_json(number).decode() == text


@given(values)
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_again_and_only_so(value: JSON) -> None:
    data = canonical_json(value)
    assert parse_canonical(data, limit=LIMIT) == value
    assert json.loads(data) == value


@given(values, st.sampled_from([None, 2]), st.booleans())
@settings(max_examples=100, deadline=None)
def test_any_spelling_of_a_value_is_read_as_the_value(value: JSON, indent: int | None, ascii_only: bool) -> None:
    spelt = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    assert parse_json(spelt, limit=LIMIT) == value


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"a":1,"a":1}', "json-duplicate-key"),
        (b"NaN", "json-malformed"),
        (b"[Infinity]", "json-malformed"),
        (b"1e999", "json-malformed"),
        (b'"\\ud800"', "json-malformed"),
        (b"\xff", "json-malformed"),
        (b"{", "json-malformed"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "json-too-deep"),
        (b" " * (LIMIT + 1), "json-too-large"),
    ],
)
def test_the_reader_refuses(data: bytes, code: str) -> None:
    with pytest.raises(EvidenceError) as refusal:
        parse_json(data, limit=LIMIT)
    assert refusal.value.code == code


def test_brackets_inside_strings_do_not_count_as_depth() -> None:
    assert parse_json(json.dumps("[" * 1000 + '\\"').encode(), limit=LIMIT)


@pytest.mark.parametrize("data", [b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":1}\n', b'{"a":1.0}', b'"\\u0041"'])
def test_another_spelling_is_not_canonical(data: bytes) -> None:
    with pytest.raises(EvidenceError, match="json-not-canonical"):
        parse_canonical(data, limit=LIMIT)


@pytest.mark.parametrize(
    ("key", "kind"), [("text", "integer"), ("number", "text"), ("missing", "text"), ("flag", "integer")]
)
def test_fields_name_what_has_the_wrong_shape(key: str, kind: str) -> None:
    fields = Fields({"text": "x", "number": -1, "flag": True}, "thing")
    with pytest.raises(EvidenceError, match=f"json-shape: thing.{key}"):
        getattr(fields, kind)(key)


@pytest.mark.parametrize("data", [b"1.5", b'{"unknown":[0.5]}', b"9007199254740992", b"1e+21"])
def test_fractions_and_numbers_that_are_none_of_ours_are_in_no_canonical_document(data: bytes) -> None:
    """The two verifiers answered differently about a field that neither reads."""
    assert canonical_json(parse_json(data, limit=LIMIT)) == data
    with pytest.raises(EvidenceError, match="json-not-canonical"):
        parse_canonical(data, limit=LIMIT)
    with pytest.raises(verify.Bad):
        verify.read_canonical(data)
