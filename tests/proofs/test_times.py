from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from tests.proofs.mutations import accepted, of_text
from transparency.proofs.errors import EvidenceError
from transparency.proofs.times import format_time, parse_time

moments = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))


@given(moments)
@example(datetime(226, 1, 2, tzinfo=UTC))
def test_a_time_of_any_year_parses_to_itself_and_back(moment: datetime) -> None:
    text = format_time(moment)
    assert parse_time(text) == moment
    assert format_time(parse_time(text)) == text


@given(st.text(max_size=24) | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", fullmatch=True))
@example("0226-11-24T10:00:00Z")
def test_what_is_accepted_as_a_time_has_one_spelling_only(text: str) -> None:
    try:
        moment = parse_time(text)
    except EvidenceError as error:
        assert error.code == "time-malformed"
    else:
        assert format_time(moment) == text


def test_a_changed_time_is_refused_or_another_time() -> None:
    for mutated, moment in accepted(b"2026-11-24T10:00:00Z", of_text(parse_time), {"time-malformed"}):
        assert format_time(moment).encode() == mutated
