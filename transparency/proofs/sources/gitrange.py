"""What is odd about a commit beside the one that was signed: context for people, never a reason to refuse anything.

| oddity | when |
|---|---|
| date-author | written after it was committed, by its own dates |
| date-parent | committed before one of the commits that it follows |
| date-future | committed later than now |
| merge-changes | a merge with changes of its own, which none of its parents and no automatic merge has: solved conflicts, or more |
| unreadable | headers or a signature that are not as git writes them |

>>> times_of(b"A <a@b> 100 +0000")
100
>>> odd_dates(author=20_000, committer=10_000, parents=[10_100, 15_000], now=30_000)
['date-author', 'date-parent']
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Sequence

Oddity = Literal["date-author", "date-parent", "date-future", "merge-changes", "unreadable"]
ODDITIES: tuple[Oddity, ...] = get_args(Oddity)
# What happened to the history that an earlier delivery brought.
Line = Literal["follows", "rewritten", "missing"]
LINES: tuple[Line, ...] = get_args(Line)
# Clocks differ, and nobody means anything by an hour.
SLACK_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class RangeCommit:
    """One commit: its name, what its signature is worth (an outcome, or `unsigned`), the key that it names, what is odd."""

    name: str
    outcome: str
    key: str
    odd: tuple[Oddity, ...]


@dataclass(frozen=True, slots=True)
class CommitRange:
    """Commits since an earlier tag: how many, how many of them were looked at, and those told one by one, the newest first.

    `line`: whether the earlier commit comes before this one, does not, or is not in the repository at all. `on_branch`: whether some
    branch of the repository has the commit.
    """

    since: str
    line: Line
    on_branch: bool
    count: int
    looked_at: int
    signed: int
    odd: int
    commits: tuple[RangeCommit, ...]


def times_of(person: bytes) -> int:
    """The seconds in an author's or a committer's header."""
    return int(person.split()[-2])


def odd_dates(*, author: int, committer: int, parents: Sequence[int], now: int) -> list[Oddity]:
    """What the dates say against each other; `parents` are those of the commits that it follows, as far as they are known."""
    found: list[Oddity] = []
    if author > committer + SLACK_SECONDS:
        found.append("date-author")
    if any(parent > committer + SLACK_SECONDS for parent in parents):
        found.append("date-parent")
    if committer > now + SLACK_SECONDS:
        found.append("date-future")
    return found
