"""Pages cut at their tokens are, with any token, what they were."""

from __future__ import annotations

import gzip
import re
import subprocess
import zlib

from hypothesis import given
from hypothesis import strategies as st

from transparency.web.spliced import Spliced

TOKENS = st.binary(min_size=1, max_size=70)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=6), TOKENS, TOKENS)
def test_another_token_stands_where_the_first_stood(pieces: list[bytes], old: bytes, new: bytes) -> None:
    content = old.join(pieces)
    page = Spliced.of(content, old)
    assert page.whole(old) == content
    assert page.whole(new) == new.join(content.split(old))
    assert gzip.decompress(page.gzip(new)) == page.whole(new)


def test_other_tools_read_it_and_the_token_stands_uncompressed() -> None:
    content = b"<p>" + b"many words " * 500 + b"TOKEN" + b"more words " * 500 + b"TOKEN</p>"
    packed = Spliced.of(content, b"TOKEN").gzip(b"abcdefgh")
    done = subprocess.run(["gzip", "-dc"], input=packed, stdout=subprocess.PIPE, check=True)
    assert done.stdout == content.replace(b"TOKEN", b"abcdefgh")
    assert len(re.findall(b"abcdefgh", packed)) == 2
    assert len(packed) < len(content) / 10
    assert zlib.decompressobj(31).decompress(packed) == done.stdout


def test_without_a_token_it_is_one_piece() -> None:
    page = Spliced.of(b"nothing to fill in", b"")
    assert page.plain == (b"nothing to fill in",)
    assert gzip.decompress(page.gzip(b"unused")) == b"nothing to fill in"
