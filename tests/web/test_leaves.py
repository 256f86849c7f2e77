"""What leaves the room of a restricted product: the page shows all of it to insiders, and none of these bytes tells anything."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from reviews.models import Attestation
from tests.reviews.conftest import engage
from tests.stories.test_restricted import secrets_of
from tests.web.attesting import attest
from transparency.models import LogEntry, Release
from transparency.proofs.log.leaf import parse_leaf
from transparency.proofs.log.tiles import parse_entries
from transparency.queries import log_head

if TYPE_CHECKING:
    from tests.cast import Cast
    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/products/vault/9.9/leaves/"


def shown_leaves(page: str) -> list[bytes]:
    found = (html.unescape(each) for each in re.findall(r"<code data-copy>(.*?)</code>", page, re.DOTALL))
    return [each.encode() for each in found if each.startswith('{"commitment"')]


def test_the_page_shows_every_public_byte_and_they_tell_nothing(
    browse: Browse, cast: Cast, open_release: Release, restricted_release: Release
) -> None:
    """The leaf of a statement is among them; so is one that waits for its place in the log."""
    attest(cast.auditor, cast.auditor_key, engage(cast.auditor, restricted_release), path="secret-plan.txt", lines=1)
    own = LogEntry.objects.filter(opening__isnull=False)
    assert {row.kind for row in own} == {"delivery", "builds", "event", "attestation"}
    page = browse("vera").get(PAGE)
    assert page.headers["Cache-Control"] == "no-store"
    *leaves, example = shown_leaves(page.content.decode())
    assert leaves == [bytes(row.leaf) for row in own.order_by("index")]
    assert parse_leaf(example).kind == "attestation"
    public = parse_entries((settings.LOG_ROOT / f"tile/entries/000.p/{log_head().size}").read_bytes(), log_head().size)
    assert set(leaves) <= set(public)
    hidden = secrets_of(restricted_release) | {"statement": Attestation.objects.get().digest.encode()}
    hidden |= {"vendor": b"acme", "authority": b"north", "version": b"9.9"}
    for what, secret in hidden.items():
        for leaf in (*leaves, example):
            assert secret not in leaf, what
    openings = [bytes(row.opening or b"") for row in own]
    salts = {salt for opening in openings for salt in re.findall(rb"[0-9a-f]{64}", opening)}
    assert len(salts) > 10
    assert not any(salt in page.content for salt in salts)  # no opening is shown, not even to insiders

    waiting = own.get(kind="attestation")
    LogEntry.objects.filter(pk=waiting.pk).update(index=None)
    told = browse("olga").get(PAGE).content.decode()
    assert "No place yet" in told
    assert "cannot be stopped any more" in told
    assert sorted(shown_leaves(told)[:-1]) == sorted(leaves)


def test_only_insiders_of_a_restricted_product_see_the_page(
    browse: Browse, cast: Cast, open_release: Release, restricted_release: Release
) -> None:
    assert browse(None).get(PAGE).status_code == 302
    assert browse(None).get("/products/nothing/1/leaves/").status_code == 302  # the same, whether it exists or not
    for person in ("stan", "anna", "bela"):
        assert browse(person).get(PAGE).status_code == 404
    for person in ("vera", "olga"):
        assert browse(person).get(PAGE).status_code == 200
        assert browse(person).get("/products/widget/1.0/leaves/").status_code == 404  # nothing of it is kept inside
    assert browse("vera").get("/products/vault/9.8/leaves/").status_code == 404
    engage(cast.auditor, restricted_release)  # who may review it may know of it
    assert browse("anna").get(PAGE).status_code == 200
    assert browse("vera").post(PAGE).status_code == 405
