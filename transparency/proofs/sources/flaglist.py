"""What is kept and flagged in one delivery: written out until there is too much of it, and then counted by rule.

>>> flags = FlagList()
>>> flags.add(("name-utf8", lambda: Finding("%FF", "name-utf8")))
>>> [finding.path for finding in flags.close()]
['%FF']
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from transparency.proofs.sources.paths import Finding

if TYPE_CHECKING:
    from transparency.proofs.sources.paths import Flag

# What is written out of what is flagged; names may be long, and each of their bytes is three when it is escaped.
MAX_FLAGS = 10_000
MAX_FLAG_BYTES = 4 * 1024 * 1024


@dataclass(slots=True)
class FlagList:
    """What is flagged: written out until there is too much of it, and then counted by rule."""

    kept: list[Finding] = field(default_factory=list)
    more: Counter[str] = field(default_factory=Counter)
    bytes: int = 0

    def add(self, flag: Flag) -> None:
        rule, write = flag
        if self.more or len(self.kept) >= MAX_FLAGS:
            self.more[rule] += 1
            return
        finding = write()
        self.bytes += flag_bytes(finding)
        if self.bytes > MAX_FLAG_BYTES:
            self.more[rule] += 1
        else:
            self.kept.append(finding)

    def close(self) -> tuple[Finding, ...]:
        """All findings; the last one says how many more there are of which rule."""
        counts = ", ".join(f"{count} {rule}" for rule, count in sorted(self.more.items()))
        return (*self.kept, Finding("", "flags-more", counts)) if counts else tuple(self.kept)


def flag_bytes(finding: Finding) -> int:
    """What a finding adds to MAX_FLAG_BYTES."""
    return len(finding.path) + len(finding.rule) + len(finding.detail)
