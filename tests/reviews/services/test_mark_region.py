"""Marks: whose, where, how closely; and every way to set one that must not work."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from reviews.models import Engagement, ReadMark
from reviews.queries import marks_on, reading_of
from reviews.rules.render import render
from reviews.services.mark_region import mark_region
from reviews.services.unmark_region import unmark_region
from tests.cast import OPEN_FILES, deliver
from tests.reviews.conftest import colleague, engage
from transparency.errors import EvidenceError, NotAllowedError
from transparency.models import Grant
from transparency.queries import open_file_table, read_file

if TYPE_CHECKING:
    from tests.cast import Cast
    from transparency.models import Release

MAIN = "src/main.c"  # five lines
ENGINE = "hidden/engine-core.c"  # of the restricted product


def spans(engagement: Engagement) -> list[tuple[int, int, str]]:
    rows = ReadMark.objects.filter(engagement=engagement).order_by("start")
    return [(row.start, row.end, row.level) for row in rows]


def refusal_of(code: str, **call: object) -> None:
    with pytest.raises(EvidenceError) as refusal:
        mark_region(**call)  # type: ignore[arg-type]
    assert refusal.value.code == code
    assert not ReadMark.objects.exists()


def test_marked_lines_are_counted_once(cast: Cast, engagement: Engagement) -> None:
    for start, end in ((1, 3), (2, 4), (2, 4)):
        mark_region(person=cast.auditor, engagement=engagement, path=MAIN, start=start, end=end)
    share = reading_of(asked_by=cast.auditor, engagement=engagement).share_of("")
    assert (share.read, share.in_scope, share.opaque_bytes) == (4, 8, len(OPEN_FILES["logo.bin"]))
    assert spans(engagement) == [(1, 3, "read"), (4, 4, "read")]


def test_a_closer_reading_replaces_the_lines_and_a_looser_one_does_not(cast: Cast, engagement: Engagement) -> None:
    mark_region(person=cast.auditor, engagement=engagement, path=MAIN, start=1, end=5, level="skimmed")
    mark_region(person=cast.auditor, engagement=engagement, path=MAIN, start=2, end=4, level="examined")
    mark_region(person=cast.auditor, engagement=engagement, path=MAIN, start=1, end=2, level="read")
    assert spans(engagement) == [(1, 1, "read"), (2, 4, "examined"), (5, 5, "skimmed")]


def test_marking_again_writes_nothing(cast: Cast, engagement: Engagement) -> None:
    mark_region(person=cast.auditor, engagement=engagement, path=MAIN, start=1, end=5)
    assert mark_region(person=cast.auditor, engagement=engagement, path=MAIN, start=2, end=3) == ()


def test_taking_back_the_middle_leaves_both_ends_with_their_time(cast: Cast, engagement: Engagement) -> None:
    (mark,) = mark_region(person=cast.auditor, engagement=engagement, path=MAIN, start=1, end=5)
    earlier = timezone.now() - timedelta(hours=3)
    ReadMark.objects.filter(pk=mark.pk).update(created_at=earlier)
    assert unmark_region(person=cast.auditor, engagement=engagement, path=MAIN, start=3, end=3) == 1
    assert spans(engagement) == [(1, 2, "read"), (4, 5, "read")]
    assert {row.created_at for row in ReadMark.objects.all()} == {earlier}


def test_nobody_takes_back_the_marks_of_a_colleague(cast: Cast, engagement: Engagement) -> None:
    other = colleague(cast.auditor, "nora")
    engagement.auditors.add(other)
    mark_region(person=cast.auditor, engagement=engagement, path=MAIN, start=1, end=5)
    assert unmark_region(person=other, engagement=engagement, path=MAIN, start=1, end=5) == 0
    assert spans(engagement) == [(1, 5, "read")]


def test_two_people_reading_the_same_lines_is_read_twice(cast: Cast, engagement: Engagement) -> None:
    other = colleague(cast.auditor, "nora")
    engagement.auditors.add(other)
    mark_region(person=cast.auditor, engagement=engagement, path=MAIN, start=1, end=4)
    mark_region(person=other, engagement=engagement, path=MAIN, start=3, end=5)
    everybody = reading_of(asked_by=cast.auditor, engagement=engagement).share_of("src")
    assert (everybody.read, everybody.read_twice) == (5, 2)
    own = reading_of(asked_by=other, engagement=engagement, person=other).share_of("src")
    assert (own.read, own.read_twice) == (3, 0)


def test_an_unchanged_file_keeps_its_marks_in_the_next_release(cast: Cast, engagement: Engagement) -> None:
    mark_region(person=cast.auditor, engagement=engagement, path=MAIN, start=1, end=5)
    changed = dict(OPEN_FILES) | {"README": b"changed\n", "src/moved.c": OPEN_FILES["src/main.c"]}
    del changed["src/main.c"]
    following = engage(cast.auditor, deliver(cast, product="widget", version="1.1", files=changed))
    share = reading_of(asked_by=cast.auditor, engagement=following).share_of("")
    assert (share.read, share.in_scope) == (5, 7)
    unmark_region(person=cast.auditor, engagement=following, path="src/moved.c", start=1, end=4)
    assert reading_of(asked_by=cast.auditor, engagement=following).share_of("").read == 1


def test_lines_out_of_scope_are_not_counted(cast: Cast, open_release: Release) -> None:
    narrow = engage(cast.auditor, open_release, include=["README"])
    mark_region(person=cast.auditor, engagement=narrow, path=MAIN, start=1, end=5)
    mark_region(person=cast.auditor, engagement=narrow, path="README", start=1, end=1)
    share = reading_of(asked_by=cast.auditor, engagement=narrow).share_of("")
    assert (share.read, share.in_scope, share.opaque_bytes) == (1, 2, 0)


def test_a_mark_on_what_is_not_there_is_refused(cast: Cast, engagement: Engagement) -> None:
    for path, start, end, code in (
        (MAIN, 1, 6, "region-outside-file"),
        (MAIN, 0, 1, "region-outside-file"),
        (MAIN, 4, 3, "region-outside-file"),
        (MAIN, 2**70, 2**70, "region-outside-file"),
        ("src/empty", 1, 1, "region-outside-file"),
        ("logo.bin", 1, 1, "not-text"),
        ("src", 1, 1, "path-unknown"),
        ("src/main.c%00", 1, 1, "path-unknown"),
        ("../src/main.c", 1, 1, "path-unknown"),
        ("src/main.c%zz", 1, 1, "path-escaping"),
        ("", 1, 1, "path-unknown"),
    ):
        refusal_of(code, person=cast.auditor, engagement=engagement, path=path, start=start, end=end)


def test_a_level_that_is_none_is_refused(cast: Cast, engagement: Engagement) -> None:
    refusal_of("level-unknown", person=cast.auditor, engagement=engagement, path=MAIN, start=1, end=1, level="proved")


def test_only_members_of_the_engagement_mark(cast: Cast, engagement: Engagement) -> None:
    outsiders = (cast.other_auditor, cast.vendor, cast.operator, cast.stranger, colleague(cast.auditor, "nora"))
    for person in outsiders:
        refusal_of("not-a-member", person=person, engagement=engagement, path=MAIN, start=1, end=1)


def test_another_authoritys_engagement_is_closed(cast: Cast, foreign_engagement: Engagement) -> None:
    refusal_of("not-a-member", person=cast.auditor, engagement=foreign_engagement, path=MAIN, start=1, end=1)


def test_a_member_whose_right_was_withdrawn_marks_no_more(cast: Cast, restricted_engagement: Engagement) -> None:
    Grant.objects.all().delete()
    refusal_of("not-a-member", person=cast.auditor, engagement=restricted_engagement, path=ENGINE, start=1, end=1)


def test_a_right_for_a_folder_ends_at_the_folder(cast: Cast, restricted_engagement: Engagement) -> None:
    Grant.objects.update(folder="hidden")
    mark_region(person=cast.auditor, engagement=restricted_engagement, path=ENGINE, start=1, end=1)
    ReadMark.objects.all().delete()
    outside = {"path": "secret-plan.txt", "start": 1, "end": 1}
    refusal_of("not-a-member", person=cast.auditor, engagement=restricted_engagement, **outside)


def test_a_disabled_account_marks_nothing(cast: Cast, engagement: Engagement) -> None:
    cast.auditor.is_active = False
    cast.auditor.save()
    refusal_of("not-a-member", person=cast.auditor, engagement=engagement, path=MAIN, start=1, end=1)


def test_outside_its_time_an_engagement_is_closed(cast: Cast, engagement: Engagement) -> None:
    now = timezone.now()
    for starts, ends in ((now + timedelta(days=1), None), (now - timedelta(days=3), now - timedelta(days=1))):
        engagement.starts_at, engagement.ends_at = starts, ends
        engagement.save()
        refusal_of("engagement-closed", person=cast.auditor, engagement=engagement, path=MAIN, start=1, end=1)


def test_a_snapshot_of_another_release_is_refused(cast: Cast, engagement: Engagement) -> None:
    other = deliver(cast, product="gadget", files={"src/main.c": b"x\n"})
    with pytest.raises(EvidenceError) as refusal:
        mark_region(person=cast.auditor, engagement=engagement, path=MAIN, start=1, end=1, snapshot=other.subject)
    assert refusal.value.code == "snapshot-foreign"


def test_a_file_has_as_many_rows_on_the_page_as_lines_to_mark(cast: Cast) -> None:
    endings = (b"", b"\n", b"a", b"a\n", b"a\r\nb\rc", b"\n\n", "a\u2028b\x0cc\n".encode(), b"\xff\xfe\n")
    files = {f"f{number}.c": content for number, content in enumerate(endings)}
    snapshot = deliver(cast, product="odd", files=files).subject
    assert snapshot is not None
    for entry in open_file_table(snapshot):
        assert not entry.binary
        _, content = read_file(snapshot, entry.path)
        assert len(render(content, entry.language).rows) == entry.lines


def test_reading_detail_is_for_the_authority_alone(cast: Cast, engagement: Engagement) -> None:
    mark_region(person=cast.auditor, engagement=engagement, path=MAIN, start=1, end=1)
    release = engagement.release
    assert release.subject is not None
    for person in (cast.vendor, cast.operator, cast.other_auditor, cast.stranger):
        with pytest.raises(NotAllowedError) as refusal:
            reading_of(asked_by=person, engagement=engagement)
        assert refusal.value.code == "reading-private"
        assert marks_on(asked_by=person, release=release, snapshot=release.subject, path=MAIN) == []
    found = marks_on(asked_by=cast.auditor, release=release, snapshot=release.subject, path=MAIN)
    assert [(mark.start, mark.end) for mark in found] == [(1, 1)]
