"""The page of a file: anchors, selection, parts, marks beside the lines, notes after them, hostile text, caching."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from reviews.models import Note, ReadMark
from reviews.services.mark_region import mark_region
from reviews.services.write_note import write_note
from tests.cast import deliver
from tests.reviews.conftest import engage
from transparency.proofs.escaping import escape_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reviews.models import Engagement
    from tests.cast import Cast
    from tests.web.conftest import Browse
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)
MAIN = "/products/widget/1.0/file/src/main.c"
RAW_DIRECTION = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200f"


def rows(page: str) -> list[str]:
    return re.findall(r'<tr id="L\d+"[^>]*>', page)


def looks(page: str) -> dict[int, str]:
    """The class of each line's table body."""
    bodies = re.findall(r'<tbody(?: class="([^"]*)")?>(.*?)</tbody>', page, re.DOTALL)
    return {int(number): look for look, body in bodies for number in re.findall(r'<tr id="L(\d+)"', body)}


def test_every_line_has_an_anchor_and_a_link_to_itself(browse: Browse, open_release: Release) -> None:
    page = browse("anna").get(MAIN).content.decode()
    assert len(rows(page)) == 5
    for number in range(1, 6):
        assert f'<tr id="L{number}"' in page
        assert f'<a href="?lines={number}#L{number}" data-line="{number}">{number}</a>' in page


def test_lines_in_the_address_are_selected_and_fill_the_form(browse: Browse, engagement: Engagement) -> None:
    page = browse("anna").get(f"{MAIN}?lines=2-4").content.decode()
    assert [number for number, look in looks(page).items() if look == "is-selected"] == [2, 3, 4]
    assert 'name="start" type="number" inputmode="numeric" min="1" max="5" value="2"' in page
    assert 'name="end" type="number" inputmode="numeric" min="1" max="5" value="4"' in page


@pytest.mark.parametrize("lines", ["0", "6", "4-2-1", "x", "-3", "9999999999", "3-", "٣", "1 2", "%00"])
def test_lines_that_mean_nothing_select_nothing(browse: Browse, open_release: Release, lines: str) -> None:
    answer = browse("anna").get(MAIN, {"lines": lines, "part": lines, "deleted": lines})
    assert answer.status_code == 200
    assert "is-selected" not in answer.content.decode()


def test_a_region_that_ends_beyond_the_file_ends_with_it(browse: Browse, open_release: Release) -> None:
    page = browse("anna").get(f"{MAIN}?lines=4-99").content.decode()
    assert sum("is-selected" in look for look in looks(page).values()) == 2


def test_a_long_file_is_cut_and_linked(browse: Browse, cast: Cast) -> None:
    deliver(cast, product="long", files={"long.txt": b"".join(b"line %d\n" % n for n in range(1, 12_002)), "b": b""})
    client = browse("anna")
    place = "/products/long/1.0/file/long.txt"
    first = client.get(place).content.decode()
    assert (len(rows(first)), "line 5001" in first) == (5_000, False)
    assert "Lines 1 to 5,000 of 12,001" in first
    assert '<a href="?part=2#L5001">Lines 5,001 to 10,000</a>' in first
    last = client.get(f"{place}?part=99").content.decode()
    assert len(rows(last)) == 2_001
    assert 'id="L12001"' in last
    assert looks(client.get(f"{place}?lines=7000").content.decode())[7000] == "is-selected"


def test_marks_show_as_words_and_the_highest_counts(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    for start, end, level in ((1, 3, "skimmed"), (2, 3, "read"), (3, 3, "examined")):
        mark_region(person=cast.auditor, engagement=engagement, path="src/main.c", start=start, end=end, level=level)
    page = browse("anna").get(MAIN).content.decode()
    for number, level in ((1, "skimmed"), (2, "read"), (3, "examined")):
        assert looks(page)[number] == f"is-{level}"
        assert f'<td class="tc-code__mark">{level}</td>' in page
    assert "2 of 5 lines" in page


def test_forms_write_marks_and_notes_and_come_back_to_the_place(browse: Browse, engagement: Engagement) -> None:
    client = browse("anna")
    region = {"path": "src/main.c", "start": 3, "end": 4}
    answer = client.post(f"/engagements/{engagement.pk}/marks/", {**region, "level": "read", "text": ""})
    assert answer.headers["Location"] == f"{MAIN}?lines=3-4#L3"
    page = client.get(answer.headers["Location"]).content.decode()
    assert "Lines 3 to 4 are marked read by you." in page
    client.post(f"/engagements/{engagement.pk}/notes/", {**region, "text": "what\nis this?"})
    note = Note.objects.get()
    page = client.get(MAIN).content.decode()
    assert re.search(rf'id="L4".*?</tr>\s*<tr class="tc-code__note" id="note-{note.pk}"', page, re.DOTALL)
    answer = client.post(f"/engagements/{engagement.pk}/marks/", {**region, "start": 4, "level": "unmark"})
    assert [(mark.start, mark.end) for mark in ReadMark.objects.all()] == [(3, 3)]


def test_a_note_is_deleted_and_brought_back_by_its_author_alone(
    browse: Browse, cast: Cast, engagement: Engagement
) -> None:
    note = write_note(person=cast.auditor, engagement=engagement, path="README", start=1, end=2, text="first thought")
    client, other = browse("anna"), browse("bela")
    engage(cast.other_auditor, engagement.release)
    for place in ("delete", "restore"):
        assert other.post(f"/notes/{note.pk}/{place}/").status_code == 404
    answer = client.post(f"/notes/{note.pk}/delete/")
    page = client.get(answer.headers["Location"]).content.decode()
    assert "first thought" not in page
    assert f'action="/notes/{note.pk}/restore/"' in page
    assert "restore" not in other.get(answer.headers["Location"]).content.decode()
    client.post(f"/notes/{note.pk}/restore/")
    page = client.get(f"/products/widget/1.0/file/README?deleted={note.pk}").content.decode()
    assert "first thought" in page
    assert "restore" not in page


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"path": "src/main.c", "start": 1, "end": 6, "level": "read"}, "Nothing was marked."),
        ({"path": "src/main.c", "start": 4, "end": 3, "level": "read"}, "Nothing was marked."),
        ({"path": "logo.bin", "start": 1, "end": 1, "level": "read"}, "Nothing was marked."),
        ({"path": "no/such/file", "start": 1, "end": 1, "level": "read"}, None),
        ({"path": "src/main.c", "start": 1, "end": 1, "level": "approved"}, "Nothing was kept."),
        ({"path": "src/main.c", "start": "", "end": 1, "level": "read"}, "Nothing was kept."),
        ({"start": 1, "end": 1, "level": "read"}, "Nothing was kept."),
        ({"path": "a\r\nSet-Cookie: evil=1", "start": "x", "end": 1, "level": "read"}, "Nothing was kept."),
        ({"path": "src/\u00fc.c", "start": 1, "end": 1, "level": "read"}, "Nothing was kept."),
    ],
)
def test_bad_marks_are_refused_and_say_so(
    browse: Browse, engagement: Engagement, form: dict[str, object], said: str | None
) -> None:
    answer = browse("anna").post(f"/engagements/{engagement.pk}/marks/", form, follow=True)
    assert ReadMark.objects.count() == 0
    assert answer.status_code == (200 if said else 404)
    assert said is None or said in answer.content.decode()


def test_outside_the_scope_nothing_is_offered(browse: Browse, cast: Cast, open_release: Release) -> None:
    engage(cast.auditor, open_release, include=["src"])
    page = browse("anna").get("/products/widget/1.0/file/README").content.decode()
    assert "outside the scope" in page
    assert 'name="level"' not in page


def test_files_without_lines_say_what_they_are(browse: Browse, engagement: Engagement) -> None:
    client = browse("anna")
    assert "not a text file" in client.get("/products/widget/1.0/file/logo.bin").content.decode()
    assert "This file is empty." in client.get("/products/widget/1.0/file/src/empty").content.decode()


def test_hostile_text_in_notes_stays_text(
    browse: Browse, cast: Cast, engagement: Engagement, vectors: Callable[[str], Path]
) -> None:
    strings = [
        text for text in json.loads((vectors("names") / "blns.json").read_text()) if text.strip() and "\0" not in text
    ]
    for text in strings[:500]:
        write_note(person=cast.auditor, engagement=engagement, path="README", start=1, end=1, text=text)
    page = browse("anna").get("/products/widget/1.0/file/README").content.decode()
    own = browse("anna").get("/products/widget/1.0/file/src/util.h").content.decode()
    assert len(strings) > 450
    for tag in ("script", "img", "svg", "iframe", "style", "object", "embed", "link", "meta", "a", "form"):
        assert len(re.findall(rf"<{tag}[\s>/]", page)) - len(re.findall(rf"<{tag}[\s>/]", own)) in allowed(tag, page), (
            tag
        )
    assert not set(RAW_DIRECTION) & set(page)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", page)


def allowed(tag: str, page: str) -> range:
    """Our own links and forms grow with the notes; of everything else there is not one more."""
    notes = page.count('class="tc-code__note"')
    return range(-10, 6 * notes) if tag in {"a", "form"} else range(1)


def test_hostile_names_are_shown_with_every_hidden_character(browse: Browse, cast: Cast) -> None:
    names = [
        "a\u202egpj.c",
        "<b>bold</b>.c",
        "zero\u200bwidth",
        "tab\u2028line",
        "caf\u00e9.txt",
        'quo"te.c',
        "per%41cent",
    ]
    files = {f"d/{name}": b"x\n" for name in names}
    deliver(cast, product="names", files={**files, "z": b"z\n"})
    client = browse("anna")
    tree = client.get("/products/names/1.0/tree/d/").content.decode()
    assert not {"\u202e", "\u200b", "\u2028"} & set(tree)
    for token in ("‹U+202E›", "‹U+200B›", "‹U+2028›", "&lt;b&gt;bold", "café.txt", "per%41cent"):
        assert token in tree, token
    for href in re.findall(r'href="([^"]+/file/d/[^"]+)"', tree):
        answer = client.get(href)
        assert answer.status_code == 200, href
        page = answer.content.decode()
        assert not {"\u202e", "\u200b", "\u2028"} & set(page)
        assert len(re.findall("<h1", page)) == 1
    assert (
        escape_path("d/café.txt".encode())
        in client.get(
            f"/products/names/1.0/file/{escape_path('d/café.txt'.encode()).replace('%', '%25')}"
        ).content.decode()
    )


def test_a_name_that_is_not_utf_8_is_a_page_like_any_other(browse: Browse, cast: Cast) -> None:
    deliver(cast, product="bytes", files={b"caf\xe9.c".decode("utf-8", "surrogateescape"): b"x\n", "b": b"y\n"})
    client = browse("anna")
    tree = client.get("/products/bytes/1.0/tree/").content.decode()
    assert "caf‹0xE9›.c" in tree
    assert client.get("/products/bytes/1.0/file/caf%25E9.c").status_code == 200


@pytest.mark.parametrize(
    "path", ["../etc/passwd", "src//main.c", "src/%2e%2e/x", "%252e%252e/x", "src/main.c/", "%00", "caf%C3%A9"]
)
def test_paths_that_are_not_in_the_manifest_are_404(browse: Browse, open_release: Release, path: str) -> None:
    for kind in ("file", "raw", "tree"):
        assert browse("vera").get(f"/products/widget/1.0/{kind}/{path}", follow=True).status_code == 404, kind


def test_an_open_file_is_not_sent_twice_until_something_changes(
    browse: Browse, cast: Cast, engagement: Engagement
) -> None:
    client = browse("anna")
    first = client.get(MAIN)
    assert first.headers["Cache-Control"] == "private, no-cache"
    tag = {"if-none-match": first.headers["ETag"]}
    assert client.get(MAIN, headers=tag).status_code == 304
    assert client.get(f"{MAIN}?lines=2", headers=tag).status_code == 200
    assert browse("bela").get(MAIN, headers=tag).status_code == 200
    client.cookies["theme"] = "dark"
    assert client.get(MAIN, headers=tag).status_code == 200
    client.cookies["theme"] = ""
    write_note(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=1, text="new")
    assert client.get(MAIN, headers=tag).status_code == 200


def test_a_message_is_never_lost_to_the_cache(browse: Browse, engagement: Engagement) -> None:
    client = browse("anna")
    unchanged = {"path": "src/main.c", "start": 1, "end": 1, "level": "unmark"}
    tag = {"if-none-match": client.get(MAIN).headers["ETag"]}
    client.post(f"/engagements/{engagement.pk}/marks/", unchanged)
    answer = client.get(MAIN, headers=tag)
    assert answer.status_code == 200
    assert "You had no mark there" in answer.content.decode()


def test_restricted_pages_are_never_kept(browse: Browse, restricted_engagement: Engagement) -> None:
    client = browse("anna")
    for place in ("", "tree/", "file/secret-plan.txt", "tree/hidden/"):
        answer = client.get(f"/products/vault/9.9/{place}")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), place
        assert "ETag" not in answer.headers
    for place in ("/", "/products/", "/engagements/", f"/engagements/{restricted_engagement.pk}/", "/keys/"):
        assert "no-store" in client.get(place).headers["Cache-Control"], place


def test_the_tree_counts_notes_and_reading_by_content(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    write_note(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=1, text="one")
    mark_region(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=5, level="read")
    page = browse("anna").get("/products/widget/1.0/tree/").content.decode()
    row = page[page.index("tree/src/") :].split("</tr>")[0]
    assert '<td class="tc-numbers">1</td>' in row
    assert "5 of 6 lines" in row
    assert '<progress value="5" max="6"' in row
    assert "not text" in page
    assert "no lines" in browse("anna").get("/products/widget/1.0/tree/src/").content.decode()
