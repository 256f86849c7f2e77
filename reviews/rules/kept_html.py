"""HTML that was made of texts, by the digest of the text: the last used, within a number of characters.

>>> kept = KeptHtml(10)
>>> made = []
>>> for text in ("a", "b", "a"):
...     _ = kept.of(text, lambda text: made.append(text) or f"<p>{text}")
>>> made, len(kept)
(['a', 'b'], 2)
>>> kept.of("c", lambda text: "12345"), len(kept), kept.of("d", lambda text: "x" * 11) == "x" * 11, len(kept)
('12345', 2, True, 2)
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class KeptHtml:
    """What alone is longer than all may be is made each time."""

    def __init__(self, limit: int) -> None:
        self._limit, self._held = limit, 0
        self._made: OrderedDict[bytes, str] = OrderedDict()
        self._turn = threading.Lock()

    def __len__(self) -> int:
        return len(self._made)

    def of(self, text: str, make: Callable[[str], str]) -> str:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        with self._turn:
            if digest in self._made:
                self._made.move_to_end(digest)
                return self._made[digest]
        html = make(text)
        with self._turn:
            if len(html) <= self._limit and digest not in self._made:
                self._made[digest] = html
                self._held += len(html)
            while self._held > self._limit:
                self._held -= len(self._made.popitem(last=False)[1])
        return html
