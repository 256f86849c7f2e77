"""The answer about a range of commits, read strictly outside the sandbox (wire.py)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.judge import Outcome
from transparency.proofs.sources.gitobject import DIGITS
from transparency.proofs.sources.gitrange import LINES, ODDITIES, CommitRange, RangeCommit

if TYPE_CHECKING:
    from transparency.proofs.sources.gitobject import ObjectFormat

MAX_TOLD = 200
MAX_COUNT = 1 << 40
_HEX = re.compile(r"[0-9a-f]+\Z")
_KEY = re.compile(r"[!-~]{0,200}\Z")
_COUNTS = ("count", "lookedAt", "signed", "odd")


def parse_range(value: Any, *, since: str, object_format: ObjectFormat) -> CommitRange:
    """The range (`contained-answer`)."""
    found = value if isinstance(value, dict) else {}
    counts = [found.get(name) for name in _COUNTS]
    commits = found.get("commits")
    sound = (
        all(isinstance(count, int) and not isinstance(count, bool) and 0 <= count < MAX_COUNT for count in counts)
        and found.get("line") in LINES
        and isinstance(found.get("onBranch"), bool)
        and isinstance(commits, list)
        and len(commits) <= MAX_TOLD
    )
    if not sound:
        raise _strange(value)
    count, looked_at, signed, odd = (int(count or 0) for count in counts)
    told = tuple(_commit(item, DIGITS[object_format]) for item in commits or ())
    return CommitRange(since, found["line"], found["onBranch"], count, looked_at, signed, odd, told)


def _commit(item: Any, digits: int) -> RangeCommit:
    if not isinstance(item, list) or len(item) != 4:  # noqa: PLR2004 - name, outcome, key, what is odd
        raise _strange(item)
    name, outcome, key, odd = item
    texts = all(isinstance(text, str) for text in (name, outcome, key))
    if not texts or len(name) != digits or not _HEX.match(name) or not _KEY.match(key):
        raise _strange(item)
    if outcome not in get_args(Outcome) or not isinstance(odd, list) or len(odd) > len(ODDITIES):
        raise _strange(item)
    if any(each not in ODDITIES for each in odd):
        raise _strange(item)
    return RangeCommit(name, outcome, key, tuple(odd))


def _strange(found: Any) -> EvidenceError:
    return EvidenceError(
        "contained-answer", subject="range", expected="an answer of the agreed shape", found=repr(found)[:80]
    )
