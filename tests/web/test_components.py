"""Components by themselves: words for every outcome, nothing unescaped, wrong arguments are errors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest
from django.template import Context, Template, TemplateSyntaxError

from reviews.rules.coverage import Share
from reviews.templatetags.ui import count_of, number, octets, verdict, visible, visible_lines
from transparency.models import Artifact, Job
from transparency.proofs.signatures.judge import Outcome

HOSTILE = '"><script>alert(1)</script>\u202e'


def render(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_every_verdict_has_words_of_its_own(outcome: str) -> None:
    shown = verdict(outcome)
    assert shown["look"] == {"valid": "proved", "invalid": "failed", "revoked": "failed"}.get(outcome, "open")
    assert len(shown["word"]) > 3


def test_no_verdict_is_a_lone_sign() -> None:
    for outcome in get_args(Outcome):
        shown = render("{% verdict outcome %}", outcome=outcome)
        assert not set(shown) & set("✓✔✅☑%")
        assert any(char.isalpha() for char in shown.split(">")[1])


def test_listings_and_states_are_words() -> None:
    for listing in Artifact.Listing.values:
        assert f">{listing.replace('-', ' ')}<" in render("{% listing value %}", value=listing)
    for state in Job.State.values:
        assert f">{state}<" in render("{% state value %}", value=state)


@pytest.mark.parametrize(
    "source",
    [
        "{% digest value %}",
        "{% command value %}",
        "{% tag value '' %}",
        "{% crumbs value '/' value '' %}",
        "{{ value|visible }}",
        "{{ value|visible_lines }}",
    ],
)
def test_components_escape_what_they_show(source: str) -> None:
    assert "<script>" not in render(source, value=HOSTILE)


def test_steps_findings_and_signatures_escape_and_reveal() -> None:
    step = {"name": HOSTILE, "status": "fails", "expected": HOSTILE, "found": HOSTILE}
    finding = {"path": HOSTILE, "rule": "x", "detail": HOSTILE}
    signature = {"position": 1, "format": "", "key": HOSTILE, "outcome": "invalid", "code": "torn"}
    for source in ("{% steps items %}", "{% findings items 'Refused' %}", "{% signatures items %}"):
        page = render(source, items=[{**step, **finding, **signature}])
        assert "<script>" not in page
        assert "\u202e" not in page
        assert "‹U+202E›" in page


def test_steps_are_numbered_by_their_order_and_say_expected_and_found() -> None:
    items = [
        {"name": "one", "status": "holds", "expected": "", "found": ""},
        {"name": "two", "status": "fails", "expected": "a", "found": "b"},
    ]
    page = render("{% steps items %}", items=items)
    assert page.count("<li>") == 2
    assert page.count("<dl>") == 1
    assert "<dt>Expected</dt><dd>a</dd>" in page
    assert "<dt>Found</dt><dd>b</dd>" in page


def test_a_share_is_a_bar_and_a_sentence_and_no_percentage() -> None:
    page = render("{% share value %}", value=Share(in_scope=12000, read=7))
    assert '<progress value="7" max="12000"' in page
    assert "7 of 12,000 lines" in page
    assert "%" not in page


def test_a_moment_is_utc_and_readable_by_machines() -> None:
    page = render("{% moment value %}", value=datetime(2026, 11, 24, 9, 5, 7, tzinfo=UTC))
    assert page == '<time datetime="2026-11-24T09:05:07Z">2026-11-24 09:05 UTC</time>'


def test_a_wrong_argument_is_an_error() -> None:
    with pytest.raises(TemplateSyntaxError, match="look"):
        render("{% tag 'only one' %}")
    with pytest.raises(ValueError, match="zip"):
        render("{% crumbs 'a' '/' 'b' %}")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (5 * 1024**5, "5120.0 TiB")],
)
def test_sizes_are_readable(value: int, shown: str) -> None:
    assert octets(value) == shown


def test_numbers_and_counts() -> None:
    assert number(28292) == "28,292"
    assert (count_of(1, "file"), count_of(0, "file"), count_of(2, "entry,entries")) == (
        "1 file",
        "0 files",
        "2 entries",
    )


def test_hidden_characters_become_tokens_and_lines_stay_lines() -> None:
    assert visible("a\u202eb\nc") == "a‹U+202E›b\nc"
    assert visible_lines("a\r\nb\x1b") == "a‹U+000D›\nb‹U+001B›"
