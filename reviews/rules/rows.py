r"""Rows of a file as they are kept and sent: one string with the place of each row in it, so that a page is a few slices.

A long file is cut into parts of ROWS_A_PART rows; each part is kept by itself. A row is `<tr id="L7">` with three cells: the number as a
link, an empty one for a mark's word, the text of render.py. Rows that look alike (equal mark, equally selected) share a `<tbody>` whose
class says so, and the first of them names the mark in words; notes stand after their last line.

>>> [kept] = keep_rows(RenderedFile(("a", "b"), None, "no-language"))
>>> parse_rows(format_rows(kept)) == kept
True
>>> print(splice(kept, [Span(1, 2, "is-read", "")], {2: "<tr><td>note</td></tr>\n"}).replace(kept.html, "two rows "))
<tbody class="is-read">
two rows <tr><td>note</td></tr>
</tbody>
<BLANKLINE>
"""

from __future__ import annotations

import json
import struct
import sys
import zlib
from array import array
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, cast

from reviews.rules.render import RENDERER_VERSION, PlainReason, RenderedFile
from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROWS_A_PART = 5_000
LEVEL = 1
ROWS_VERSION = f"{RENDERER_VERSION}.1"  # in the name of what is kept: the renderer's and this file's own
_MAGIC = b"transparency-rows\n"
_HEAD = struct.Struct(">IIII")
_MARK = '<td class="tc-code__mark"></td>'


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one part, from line `first` on. `places` has one more item than there are rows: where each begins, and the end."""

    first: int
    html: str
    places: array[int]
    language: str | None
    plain_reason: PlainReason | None

    @property
    def last(self) -> int:
        return self.first + len(self.places) - 2

    @property
    def cost(self) -> int:
        """Bytes of memory, nearly."""
        return len(self.html) + self.places.itemsize * len(self.places)

    def between(self, start: int, end: int) -> str:
        """The rows of lines `start` to `end`, as they are; "" where there are none."""
        return self.html[self.places[start - self.first] : self.places[end + 1 - self.first]] if start <= end else ""


@dataclass(frozen=True, slots=True)
class Span:
    """Lines `start` to `end` look alike: `look` is the class of their rows, `word` what their first row says."""

    start: int
    end: int
    look: str
    word: str


def keep_rows(rendered: RenderedFile) -> list[Rows]:
    """The parts of a file; none of an empty one."""
    rows = [_row(number, html) for number, html in enumerate(rendered.rows, start=1)]
    parts = (rows[place : place + ROWS_A_PART] for place in range(0, len(rows), ROWS_A_PART))
    return [
        Rows(number * ROWS_A_PART + 1, "".join(part), _places(map(len, part)), rendered.language, rendered.plain_reason)
        for number, part in enumerate(parts)
    ]


def splice(rows: Rows, spans: Iterable[Span], after: Mapping[int, str]) -> str:
    """The part as table bodies. `spans` cover it without gaps, in order; `after` holds rows of HTML by the line that they follow."""
    parts = []
    noted = sorted(after)
    for span in spans:
        start = span.start
        parts.append(f'<tbody class="{span.look}">\n' if span.look else "<tbody>\n")
        if span.word:
            told = f'<td class="tc-code__mark">{span.word}</td>'
            parts += (rows.between(start, start).replace(_MARK, told, 1), after.get(start, ""))
            start += 1
        for line in noted:
            if start <= line <= span.end:
                parts += (rows.between(start, line), after[line])
                start = line + 1
        parts += (rows.between(start, span.end), "</tbody>\n")
    return "".join(parts)


def format_rows(rows: Rows) -> bytes:
    """The bytes that the cache keeps: magic, sizes, what is said of the whole, lengths of the rows, the compressed rows."""
    said = json.dumps([rows.language, rows.plain_reason]).encode()
    body = zlib.compress(rows.html.encode(), LEVEL)
    lengths = array("I", (end - start for start, end in pairwise(rows.places)))
    if sys.byteorder == "little":
        lengths.byteswap()
    return _MAGIC + _HEAD.pack(rows.first, len(said), len(lengths), len(body)) + said + lengths.tobytes() + body


def parse_rows(data: bytes) -> Rows:
    """Raise `rows-damaged` for anything but what `format_rows` wrote; whoever asked renders again."""
    try:
        first, said_size, count, body_size = _HEAD.unpack_from(data, len(_MAGIC))
        place = len(_MAGIC) + _HEAD.size
        language, reason = json.loads(data[place : place + said_size])
        place += said_size
        lengths = array("I")
        lengths.frombytes(data[place : place + count * 4])
        if sys.byteorder == "little":
            lengths.byteswap()
        html = zlib.decompress(data[place + count * 4 :]).decode()
    except (ValueError, struct.error, zlib.error) as error:
        raise EvidenceError("rows-damaged", expected="rows as they were kept", found=str(error)) from error
    whole = len(data) == place + count * 4 + body_size and sum(lengths) == len(html)
    if not whole or not data.startswith(_MAGIC):
        raise EvidenceError("rows-damaged", expected="rows as they were kept", found="another file")
    return Rows(first, html, _places(lengths), language, cast("PlainReason | None", reason))


def _places(lengths: Iterable[int]) -> array[int]:
    return array("Q", accumulate(lengths, initial=0))


def _row(number: int, html: str) -> str:
    return (
        f'<tr id="L{number}"><td class="tc-code__number"><a href="?lines={number}#L{number}" data-line="{number}">{number}</a></td>'
        f'{_MARK}<td class="tc-code__text">{html}</td></tr>\n'
    )
