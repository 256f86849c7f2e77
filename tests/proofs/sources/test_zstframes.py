"""The frames of a file that the zstd tool wrote, with every byte changed."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tests.proofs.mutations import accepted
from transparency.proofs.sources.zstframes import count_frames

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENT = b"hello, hello, hello\n" * 40
REFUSALS = {"stream-truncated", "stream-trailing", "stream-malformed"}


def frames(data: bytes) -> int:
    return count_frames(lambda offset, count: data[offset : offset + count], len(data))


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4))
def test_as_many_frames_are_counted_as_were_written(contents: list[bytes]) -> None:
    assert frames(b"".join(zstandard.compress(content) for content in contents)) == len(contents)


@pytest.mark.parametrize("times", [1, 2])
def test_a_changed_file_is_refused_or_ends_where_its_last_frame_does(times: int) -> None:
    real = subprocess.run(["zstd", "-q", "--check"], input=CONTENT, capture_output=True, check=True).stdout * times
    assert frames(real) == times
    unpack: Callable[[bytes], bytes] = lambda data: (  # noqa: E731 - one expression
        zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read()
    )
    for mutated, count in accepted(real, frames, REFUSALS):
        assert count >= 1 or not mutated
        try:
            content = unpack(mutated)
        except zstandard.ZstdError:
            continue
        # The frames' own checksums hold, so the only way is to have more or fewer of the same frames.
        assert content == CONTENT * (len(content) // len(CONTENT))
