"""Limits that hold while bytes come out of a decompressor, whatever the bytes are for (EDGES, Limits).

A bomb may lie in a file, in extension headers, or in the zeros after the end: all of them are read through here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.proofs.sources.archive import ArchiveError

if TYPE_CHECKING:
    from transparency.proofs.sources.membersource import ArchiveStream, Limits

# A member's headers and padding, far above what any tar writes; and the blocks at the end.
MAX_OVERHEAD_BYTES = 16 * 1024
MAX_END_BYTES = 1024 * 1024
# How often to look: asking for the source's offset at every header costs more than the header.
LOOK_BYTES = 256 * 1024


class BoundedStream:
    """Stops a bomb while it goes off (`limit-ratio`, `limit-content`)."""

    def __init__(self, stream: ArchiveStream, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits
        self._position = 0
        self._next_look = 0
        self._most = limits.content + limits.members * MAX_OVERHEAD_BYTES + MAX_END_BYTES

    def read(self, count: int, /) -> bytes:
        data = self._stream.read(count)
        self._position += len(data)
        if self._position >= self._next_look:
            self._look()
        return data

    def _look(self) -> None:
        check_ratio(self._position, self._stream.consumed, self._limits)
        if self._position > self._most:
            raise ArchiveError("limit-content", expected=f"at most {self._most} bytes of archive", found="more")
        self._next_look = self._position + LOOK_BYTES


def check_ratio(made: int, consumed: int, limits: Limits) -> None:
    """Raise `limit-ratio` when so many bytes out of so few are a bomb."""
    if made > limits.ratio_from and made > limits.ratio * max(consumed, 1):
        raise ArchiveError("limit-ratio", expected=f"at most {limits.ratio}:1", found=f"{made} bytes out of {consumed}")
