"""What is handed out to sign: canonical, honest, and only to those who may."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from reviews.models import Engagement, Statement
from reviews.services.freeze_statement import DEFAULT_WORDS, freeze_statement
from reviews.services.mark_region import mark_region
from reviews.services.unmark_region import unmark_region
from tests.cast import OPEN_FILES, ORIGIN
from tests.reviews.conftest import colleague, engage
from transparency.errors import EvidenceError
from transparency.models import TrustAnchor
from transparency.proofs.attest.predicates import parse_source_review
from transparency.proofs.attest.statement import check_subject, parse_statement
from transparency.proofs.canonical import canonical_json, parse_canonical
from transparency.proofs.commitment import opening_root
from transparency.proofs.digest import Digest

if TYPE_CHECKING:
    from tests.cast import Cast
    from transparency.models import Release

MAIN = "src/main.c"


def anchor_of(cast: Cast) -> TrustAnchor:
    return TrustAnchor.objects.get(person=cast.auditor)


def freeze(cast: Cast, engagement: Engagement, **more: object) -> Statement:
    call: dict[str, object] = {
        "person": cast.auditor,
        "engagement": engagement,
        "anchor": anchor_of(cast),
        "conclusion": "no-unexplained",
    } | more
    return freeze_statement(**call)  # type: ignore[arg-type]


def refusal_of(code: str, cast: Cast, engagement: Engagement, **more: object) -> None:
    with pytest.raises(EvidenceError) as refusal:
        freeze(cast, engagement, **more)
    assert refusal.value.code == code
    assert not Statement.objects.exists()


def test_a_statement_says_what_was_read_and_by_whom(cast: Cast, engagement: Engagement) -> None:
    other = colleague(cast.auditor, "nora")
    engagement.auditors.add(other)
    mark_region(person=cast.auditor, engagement=engagement, path=MAIN, start=1, end=3)
    mark_region(person=cast.auditor, engagement=engagement, path="README", start=1, end=2, level="skimmed")
    mark_region(person=other, engagement=engagement, path=MAIN, start=3, end=4)
    statement = freeze(cast, engagement)
    payload = bytes(statement.payload)
    assert canonical_json(parse_canonical(payload, limit=10**6)) == payload
    assert engagement.release.subject is not None
    read = parse_statement(payload)
    check_subject(read, Digest.parse(engagement.release.subject.manifest))
    review = parse_source_review(read.predicate)
    assert (review.coverage.in_scope, review.coverage.read, review.coverage.read_twice) == (8, 3, 1)
    assert review.coverage.opaque_bytes == len(OPEN_FILES["logo.bin"])
    assert (review.origin, review.engagement.hex) == (ORIGIN, engagement.digest)
    assert (review.reviewer.org, review.reviewer.keyid) == ("north", anchor_of(cast).fingerprint)
    assert review.machines_found == (
        "Machines found that the source was delivered with a valid signature by a key enrolled for the vendor; "
        "that of the build files in 1 import, under a checksum list with a valid signature, 1 is listed and equal, "
        "0 differ, 0 are listed and missing, 0 are not listed; no rebuild was attempted."
    )
    assert review.people_state == (
        "1 person of Northern Agency states that they read 3 of 8 lines of text in scope; "
        "4 lines nobody of this authority read; 1 line 2 or more people of this authority read; "
        "9 bytes in scope are not text and were not counted."
    )


def test_no_name_of_a_person_and_no_path_stands_in_a_statement(cast: Cast, restricted_engagement: Engagement) -> None:
    mark_region(person=cast.auditor, engagement=restricted_engagement, path="hidden/engine-core.c", start=1, end=1)
    payload = bytes(freeze(cast, restricted_engagement).payload)
    for secret in (b"anna", b"Anna", b"hidden", b"engine-core", b"secret-plan"):
        assert secret not in payload


def test_the_marks_open_the_root_and_stay_as_they_were(cast: Cast, engagement: Engagement) -> None:
    mark_region(person=cast.auditor, engagement=engagement, path=MAIN, start=2, end=3)
    mark_region(person=cast.auditor, engagement=engagement, path=MAIN, start=1, end=1, level="skimmed")
    statement = freeze(cast, engagement)
    unmark_region(person=cast.auditor, engagement=engagement, path=MAIN, start=1, end=5)
    statement.refresh_from_db()
    lines = bytes(statement.marks).splitlines(keepends=True)
    blob = Digest.of(OPEN_FILES[MAIN]).hex
    assert [json.loads(line) for line in lines] == [
        {"blob": blob, "end": 1, "level": "skimmed", "start": 1},
        {"blob": blob, "end": 3, "level": "read", "start": 2},
    ]
    review = parse_source_review(parse_statement(bytes(statement.payload)).predicate)
    assert opening_root(bytes(statement.marks_secret), lines) == review.coverage.marks_root


def test_marks_of_colleagues_and_out_of_scope_are_not_under_the_root(cast: Cast, open_release: Release) -> None:
    narrow = engage(cast.auditor, open_release, include=["src"])
    other = colleague(cast.auditor, "nora")
    narrow.auditors.add(other)
    mark_region(person=other, engagement=narrow, path=MAIN, start=1, end=5)
    mark_region(person=cast.auditor, engagement=narrow, path="README", start=1, end=2)
    statement = freeze(cast, narrow)
    assert bytes(statement.marks) == b""
    review = parse_source_review(parse_statement(bytes(statement.payload)).predicate)
    assert (review.coverage.in_scope, review.coverage.read, review.scope.include) == (6, 0, ("src",))


def test_two_drafts_of_the_same_reading_share_no_root(cast: Cast, engagement: Engagement) -> None:
    first, second = freeze(cast, engagement), freeze(cast, engagement)
    assert first.digest != second.digest
    assert first.marks_secret != second.marks_secret


def test_only_a_member_is_handed_a_statement(cast: Cast, engagement: Engagement) -> None:
    for person in (cast.other_auditor, cast.vendor, cast.operator, colleague(cast.auditor, "nora")):
        refusal_of("not-a-member", cast, engagement, person=person)


def test_another_authoritys_engagement_gives_no_statement(cast: Cast, foreign_engagement: Engagement) -> None:
    refusal_of("not-a-member", cast, foreign_engagement)


def test_the_key_must_be_the_reviewers_own(cast: Cast, engagement: Engagement) -> None:
    refusal_of("key-not-yours", cast, engagement, anchor=TrustAnchor.objects.get(person=cast.other_auditor))
    refusal_of("key-not-yours", cast, engagement, anchor=engagement.release.product.anchors.get())


def test_a_key_outside_its_window_is_refused(cast: Cast, engagement: Engagement) -> None:
    now = timezone.now()
    for window in (
        {"valid_from": now + timedelta(days=1)},
        {"valid_from": None, "valid_until": now - timedelta(days=1)},
    ):
        TrustAnchor.objects.filter(person=cast.auditor).update(**window)
        refusal_of("key-window", cast, engagement)


def test_words_and_conclusion_are_checked(cast: Cast, engagement: Engagement) -> None:
    refusal_of("conclusion-unknown", cast, engagement, conclusion="safe")
    refusal_of("text-missing", cast, engagement, words=replace(DEFAULT_WORDS, role=" "))
    refusal_of("text-too-long", cast, engagement, words=replace(DEFAULT_WORDS, understanding="x" * 20_001))
    refusal_of("too-many-items", cast, engagement, words=replace(DEFAULT_WORDS, limitations=("x",) * 21))
    refusal_of("statement-malformed", cast, engagement, open_findings=-1)
    refusal_of("statement-malformed", cast, engagement, valid_until=timezone.now() - timedelta(days=1))


def test_a_statement_of_the_greatest_words_stays_readable(cast: Cast, engagement: Engagement) -> None:
    words = replace(
        DEFAULT_WORDS, thoroughness="\u2026" * 20_000, understanding='"' * 20_000, limitations=("\u00e9" * 500,) * 20
    )
    statement = freeze(cast, engagement, words=words)
    assert parse_source_review(parse_statement(bytes(statement.payload)).predicate).thoroughness == words.thoroughness
