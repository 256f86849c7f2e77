"""Who reads which thread and who may do what with it: one table of people and visibilities, on an open and on a restricted product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import AnonymousUser

from reviews.models import Note
from reviews.note_rights import WIDTHS
from reviews.services.delete_note import delete_note
from reviews.services.edit_note import edit_note
from reviews.services.reply_to_note import reply_to_note
from reviews.services.resolve_note import resolve_note
from reviews.services.restore_note import restore_note
from reviews.services.share_note import share_note, thread_state
from reviews.services.write_note import write_note
from reviews.threads import open_notes, public_threads, questions_of, thread_of, threads_of_folder, threads_on
from tests.cast import OPEN_FILES, RESTRICTED_FILES
from tests.reviews.conftest import colleague
from transparency.errors import EvidenceError
from transparency.models import Grant, Person
from transparency.permissions import Right

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviews.models import Engagement
    from tests.cast import Cast
    from transparency.permissions import Someone

ENGINE, PLAN = "hidden/engine-core.c", "secret-plan.txt"
# Who reads a thread of which visibility, where all have their ordinary rights. Everybody else reads none.
INSIDE = {"mine": {"author"}, "team": {"author", "team"}, "authority": {"author", "team", "colleague"}}
WITH_VENDOR = INSIDE["authority"] | {"vendor"}
ON_OPEN = INSIDE | {"vendor": WITH_VENDOR, "public": WITH_VENDOR | {"other", "operator", "rival", "nobody"}}
ON_RESTRICTED = INSIDE | {"vendor": WITH_VENDOR}
# Who may answer where they read, and who may settle.
REPLIES, SETTLES = {"author", "team", "vendor"}, {"author", "team"}


@dataclass(frozen=True)
class People:
    of: dict[str, Someone]

    def __getitem__(self, name: str) -> Person:
        person = self.of[name]
        assert isinstance(person, Person)
        return person


def people_around(cast: Cast, engagement: Engagement) -> People:
    team, reader = colleague(cast.auditor, "tess"), colleague(cast.auditor, "cora")
    engagement.auditors.add(team)
    return People(
        {
            "author": cast.auditor,
            "team": team,
            "colleague": reader,
            "vendor": cast.vendor,
            "other": cast.other_auditor,
            "operator": cast.operator,
            "rival": cast.stranger,
            "nobody": AnonymousUser(),
        }
    )


def code_of(act: Callable[[], object]) -> str:
    try:
        act()
    except EvidenceError as error:
        return error.code
    return ""


def check_table(people: People, engagement: Engagement, path: str, table: dict[str, set[str]]) -> None:
    release = engagement.release
    assert release.subject is not None
    for visibility, readers in table.items():
        first = write_note(
            person=people["author"], engagement=engagement, path=path, start=1, end=1, text="?", visibility=visibility
        )
        for name, person in people.of.items():
            told = (visibility, name)
            reads = name in readers
            on = threads_on(asked_by=person, release=release, snapshot=release.subject, path=path)
            assert (first.pk in [each.first.pk for each in on]) == (reads and name != "nobody"), told
            assert (thread_of(asked_by=person, note=first.pk) is not None) == reads, told
            listed = [each.first.pk for each in public_threads(asked_by=person, release=release)]
            assert (first.pk in listed) == (reads and visibility == "public"), told
            asked = [each.first.pk for each in questions_of(asked_by=person, product=release.product)]
            assert (first.pk in asked) == (reads and visibility in {"vendor", "public"}), told
            counted = first.pk in [each.pk for each in open_notes(asked_by=person, release=release)]
            assert counted == (reads and name in INSIDE["authority"] | {"vendor"}), told
            if isinstance(person, Person):
                check_acts(person, name, first, reads=reads)
        Note.objects.filter(thread=first).delete()
        first.delete()


def check_acts(person: Person, name: str, first: Note, *, reads: bool) -> None:
    told = (first.visibility, name)
    refused = "not-a-participant"
    replied = code_of(lambda: reply_to_note(person=person, note=first, text="."))
    assert replied == ("" if reads and name in REPLIES else refused), told
    for resolved in (True, False):
        settled = code_of(lambda to=resolved: resolve_note(person=person, note=first, resolved=to))  # type: ignore[misc]
        assert settled == ("" if reads and name in SETTLES else refused), told
    own = "" if name == "author" else "not-the-author" if reads and name in REPLIES else refused
    assert code_of(lambda: edit_note(person=person, note=first, text="?")) == own, told
    assert code_of(lambda: share_note(person=person, note=first, visibility=first.visibility)) == own, told
    assert code_of(lambda: delete_note(person=person, note=first)) == own, told
    assert code_of(lambda: restore_note(person=person, note=first)) == own, told
    first.refresh_from_db()


def test_each_visibility_is_read_by_exactly_its_people_on_an_open_product(cast: Cast, engagement: Engagement) -> None:
    check_table(people_around(cast, engagement), engagement, "src/main.c", ON_OPEN)


def test_each_visibility_is_read_by_exactly_its_people_on_a_restricted_product(
    cast: Cast, restricted_engagement: Engagement
) -> None:
    people = people_around(cast, restricted_engagement)
    Grant.objects.create(
        organisation=cast.other_auditor.organisation, release=restricted_engagement.release, rights=[Right.REVIEW]
    )
    check_table(people, restricted_engagement, ENGINE, ON_RESTRICTED)


def test_nothing_is_public_on_a_restricted_product_now_or_later(
    cast: Cast, engagement: Engagement, restricted_engagement: Engagement
) -> None:
    call = {"person": cast.auditor, "path": PLAN, "start": 1, "end": 1, "text": "?"}
    with pytest.raises(EvidenceError) as refusal:
        write_note(engagement=restricted_engagement, visibility="public", **call)  # type: ignore[arg-type]
    assert refusal.value.code == "public-restricted"
    kept = write_note(engagement=restricted_engagement, **call)  # type: ignore[arg-type]
    with pytest.raises(EvidenceError) as refusal:
        share_note(person=cast.auditor, note=kept, visibility="public", confirmed=thread_state(kept))
    assert refusal.value.code == "public-restricted"
    note = write_note(engagement=engagement, visibility="public", **(call | {"path": "README"}))  # type: ignore[arg-type]
    product = engagement.release.product
    product.visibility = "restricted"
    product.save()
    for person in (AnonymousUser(), cast.stranger, cast.operator, cast.other_auditor):
        assert thread_of(asked_by=person, note=note.pk) is None
    assert public_threads(asked_by=cast.vendor, release=engagement.release) == []
    assert thread_of(asked_by=cast.vendor, note=note.pk) is not None


def test_an_auditor_limited_to_a_folder_works_there_and_learns_nothing_of_the_rest(
    cast: Cast, restricted_engagement: Engagement
) -> None:
    release, narrow = restricted_engagement.release, colleague(cast.auditor, "nora")
    assert release.subject is not None
    restricted_engagement.auditors.add(narrow)
    places = ((PLAN, "region", 1), (ENGINE, "region", 1), ("hidden", "folder", 0), ("", "snapshot", 0))
    made = [
        write_note(
            person=cast.auditor, engagement=restricted_engagement, path=path, about=about, start=n, end=n, text=path
        )
        if about != "snapshot"
        else write_note(person=cast.auditor, engagement=restricted_engagement, path="", about=about, text="all")
        for path, about, n in places
    ]
    Grant.objects.all().delete()
    Grant.objects.create(person=narrow, release=release, rights=[Right.REVIEW], folder="hidden")
    assert [thread_of(asked_by=narrow, note=note.pk) is not None for note in made] == [False, True, True, False]
    assert {note.pk for note in open_notes(asked_by=narrow, release=release)} == {note.pk for note in made[1:3]}
    assert threads_on(asked_by=narrow, release=release, snapshot=release.subject, path=PLAN) == []
    assert threads_of_folder(asked_by=narrow, release=release, snapshot=release.subject) == []
    assert len(threads_of_folder(asked_by=narrow, release=release, snapshot=release.subject, path="hidden")) == 1
    call = {"person": narrow, "engagement": restricted_engagement, "text": "mine"}
    assert write_note(path=ENGINE, start=1, end=2, **call).pk  # type: ignore[arg-type]
    assert reply_to_note(person=narrow, note=made[1], text="yes").thread_id == made[1].pk
    for path, about, lines in ((PLAN, "region", 1), (PLAN, "file", 0), ("", "snapshot", 0)):
        refused = code_of(lambda p=path, a=about, n=lines: write_note(path=p, about=a, start=n, end=n, **call))  # type: ignore[misc, arg-type]
        assert refused == "not-a-member", (path, about)
    for act in (reply_to_note, edit_note):
        assert code_of(lambda act=act: act(person=narrow, note=made[0], text="x")) == "not-a-participant"  # type: ignore[misc]


def test_a_note_on_the_whole_source_names_no_path_and_so_needs_none(cast: Cast, engagement: Engagement) -> None:
    """Whatever path is sent along with it: nobody notes on the whole by naming a folder that is theirs."""
    narrow = colleague(cast.auditor, "nora")
    engagement.auditors.add(narrow)
    Grant.objects.all().delete()
    Grant.objects.create(person=narrow, release=engagement.release, rights=[Right.REVIEW], folder="src")
    call = {"person": narrow, "engagement": engagement, "text": "x", "about": "snapshot"}
    assert code_of(lambda: write_note(path="src", **call)) == "not-a-member"  # type: ignore[arg-type]


def test_when_a_right_ends_so_does_reading_and_writing(cast: Cast, engagement: Engagement) -> None:
    note = write_note(person=cast.auditor, engagement=engagement, path="README", start=1, end=1, text="?")
    Grant.objects.all().delete()
    assert thread_of(asked_by=cast.auditor, note=note.pk) is None
    acts: tuple[Callable[[], object], ...] = (
        lambda: reply_to_note(person=cast.auditor, note=note, text="."),
        lambda: edit_note(person=cast.auditor, note=note, text="."),
        lambda: delete_note(person=cast.auditor, note=note),
        lambda: share_note(person=cast.auditor, note=note, visibility="mine"),
        lambda: resolve_note(person=cast.auditor, note=note),
    )
    assert [code_of(act) for act in acts] == ["not-a-participant"] * len(acts)


def test_the_table_names_every_visibility_and_file() -> None:
    assert set(ON_OPEN) == set(WIDTHS) == set(ON_RESTRICTED) | {"public"}
    assert "src/main.c" in OPEN_FILES
    assert {ENGINE, PLAN} == set(RESTRICTED_FILES)
