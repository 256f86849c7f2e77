"""Pages of files without lines, and where somebody stopped reading."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from reviews.models import LastPlace
from reviews.services.remember_place import remember_place
from reviews.web import binary
from tests.cast import deliver
from tests.web.test_templates import check_page
from transparency.models import Grant
from transparency.permissions import Right

if TYPE_CHECKING:
    from reviews.models import Engagement
    from tests.cast import Cast
    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)
PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0" + b"<script>alert(1)</script>" + bytes(range(256)) * 40


def test_bytes_are_shown_as_hex_runs_and_entropy_and_as_nothing_else(
    browse: Browse, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"a/picture.png": PICTURE, "b": b"x\n", "c/large.bin": bytes(5000)}
    release = deliver(cast, product="media", files=files, restricted=True)
    Grant.objects.create(person=cast.stranger, release=release, rights=[Right.READ_SOURCE], folder="a")
    place, client = "/products/media/1.0/file/a/picture.png", browse("stan")
    page = client.get(place).content.decode()
    check_page(page, place)
    assert "PNG image" in page
    assert "<span>89 50 4e 47 0d 0a 1a 0a</span> <span>00 00 00 3c 73 63 72 69</span>" in page
    assert hashlib.sha1(b"blob %d\0" % len(PICTURE) + PICTURE).hexdigest() in page  # noqa: S324 - git's name of it
    assert hashlib.sha256(PICTURE).hexdigest() in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "Page 1 of 3" in page
    assert "00001000" in client.get(f"{place}?bytes=2").content.decode()
    last = client.get(f"{place}?bytes=99").content.decode()
    assert "Page 3 of 3" in last
    for asked in ("bytes=0", "bytes=-1", "bytes=x", "strings=999999999", "strings=%00", "bytes=99999999999"):
        assert client.get(f"{place}?{asked}").status_code == 200, asked
    assert client.get(place.replace("a/picture.png", "c/large.bin")).status_code == 404
    monkeypatch.setattr(binary, "MOST_BYTES", 4000)
    page = browse("vera").get(place.replace("a/picture.png", "c/large.bin")).content.decode()
    assert "file-too-large" in page
    assert "tc-hex" not in page


def test_where_one_stopped_is_offered_to_that_person_alone_and_only_while_it_leads_there(
    browse: Browse, cast: Cast, engagement: Engagement
) -> None:
    anna, release = browse("anna"), engagement.release
    tree = "/products/widget/1.0/tree/"
    assert "Go on at" not in anna.get(tree).content.decode()
    anna.get("/products/widget/1.0/file/src/main.c?lines=3-4")
    page = anna.get(tree).content.decode()
    assert '/file/src/main.c?lines=3#L3">Go on at <bdi>src/main.c</bdi>:3</a>' in page
    assert "src/main.c" in anna.get("/").content.decode()
    assert "Go on at" not in browse("bela").get(tree).content.decode()
    anna.get("/products/widget/1.0/file/src/main.c")  # without lines: the line stays
    assert LastPlace.objects.get(person=cast.auditor).line == 3
    anna.get("/products/widget/1.0/file/logo.bin")
    kept = LastPlace.objects.get(person=cast.auditor)
    assert (kept.path, kept.line) == ("logo.bin", 1)
    assert remember_place(person=cast.auditor, release=release.pk, path="logo.bin") is False
    assert LastPlace.objects.get(person=cast.auditor).seen_at == kept.seen_at
    LastPlace.objects.filter(person=cast.auditor).update(path="gone/away")
    assert "Go on at" not in anna.get(tree).content.decode()
    remember_place(person=cast.auditor, release=release.pk, path="README", line=2)
    assert LastPlace.objects.filter(person=cast.auditor).count() == 1


def test_a_place_that_one_may_not_read_any_more_is_not_named(browse: Browse, restricted_engagement: Engagement) -> None:
    anna = browse("anna")
    anna.get("/products/vault/9.9/file/secret-plan.txt")
    Grant.objects.all().delete()
    Grant.objects.create(
        person=restricted_engagement.created_by,
        release=restricted_engagement.release,
        rights=[Right.REVIEW],
        folder="hidden",
    )
    for place in ("/", "/products/vault/9.9/tree/"):
        assert "secret-plan" not in anna.get(place).content.decode(), place
