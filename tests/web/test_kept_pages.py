"""Pages out of memory: equal to what would be made now, whoever wrote what in between; never another's, never older than a right."""

from __future__ import annotations

import re
import shutil
import time
import zlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reviews.models import Acceptance, Note
from reviews.services.delete_note import delete_note
from reviews.services.edit_note import edit_note
from reviews.services.mark_region import mark_region
from reviews.services.reply_to_note import reply_to_note
from reviews.services.resolve_note import resolve_note
from reviews.services.restore_note import restore_note
from reviews.services.unmark_region import unmark_region
from reviews.services.write_note import write_note
from reviews.web import context
from tests.reviews.conftest import colleague, engage
from transparency.models import Grant, Organisation, Person, Product, Release
from transparency.queries import _repository, file_table_of, open_file_table
from transparency.services.stores import cache
from transparency.web.kept_pages import pages
from transparency.web.spliced import KeptResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import Settings

    from reviews.models import Engagement
    from tests.cast import Cast
    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)
FILE, FOLDER, TOP = (f"/products/widget/1.0/{place}" for place in ("file/src/main.c", "tree/src/", "tree/"))
PLACES = (FILE, FOLDER, TOP)
HIDDEN = ("/products/vault/9.9/file/hidden/engine-core.c", "/products/vault/9.9/tree/hidden/")
_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    pages.clear()


def shown(client: Client, place: str) -> tuple[int, bytes]:
    answer = client.get(place)
    return answer.status_code, _TOKEN.sub(b"", answer.content)


def made_anew(client: Client, place: str) -> tuple[int, bytes]:
    pages.clear()
    return shown(client, place)


def is_kept(client: Client, place: str) -> bool:
    """Whether the next answer comes out of memory."""
    return isinstance(client.get(place), KeptResponse)


def rename(row: Any, **changes: object) -> None:
    type(row).objects.filter(pk=row.pk).update(**changes)


Change = tuple[str, "Callable[[], object]"]


def changes(cast: Cast, engagement: Engagement) -> list[Change]:
    """What people do that pages show, in an order in which each of them changes something."""
    anna, notes = cast.auditor, Note.objects.order_by("pk")
    here: dict[str, Any] = {"engagement": engagement, "path": "src/main.c", "start": 2, "end": 3}
    tess = colleague(anna, "tess")
    product, release = engagement.release.product, engagement.release
    return [
        ("a note", lambda: write_note(person=anna, text="why?", **here)),
        ("a reply", lambda: reply_to_note(person=anna, note=notes[0], text="because")),
        ("an edit", lambda: edit_note(person=anna, note=notes[0], text="why *this*?")),
        ("it is resolved", lambda: resolve_note(person=anna, note=notes[0])),
        ("it is open again", lambda: resolve_note(person=anna, note=notes[0], resolved=False)),
        ("it is shared", lambda: rename(notes[0], visibility="vendor")),
        ("it is deleted", lambda: delete_note(person=anna, note=notes[1])),
        ("it is restored", lambda: restore_note(person=anna, note=notes[1])),
        ("a mark", lambda: mark_region(person=anna, level="read", **here)),
        ("a stronger one", lambda: mark_region(person=anna, level="examined", **here)),
        ("it is taken back", lambda: unmark_region(person=anna, **here)),
        ("the same mark again", lambda: mark_region(person=anna, level="read", **here)),
        ("one more in the team", lambda: engagement.auditors.add(tess)),
        ("her name", lambda: rename(tess, first_name="Theresa", last_name="Ng")),
        ("terms", lambda: rename(engagement, terms="Tell nobody.", digest="0" * 64)),
        ("their acceptance", lambda: Acceptance.objects.create(engagement=engagement, person=anna)),
        ("the end of it", lambda: rename(engagement, ends_at=timezone.now() - timedelta(seconds=1))),
        ("another engagement", lambda: engage(anna, release)),
        ("the author's name", lambda: rename(anna, first_name="Anna", last_name="Q")),
        ("the authority's name", lambda: rename(anna.organisation, name="Agency of the North")),
        ("the vendor's name", lambda: rename(product.vendor, name="Widgets & Sons")),
        ("the product's name", lambda: rename(product, name="Widget <2>")),
        ("another source", lambda: rename(release, subject=None)),
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["anna", "bela", "vera", "olga"])
def test_a_kept_page_is_what_would_be_made_now(browse: Browse, cast: Cast, engagement: Engagement, who: str) -> None:
    client = browse(who)
    for place in PLACES:
        shown(client, place)
    seen = {place: shown(client, place) for place in PLACES}
    changed = set()
    for name, change in changes(cast, engagement):
        change()
        for place in PLACES:
            now = shown(client, place)
            assert now == shown(client, place) == made_anew(client, place), (name, place)
            shown(client, place)  # kept for the next change
            if now != seen[place]:
                changed.add(name)
            seen[place] = now
    if who == "anna":
        assert len(changed) >= 20, changed


def test_a_page_is_kept_and_given_to_nobody_else(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    write_note(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=1, text="ours alone")
    anna, elsewhere = browse("anna"), browse("anna")
    for place in (FILE, FOLDER):
        first = shown(anna, place)
        assert is_kept(anna, place)
        assert shown(anna, place) == first
        assert not is_kept(elsewhere, place)
        assert not is_kept(anna, f"{place}?lines=2-3")
        for other in ("bela", "vera", "olga"):
            assert b"ours alone" not in shown(browse(other), place)[1]
    anna.cookies["theme"] = "dark"
    assert b'data-theme="dark"' in shown(anna, FILE)[1]


@pytest.mark.parametrize("place", HIDDEN)
def test_a_right_that_ends_ends_the_page(
    browse: Browse, cast: Cast, restricted_engagement: Engagement, place: str
) -> None:
    client = browse("anna")
    assert shown(client, place)[0] == 200
    assert is_kept(client, place)
    kept = Grant.objects.filter(revoked_at__isnull=True)
    soon = timezone.now() + timedelta(seconds=0.6)
    kept.update(valid_until=soon)
    assert shown(client, place)[0] == shown(client, place)[0] == 200
    time.sleep(max(0.0, (soon - timezone.now()).total_seconds()) + 0.05)
    assert shown(client, place)[0] == 404
    kept.update(valid_until=None)
    assert shown(client, place)[0] == 200
    kept.update(revoked_at=timezone.now())
    assert shown(client, place)[0] == 404


def test_who_is_switched_off_or_moved_gets_no_kept_page(
    browse: Browse, cast: Cast, restricted_engagement: Engagement
) -> None:
    client = browse("anna")
    assert shown(client, HIDDEN[0])[0] == shown(client, HIDDEN[0])[0] == 200
    other = Organisation.objects.create(slug="elsewhere", name="Elsewhere", kind=Organisation.Kind.AUTHORITY)
    home = cast.auditor.organisation
    Person.objects.filter(pk=cast.auditor.pk).update(organisation=other)
    assert shown(client, HIDDEN[0])[0] == 404
    Person.objects.filter(pk=cast.auditor.pk).update(organisation=home, is_active=False)
    assert client.get(HIDDEN[0]).status_code in {302, 404}


def test_a_product_that_is_closed_closes_its_pages(browse: Browse, cast: Cast, open_release: Release) -> None:
    client = browse("bela")
    assert shown(client, FILE)[0] == shown(client, FILE)[0] == 200
    Product.objects.filter(pk=open_release.product_id).update(visibility=Product.Visibility.RESTRICTED)
    assert shown(client, FILE)[0] == shown(client, FOLDER)[0] == 404


def test_forms_of_a_kept_page_have_a_token_of_their_own(cast: Cast, engagement: Engagement) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.login(username="anna", password="anna-password-long")
    found = [_TOKEN.findall(client.get(FILE).content) for _ in range(3)]
    assert all(len(tokens) > 2 and len(set(tokens)) == 1 for tokens in found)
    assert len({tokens[0] for tokens in found}) == 3
    token = found[2][0].decode().rpartition('value="')[2].rstrip('"')
    form = {"path": "src/main.c", "start": 1, "end": 1, "level": "read", "csrfmiddlewaretoken": token}
    assert client.post(f"/engagements/{engagement.pk}/marks/", form).status_code == 302


def test_what_is_said_once_is_said_once(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    client = browse("anna")
    shown(client, FILE)
    form = {"path": "src/main.c", "start": 1, "end": 1, "level": "read"}
    said = client.post(f"/engagements/{engagement.pk}/marks/", form, follow=True)
    assert b"Line 1 is marked read by you" in said.content
    place = said.redirect_chain[-1][0].partition("#")[0]
    assert b"is marked read by you" not in shown(client, place)[1]
    assert b"is marked read by you" not in shown(client, place)[1]


def test_a_page_reads_no_table_that_its_state_does_not_name(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    """Whoever adds one to a page adds it to reviews/web/room_state.py, or pages would be kept too long."""
    note = write_note(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=1, text="x")
    resolve_note(person=cast.auditor, note=note)
    write_note(person=cast.auditor, engagement=engagement, path="src", about="folder", start=0, end=0, text="y")
    mark_region(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=2, level="read")
    Acceptance.objects.create(engagement=engagement, person=cast.auditor)
    for who in ("anna", "vera"):
        client = browse(who)
        for place in PLACES:
            client.get(place)
            tables = []
            for _ in range(2):
                with CaptureQueriesContext(connection) as asked:
                    client.get(place)
                tables.append({name for query in asked for name in re.findall(r'(?:FROM|JOIN) "(\w+)"', query["sql"])})
                pages.clear()
            state, page = tables
            # A snapshot never changes, and the last place is written by the page itself.
            assert page - state <= {"transparency_snapshot"}, (who, place, page - state)


def test_memory_is_bounded(browse: Browse, engagement: Engagement, settings: Settings) -> None:
    client = browse("anna")
    client.get(FILE)
    assert is_kept(client, FILE)
    settings.KEPT_PAGES_BYTES = limit = 3 * pages.size
    for line in range(1, 6):
        client.get(f"{FILE}?lines={line}")
    assert limit / 2 < pages.size <= limit
    assert not is_kept(client, FILE)
    settings.KEPT_PAGES_BYTES = 10
    pages.clear()
    assert client.get(FILE).status_code == 200
    assert pages.size == 0


def test_a_browser_that_has_the_page_is_told_so(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    client = browse("anna")
    for place in (FILE, FOLDER):
        tag = client.get(place).headers["ETag"]
        asked = {"if-none-match": tag}
        assert client.get(place, headers=asked).status_code == 304
        pages.clear()
        assert client.get(place).headers["ETag"] == tag
        mark_region(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=1, level="read")
        assert client.get(place, headers=asked).status_code == 200
        unmark_region(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=1)


def test_a_page_that_another_version_made_is_never_called_unchanged(
    browse: Browse, engagement: Engagement, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browse("anna")
    tag = client.get(FILE).headers["ETag"]
    pages.clear()
    monkeypatch.setattr(context, "THEMES", (("system", "as the computer"),))
    assert client.get(FILE).headers["ETag"] != tag
    assert client.get(FILE, headers={"if-none-match": tag}).status_code == 200


def test_a_browser_that_lost_the_secret_of_its_forms_gets_the_page_anew(cast: Cast, engagement: Engagement) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.login(username="anna", password="anna-password-long")
    for place in PLACES:
        tag = client.get(place).headers["ETag"]
        assert client.get(place, headers={"if-none-match": tag}).status_code == 304
        del client.cookies["csrf"]
        assert client.get(place, headers={"if-none-match": tag}).status_code == 200


@pytest.mark.parametrize("place", [FILE, FOLDER, *HIDDEN])
def test_a_kept_page_has_the_headers_of_a_made_one(
    browse: Browse, engagement: Engagement, restricted_engagement: Engagement, place: str
) -> None:
    client = browse("anna")
    for asked in ({}, {"accept-encoding": "gzip"}):
        pages.clear()
        made, kept, head = client.get(place, headers=asked), client.get(place, headers=asked), client.head(place)
        assert isinstance(kept, KeptResponse)
        for answer in (made, kept):
            del answer.headers["Content-Length"]  # what was compressed has a random length
        assert made.headers.items() == kept.headers.items()
        assert made.cookies.keys() == kept.cookies.keys() == head.cookies.keys()
        assert head.content == b""
    assert made.headers.get("ETag", "").removeprefix("W/") == head.headers.get("ETag", "")
    for answer in (made, head):
        for name in ("Content-Length", "Content-Encoding", "ETag"):
            del answer.headers[name]
    assert made.headers.items() == head.headers.items()


def test_a_file_that_could_not_be_shown_is_tried_again(browse: Browse, engagement: Engagement) -> None:
    client, product = browse("anna"), engagement.release.product
    before = shown(client, FILE)
    assert engagement.release.subject
    entry = open_file_table(engagement.release.subject).find(b"src/main.c")
    assert entry
    [repository] = cache().folder(product.store_key, "repositories").iterdir()
    shutil.rmtree(cache().folder(product.store_key, "rows"))
    for file in (repository / "objects" / "pack").iterdir():
        file.unlink()
    name = entry.sha1.hex()
    loose = repository / "objects" / name[:2] / name[2:]
    loose.parent.mkdir(exist_ok=True)
    loose.write_bytes(zlib.compress(b"blob 5\0other"))
    _repository.cache_clear()
    pages.clear()
    assert b"This file cannot be shown" in shown(client, FILE)[1]
    shutil.rmtree(repository)
    _repository.cache_clear()
    assert shown(client, FILE) == before


def test_who_may_not_read_cannot_count_which_paths_there_are(
    browse: Browse, cast: Cast, restricted_engagement: Engagement, settings: Settings
) -> None:
    def asks(client: Client, place: str) -> int:
        client.get(place)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(place).status_code == 404
        return len(asked.captured_queries)

    there, nowhere = HIDDEN[0], f"{HIDDEN[0]}pp"
    stranger = browse("bela")
    assert asks(stranger, there) == asks(stranger, nowhere) == asks(stranger, HIDDEN[1])
    shutil.rmtree(settings.OBJECT_ROOT)
    cache().erase(restricted_engagement.release.product.store_key)
    file_table_of.cache_clear()
    assert stranger.get(there).status_code == stranger.get(HIDDEN[1]).status_code == 404


def test_whoever_reads_one_folder_cannot_count_the_paths_of_another(
    browse: Browse, cast: Cast, restricted_engagement: Engagement
) -> None:
    product = restricted_engagement.release.product
    Grant.objects.create(person=cast.stranger, product=product, folder="docs", rights=["read-source"])
    client, counts = browse("bela"), []
    for place in (HIDDEN[0], f"{HIDDEN[0]}pp"):
        client.get(place)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(place).status_code == 404
        counts.append(len(asked.captured_queries))
    assert counts[0] == counts[1]


def test_a_page_larger_than_all_memory_leaves_the_others(
    browse: Browse, engagement: Engagement, settings: Settings
) -> None:
    client = browse("anna")
    client.get(FILE)  # which also is where the folder's page offers to go on
    pages.clear()
    client.get(FOLDER)
    settings.KEPT_PAGES_BYTES = pages.size
    client.get(FILE)
    assert is_kept(client, FOLDER)
    assert not is_kept(client, FILE)
