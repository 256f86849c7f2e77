"""A page cut at the token of its forms: the pieces between are compressed once, the token is put in anew for each answer.

In a gzip answer each token stands in a block of its own that is not compressed (RFC 1951, 3.2.4), and no piece refers back over it.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from django.http import HttpResponse

from transparency.web.compress import LEVEL, RAW_DEFLATE, deflate, gzip_member

_LAST = b"\x03\x00"  # an empty block with the final bit


@dataclass(frozen=True, slots=True)
class Spliced:
    """`plain` and `packed` are the same pieces; between each two of them stands the token."""

    plain: tuple[bytes, ...]
    packed: tuple[bytes, ...]

    @classmethod
    def of(cls, content: bytes, token: bytes) -> Spliced:
        """Cut at each place of the token; without one the page is a single piece."""
        plain = tuple(content.split(token)) if token else (content,)
        return cls(plain, tuple(map(_flushed, plain)))

    @property
    def size(self) -> int:
        return sum(map(len, self.plain)) + sum(map(len, self.packed))

    def whole(self, token: bytes) -> bytes:
        return token.join(self.plain)

    def gzip(self, token: bytes) -> bytes:
        """One gzip member of `whole(token)`."""
        block = b"\0" + struct.pack("<HH", len(token), len(token) ^ 0xFFFF) + token
        return gzip_member(block.join(self.packed) + _LAST, self.whole(token))


class SplicedResponse(HttpResponse):
    """A page that is compressed already, but for the tokens of its forms."""

    def __init__(self, page: Spliced, token: bytes) -> None:
        super().__init__(page.whole(token))
        self._page, self._token = page, token

    def gzip(self) -> bytes:
        return self._page.gzip(self._token)


class KeptResponse(SplicedResponse):
    """A page out of memory."""


def _flushed(piece: bytes) -> bytes:
    packer = deflate.compressobj(LEVEL, zlib.DEFLATED, RAW_DEFLATE)
    packed: bytes = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    return packed
