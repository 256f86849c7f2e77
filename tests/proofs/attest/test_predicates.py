from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.mutations import accepted
from transparency.proofs.attest.predicates import (
    Conclusion,
    Coverage,
    Depth,
    Reviewer,
    Scope,
    SourceReview,
    format_source_review,
    parse_source_review,
)
from transparency.proofs.canonical import canonical_json, parse_canonical
from transparency.proofs.digest import Digest

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
lists = st.lists(texts, max_size=3).map(tuple)
digests = st.binary(min_size=32, max_size=32).map(Digest)
counts = st.integers(0, 2**53 - 1)
times = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
coverages = st.lists(counts, min_size=3, max_size=3).flatmap(
    lambda lines: st.builds(Coverage, st.just(max(lines)), st.just(lines[0]), st.just(min(lines)), counts, digests)
)
reviews = st.builds(
    SourceReview,
    review_id=texts,
    engagement=digests,
    origin=texts,
    reviewer=st.builds(Reviewer, texts, texts, texts, texts, texts),
    method=lists,
    depth=st.sampled_from(get_args(Depth)),
    scope=st.builds(Scope, lists, st.lists(st.tuples(texts, texts), max_size=3).map(tuple), counts, counts),
    coverage=coverages,
    thoroughness=texts,
    understanding=texts,
    conclusion=st.sampled_from(get_args(Conclusion)),
    open_findings=counts,
    started_at=times,
    finished_at=times,
    limitations=lists,
    machines_found=texts,
    people_state=texts,
    valid_until=st.none() | times,
)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
REVIEW = SourceReview(
    "r1", Digest(bytes(32)), "log.example/a", Reviewer("u1", "north", "lead", "k", "none"), ("read",), "blue",
    Scope(("**",), (("doc/**", "no code"),)), Coverage(9, 8, 7, 6, Digest(bytes(32))), "full", "good", "concerns",
    1, NOON, NOON, ("time",), "nothing", "read", NOON,
)  # fmt: skip
REFUSALS = {
    "predicate-malformed", "digest-malformed", "time-malformed", "json-malformed", "json-shape", "json-duplicate-key",
    "json-not-canonical",
}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(reviews)
def test_a_source_review_parses_to_itself_and_back(review: SourceReview) -> None:
    value = format_source_review(review)
    assert parse_source_review(value) == review
    assert format_source_review(parse_source_review(value)) == value


def test_a_changed_source_review_is_refused_or_comes_back_from_its_own_value() -> None:
    data = canonical_json(format_source_review(REVIEW))

    def parse(mutated: bytes) -> SourceReview:
        return parse_source_review(parse_canonical(mutated, limit=1 << 20))

    for _, found in accepted(data, parse, REFUSALS):
        assert parse_source_review(format_source_review(found)) == found
