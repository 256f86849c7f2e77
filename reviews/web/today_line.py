"""One line of *Today*, and how its times are said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from transparency.errors import EvidenceError
from transparency.proofs.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Word = Literal["in order", "to do", "look at it", "open", "not known", "not there", "wrong"]
_LOOKS = {"in order": "plain", "wrong": "failed"}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Line:
    """What it is about, how it stands in a word, what is known, and what to do next: links, a command, or nothing."""

    name: str
    word: Word
    said: str
    links: tuple[Link, ...] = ()
    command: str = ""

    @property
    def look(self) -> str:
        return _LOOKS.get(self.word, "open")


def ago(when: datetime, now: datetime) -> str:
    """In whole days, hours or minutes, the largest that fits."""
    seconds = int((now - when).total_seconds())
    for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= unit:
            count = seconds // unit
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now"


def recorded_time(known: Mapping[str, Any]) -> datetime | None:
    """When a record of upkeep was made; None where there is none, or no time in it."""
    try:
        return parse_time(str(known.get("time", "")))
    except EvidenceError:
        return None
