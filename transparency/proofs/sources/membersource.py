"""Where an archive's members come from, and the limits that hold while they come (EDGES, Limits)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from transparency.proofs.sources.archive import Member, Stream, TarReader
from transparency.proofs.sources.bounds import BoundedStream

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Limits:
    """EDGES, Limits. Bytes, but for members and ratio."""

    content: int = 16 * 1024**3
    members: int = 1_000_000
    member: int = 4 * 1024**3
    ratio: int = 200
    ratio_from: int = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the pass is: members and content bytes read, bytes of the archive consumed."""

    members: int
    bytes: int
    archive_bytes: int


class MemberSource(Protocol):
    """The members of an archive, once, and what was odd about it; `finish` raises when it was cut short or goes on after its end."""

    def __iter__(self) -> Iterator[Member]: ...

    @property
    def consumed(self) -> int: ...

    @property
    def flags(self) -> tuple[tuple[str, str], ...]: ...

    def finish(self) -> None: ...


class ArchiveStream(Stream, Protocol):
    """A decompressed stream that knows its source; `finish` raises when the compressed data was cut short or goes on after its end."""

    @property
    def consumed(self) -> int: ...

    @property
    def flags(self) -> tuple[tuple[str, str], ...]: ...

    def finish(self) -> None: ...


class TarSource:
    """The members of a tar stream, which is stopped when it turns out to be a bomb."""

    def __init__(self, stream: ArchiveStream, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits

    def __iter__(self) -> Iterator[Member]:
        return iter(TarReader(BoundedStream(self._stream, self._limits)))

    @property
    def consumed(self) -> int:
        return self._stream.consumed

    @property
    def flags(self) -> tuple[tuple[str, str], ...]:
        return self._stream.flags

    def finish(self) -> None:
        self._stream.finish()
