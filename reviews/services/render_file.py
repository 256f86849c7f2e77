"""Render a file part by part: lexed in a warm contained process, kept compressed in the product's cache and, where small, in memory."""

from __future__ import annotations

import os
import secrets
import threading
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import reviews
from reviews.rules.languages import lexer_name
from reviews.rules.lexing import Runs, format_request, parse_runs
from reviews.rules.render import render
from reviews.rules.rows import ROWS_VERSION, Rows, format_rows, keep_rows, parse_rows
from transparency.errors import EvidenceError
from transparency.queries import read_file
from transparency.services.contain import warm
from transparency.services.stores import cache

if TYPE_CHECKING:
    from transparency.models import Snapshot
    from transparency.proofs.filetable import FileEntry

MEMORY_BYTES = 48 * 1024**2  # of rows, in each process
FOR_NOW = "lexer-unavailable"  # of rows that are not kept: the next time they may have their colours
LEXER = "reviews.rules.lexing"
_FOLDER = str(Path(reviews.__file__).parent)
_LEXER_CODES = {"warm-limit": "lexer-limit", "warm-failed": "lexer-failed"}


class _Memory:
    """The parts used last, within a number of bytes. What the cache no longer has is not in memory either."""

    def __init__(self, limit: int) -> None:
        self._limit, self._held = limit, 0
        self._parts: OrderedDict[Path, Rows] = OrderedDict()
        self._turn = threading.Lock()

    def get(self, place: Path) -> Rows | None:
        with self._turn:
            found = self._parts.get(place)
            if found is None:
                return None
            if not place.exists():
                self._held -= self._parts.pop(place).cost
                return None
            self._parts.move_to_end(place)
            return found

    def put(self, place: Path, rows: Rows) -> None:
        with self._turn:
            if place in self._parts:
                self._held -= self._parts.pop(place).cost
            self._parts[place] = rows
            self._held += rows.cost
            while self._held > self._limit and len(self._parts) > 1:
                self._held -= self._parts.popitem(last=False)[1].cost


_memory = _Memory(MEMORY_BYTES)


def render_file(*, snapshot: Snapshot, entry: FileEntry, part: int) -> Rows:
    """Part `part` (from 1) of a text file that has it. Raises `file-too-large`, `object-damaged`, `object-missing`."""
    place = _place(snapshot, entry, part)
    found = _memory.get(place)
    if found is None:
        found = _read(place) or _render(snapshot, entry, part)
        if found.plain_reason != FOR_NOW:
            _memory.put(place, found)
    return found


def start_lexers() -> None:
    """Have a process ready before the first file is asked for."""
    warm(LEXER, _FOLDER).start()


def _place(snapshot: Snapshot, entry: FileEntry, part: int) -> Path:
    folder = cache().folder(snapshot.product.store_key, "rows")
    return folder / f"{entry.sha256.hex}-{lexer_name(entry.language) or 'plain'}-{ROWS_VERSION}.{part}"


def _read(place: Path) -> Rows | None:
    """What was kept; damaged or gone, it is made again."""
    try:
        rows = parse_rows(place.read_bytes())
    except (FileNotFoundError, EvidenceError):
        return None
    with suppress(FileNotFoundError):
        os.utime(place)
    return rows


def _render(snapshot: Snapshot, entry: FileEntry, part: int) -> Rows:
    _, data = read_file(snapshot, entry.path)
    rendered = render(data, entry.language, lexer=_lex)
    parts = keep_rows(rendered)
    if len(rendered.rows) != entry.lines:
        raise AssertionError(f"{len(rendered.rows)} rows for {entry.lines} lines")
    if rendered.plain_reason != FOR_NOW:
        for number, rows in enumerate(parts, start=1):
            _keep(_place(snapshot, entry, number), format_rows(rows))
    return parts[part - 1]


def _lex(text: str, alias: str) -> Runs:
    try:
        answer = warm(LEXER, _FOLDER).run(format_request(text, alias))
    except EvidenceError as error:
        raise EvidenceError(_LEXER_CODES[error.code], expected=error.expected, found=error.found) from error
    return parse_runs(answer, characters=len(text))


def _keep(place: Path, data: bytes) -> None:
    fresh = place.with_name(f"{place.name}.{secrets.token_hex(4)}")
    try:
        fresh.write_bytes(data)
        fresh.replace(place)
    finally:
        fresh.unlink(missing_ok=True)
