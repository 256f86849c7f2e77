"""Pages of notes: threads at their place, replies, edits, sharing after a confirmation, what each person sees of it and may do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviews.models import Acceptance, Note
from reviews.services.reply_to_note import reply_to_note
from reviews.services.write_note import write_note
from tests.reviews.conftest import colleague, engage
from tests.web.posts import check_refusals
from tests.web.test_templates import check_page
from transparency.models import Grant
from transparency.permissions import Right

if TYPE_CHECKING:
    from django.test import Client

    from reviews.models import Engagement
    from tests.cast import Cast
    from tests.web.conftest import Browse
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)
MAIN = "/products/widget/1.0/file/src/main.c"
PUBLIC, QUESTIONS = "/products/widget/1.0/notes/", "/products/widget/-/questions/"
VERA = "Vera"


def text_of(client: Client, place: str) -> str:
    answer = client.get(place)
    assert answer.status_code == 200, (place, answer.status_code)
    page = answer.content.decode()
    check_page(page, place)
    return page


def write(cast: Cast, engagement: Engagement, text: str = "why *this*?", **more: object) -> Note:
    call: dict[str, object] = {"person": cast.auditor, "engagement": engagement, "path": "src/main.c", "text": text}
    return write_note(**(call | {"start": 3, "end": 4} | more))  # type: ignore[arg-type]


def test_a_question_goes_to_the_vendor_only_after_a_confirmation_and_is_answered_and_settled(
    browse: Browse, cast: Cast, engagement: Engagement
) -> None:
    anna, vera = browse("anna"), browse("vera")
    form = {"path": "src/main.c", "start": 3, "end": 4, "text": "why *this*?", "visibility": "vendor"}
    answer = anna.post(f"/engagements/{engagement.pk}/notes/", form)
    note = Note.objects.get()
    assert answer.headers["Location"] == f"/notes/{note.pk}/share/?visibility=vendor"
    assert note.visibility == "authority"
    assert "why" not in text_of(vera, MAIN)
    assert vera.get(f"/notes/{note.pk}/").status_code == 404
    page = text_of(anna, answer.headers["Location"])
    for said in ("the people of Acme, who may answer", "whole thread", "Whoever operates the database", "src/main.c"):
        assert said in page, said
    confirmed = re.findall(r'name="confirmed" value="([0-9a-f]{64})"', page)[0]
    refused = anna.post(f"/notes/{note.pk}/share/", {"visibility": "vendor"})
    assert refused.status_code == 409
    anna.post(f"/notes/{note.pk}/share/", {"visibility": "vendor", "confirmed": confirmed})
    for place in (MAIN, QUESTIONS, f"/notes/{note.pk}/"):
        page = text_of(vera, place)
        assert "why <em>this</em>?" in page, place
        assert "Northern Agency" in page, place
        assert "Anna" not in page, place  # people are named to their own and to the thread's authority
        assert "/delete/" not in page, place
        assert "/resolve/" not in page, place
    answer = vera.post(f"/notes/{note.pk}/reply/", {"text": "because"})
    reply = Note.objects.get(thread=note)
    assert answer.headers["Location"] == f"{MAIN}?lines=3-4#note-{reply.pk}"
    page = text_of(anna, MAIN)
    assert re.search(rf'id="L4".*?</tr>\s*<tr class="tc-code__note" id="note-{note.pk}".*because', page, re.DOTALL)
    assert f"<bdi>{VERA}, Acme</bdi>" in page
    anna.post(f"/notes/{note.pk}/resolve/")
    assert "Resolved by <bdi>Anna</bdi>" in text_of(anna, MAIN)
    assert "0 open threads of 1" in text_of(vera, QUESTIONS)
    anna.post(f"/notes/{note.pk}/reopen/")
    assert "Resolved by" not in text_of(anna, MAIN)


def test_what_is_published_is_on_a_page_for_everybody_and_names_nobody(
    browse: Browse, cast: Cast, engagement: Engagement, restricted_engagement: Engagement
) -> None:
    assert "None was published so far" in text_of(browse(None), PUBLIC)
    note = write(cast, engagement, visibility="public")
    reply_to_note(person=cast.vendor, note=note, text="because")
    write(cast, engagement, "ours", about="file", start=0, end=0)
    for person in (None, "stan", "olga", "bela"):
        page = text_of(browse(person), PUBLIC)
        assert "why <em>this</em>?" in page
        assert "because" in page
        assert not {"ours", "Anna", VERA} & set(re.findall(r"\w+", page)), person
        assert ("/file/src/main.c" in page) == (person is not None), person  # a link only for who may follow it
    assert "why <em>this</em>?" in text_of(browse("stan"), MAIN)
    assert PUBLIC in text_of(browse(None), "/products/widget/1.0/")
    assert browse(None).get("/products/vault/9.9/notes/").status_code == 404
    page = text_of(browse("vera"), "/products/vault/9.9/notes/")
    assert "Nothing of a restricted product" in page
    form = {"path": "secret-plan.txt", "start": 1, "end": 1, "text": "x", "visibility": "public"}
    answer = browse("anna").post(f"/engagements/{restricted_engagement.pk}/notes/", form)
    share = answer.headers["Location"]
    assert 'value="public"' not in text_of(browse("anna"), share)
    answer = browse("anna").post(share, {"visibility": "public", "confirmed": "0" * 64})
    assert answer.status_code == 409
    assert not Note.objects.filter(engagement=restricted_engagement, visibility="public").exists()


def test_an_edit_shows_its_history_to_the_authority_and_not_to_whom_it_was_widened(
    browse: Browse, cast: Cast, engagement: Engagement
) -> None:
    note = write(cast, engagement, "a secret thought")
    anna = browse("anna")
    assert 'name="text"' in text_of(anna, f"/notes/{note.pk}/edit/")
    assert anna.post(f"/notes/{note.pk}/edit/", {"text": " "}).status_code == 422
    anna.post(f"/notes/{note.pk}/edit/", {"text": "a question"})
    Note.objects.update(visibility="vendor")
    assert "a secret thought" in text_of(anna, f"/notes/{note.pk}/")
    page = text_of(browse("vera"), f"/notes/{note.pk}/")
    assert "a question" in page
    assert "secret thought" not in page
    assert "edited" in page
    answer = reply_to_note(person=cast.vendor, note=note, text="no such thing")
    browse("vera").post(f"/notes/{answer.pk}/edit/", {"text": "it is so"})
    for person in ("anna", "vera"):
        assert "no such thing" in text_of(browse(person), f"/notes/{note.pk}/"), person


def test_notes_on_folders_and_on_the_whole_source_stand_on_their_pages_and_are_counted(
    browse: Browse, cast: Cast, engagement: Engagement
) -> None:
    anna = browse("anna")
    place = f"/engagements/{engagement.pk}/notes/"
    for about, path, text, back in (
        ("folder", "src", "odd folder", "/products/widget/1.0/tree/src/"),
        ("snapshot", "", "odd source", "/products/widget/1.0/tree/"),
        ("file", "logo.bin", "odd bytes", "/products/widget/1.0/file/logo.bin"),
        ("file", "src/empty", "odd nothing", "/products/widget/1.0/file/src/empty"),
    ):
        answer = anna.post(place, {"about": about, "path": path, "text": text, "visibility": "team"})
        note = Note.objects.get(text=text)
        assert answer.headers["Location"] == f"{back}#note-{note.pk}"
        page = text_of(anna, back)
        assert f'id="note-{note.pk}"' in page
        assert text in page
        assert text not in text_of(browse("vera"), back)
        deleted = anna.post(f"/notes/{note.pk}/delete/").headers["Location"]
        assert f'action="/notes/{note.pk}/restore/"' in text_of(anna, deleted), deleted
        anna.post(f"/notes/{note.pk}/restore/")
    page = text_of(anna, "/products/widget/1.0/tree/")
    row = page[page.index("tree/src/") :].split("</tr>")[0]
    assert '<td class="tc-numbers">2</td>' in row  # the folder's own and the empty file's
    cora = colleague(cast.auditor, "cora")
    cora.set_password("cora-password-long")
    cora.save()
    page = text_of(browse("cora"), "/products/widget/1.0/tree/")
    assert "odd source" not in page  # for the team alone
    answer = anna.post(place, {"about": "region", "path": "src/main.c", "text": "no lines"}, follow=True)
    assert "Expected the lines" in answer.content.decode()


def test_what_changes_a_thread_is_refused_to_everybody_else(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    note = write(cast, engagement, visibility="vendor")

    def state() -> object:
        return list(Note.objects.order_by("pk").values_list("pk", "text", "visibility", "deleted_at", "resolved_at"))

    more = {"text": "x", "visibility": "vendor", "confirmed": ""}
    for act, forbidden in (
        ("reply", ()),
        ("edit", ("vera",)),
        ("delete", ("vera",)),
        ("restore", ("vera",)),
        ("resolve", ("vera",)),
        ("reopen", ("vera",)),
        ("share", ("vera",)),
    ):
        check_refusals(
            browse,
            f"/notes/{note.pk}/{act}/",
            more,
            allowed="anna",
            strangers=("bela", "olga", "stan"),
            forbidden=forbidden,
            unchanged=state,
            missing=f"/notes/999999/{act}/",
            has_page=act in {"edit", "share"},
        )
    for person in ("olga", "stan"):
        assert browse(person).get(QUESTIONS).status_code == 403
    assert browse("bela").get(QUESTIONS).status_code == 200
    assert browse(None).get(QUESTIONS).status_code == 302
    assert browse("anna").get(f"/notes/{note.pk}/reply/").status_code == 405


def test_a_member_of_one_folder_reads_and_writes_there(
    browse: Browse, cast: Cast, restricted_engagement: Engagement
) -> None:
    nora = colleague(cast.auditor, "nora")
    nora.set_password("nora-password-long")
    nora.save()
    restricted_engagement.auditors.add(nora)
    secret = write_note(
        person=cast.auditor, engagement=restricted_engagement, path="secret-plan.txt", start=1, end=1, text="the plan"
    )
    Grant.objects.all().delete()
    Grant.objects.create(person=nora, release=restricted_engagement.release, rights=[Right.REVIEW], folder="hidden")
    client, place = browse("nora"), f"/engagements/{restricted_engagement.pk}/notes/"
    page = text_of(client, "/products/vault/9.9/file/hidden/engine-core.c")
    assert f'formaction="{place}"' in page
    client.post(place, {"path": "hidden/engine-core.c", "start": 1, "end": 1, "text": "here"})
    assert "here" in text_of(client, "/products/vault/9.9/file/hidden/engine-core.c")
    assert client.post(place, {"path": "secret-plan.txt", "start": 1, "end": 1, "text": "there"}).status_code == 404
    assert client.post(place, {"path": "hidden", "about": "snapshot", "text": "all"}).status_code in {403, 404}
    assert client.get(f"/notes/{secret.pk}/").status_code == 404
    assert list(Note.objects.values_list("text", flat=True).order_by("pk")) == ["the plan", "here"]


def test_an_unchanged_file_is_sent_again_when_its_threads_change(
    browse: Browse, cast: Cast, engagement: Engagement
) -> None:
    note = write(cast, engagement, visibility="vendor")
    client = browse("anna")
    tags = [client.get(MAIN).headers["ETag"]]

    def asked_again() -> int:
        status = client.get(MAIN, headers={"if-none-match": tags[-1]}).status_code
        tags.append(client.get(MAIN).headers["ETag"])
        return status

    assert asked_again() == 304
    reply = reply_to_note(person=cast.vendor, note=note, text="because")
    assert asked_again() == 200
    Note.objects.filter(pk=reply.pk).update(text="other")
    assert asked_again() == 200
    client.post(f"/notes/{note.pk}/resolve/")
    assert client.get(MAIN).status_code == 200  # the message
    assert asked_again() == 200
    assert asked_again() == 304
    engagement.auditors.add(colleague(cast.auditor, "tess"))  # who reads it, by name, is on the page
    assert asked_again() == 200
    Grant.objects.all().delete()
    assert asked_again() == 200
    assert "Reply" not in client.get(MAIN).content.decode()


def test_grants_are_asked_for_once_a_page_and_again_for_the_next(
    browse: Browse, cast: Cast, restricted_engagement: Engagement
) -> None:
    client, place = browse("anna"), "/products/vault/9.9/file/hidden/engine-core.c"
    with CaptureQueriesContext(connection) as told:
        assert client.get(place).status_code == 200
    live = [sql for sql in (query["sql"] for query in told) if 'FROM "transparency_grant"' in sql]
    # Beside the page itself its state is read before and after (room_state.py), whatever is live.
    assert sum('"revoked_at" IS NULL' in sql for sql in live) == 1
    Grant.objects.all().delete()
    assert client.get(place).status_code == 404


def test_who_has_not_accepted_the_terms_reads_and_writes_nothing(
    browse: Browse, cast: Cast, open_release: Release
) -> None:
    engagement = engage(cast.auditor, open_release, terms="Tell nobody.")
    Acceptance.objects.create(engagement=engagement, person=cast.auditor)
    note = write(cast, engagement)
    tess = colleague(cast.auditor, "tess")
    tess.set_password("tess-password-long")
    tess.save()
    engagement.auditors.add(tess)
    client = browse("tess")
    assert "why <em>this</em>?" in text_of(client, MAIN)
    answer = client.post(f"/notes/{note.pk}/reply/", {"text": "x"})
    assert (answer.status_code, "First accept the engagement" in answer.content.decode()) == (403, True)
    assert client.post(f"/notes/{note.pk}/resolve/").status_code == 403
    assert Note.objects.get().resolved_at is None
    Acceptance.objects.create(engagement=engagement, person=tess)
    client.post(f"/notes/{note.pk}/reply/", {"text": "x"})
    client.post(f"/notes/{note.pk}/resolve/")
    assert Note.objects.get(thread=None).resolved_by == tess
    assert Note.objects.get(thread=note).author == tess
