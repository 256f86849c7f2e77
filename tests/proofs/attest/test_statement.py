from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.mutations import accepted
from transparency.proofs.attest.statement import (
    Statement,
    StatementSubject,
    format_statement,
    manifest_subject,
    parse_statement,
)
from transparency.proofs.digest import Digest

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
subjects = st.builds(
    StatementSubject, texts, st.dictionaries(texts, texts, max_size=3).map(lambda found: tuple(sorted(found.items())))
)
statements = st.builds(Statement, st.lists(subjects, min_size=1, max_size=4).map(tuple), texts, values)
REFUSALS = {"statement-malformed", "json-malformed", "json-shape", "json-duplicate-key"}


@settings(deadline=None)
@given(statements)
def test_a_statement_parses_to_itself_and_back(statement: Statement) -> None:
    data = format_statement(statement)
    assert parse_statement(data) == statement
    assert format_statement(parse_statement(data)) == data


def test_a_changed_statement_is_refused_or_comes_back_from_its_own_canonical_bytes() -> None:
    statement = Statement((manifest_subject(Digest(bytes(32)), 40 * "a"),), "https://example.test/x", {"a": [1, None]})
    for _, found in accepted(format_statement(statement), parse_statement, REFUSALS):
        assert parse_statement(format_statement(found)) == found
