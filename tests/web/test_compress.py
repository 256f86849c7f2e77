"""Pages go out compressed to whoever takes it."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transparency.web.compress import compressed

if TYPE_CHECKING:
    from tests.web.conftest import Browse
    from transparency.models import Release


@given(st.binary(max_size=2000))
def test_a_member_is_gzip_and_its_size_says_nothing_exact(content: bytes) -> None:
    assert gzip.decompress(compressed(content)) == content


def test_equal_pages_differ_in_size() -> None:
    assert len({len(compressed(b"x" * 5000)) for _ in range(40)}) > 10


@pytest.mark.django_db(transaction=True)
def test_a_page_is_compressed_for_who_takes_it_and_keeps_a_weak_tag(browse: Browse, open_release: Release) -> None:
    place = "/products/widget/1.0/file/src/main.c"
    client = browse("anna")
    plain, packed = client.get(place), client.get(place, headers={"accept-encoding": "br, gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Length"] == str(len(packed.content))
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert b'<tr id="L5">' in gzip.decompress(packed.content)
    assert packed.headers["ETag"] == "W/" + plain.headers["ETag"]
    again = {"accept-encoding": "gzip", "if-none-match": packed.headers["ETag"]}
    assert client.get(place, headers=again).status_code == 304


@pytest.mark.django_db(transaction=True)
def test_an_archive_is_sent_as_it_is(browse: Browse, open_release: Release) -> None:
    answer = browse(None).get("/products/widget/1.0/dossier.zip", headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers
