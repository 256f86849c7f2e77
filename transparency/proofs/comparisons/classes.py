"""What a difference is called, whether that explains it, and in which order differences are shown.

*Explained* means that a rule over bytes (or the written tree's own `.gitattributes`) accounts for all of the difference. A name explains
nothing: a file that is called like a generated one is `generated-unverified`, and stays among what is unexplained.

>>> Difference(FileClass.KEYWORDS, 1, 2, modes_differ=True).is_explained
False
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# In the name of every result: what an older version of the rules said is never taken for what these say.
RULES = "2"


class FileClass(StrEnum):
    """In the order in which people should look: what nothing accounts for first. Some are said only when it is asked."""

    UNLIKE_KNOWN = "unlike-known"
    CONTENT = "content-differs"
    ONLY_SECOND = "only-in-second"
    ONLY_FIRST = "only-in-first"
    MIXED_LINE_ENDS = "line-ends-mixed"
    MODE = "mode-differs"
    MOVED = "moved"
    GENERATED = "generated-unverified"
    LINE_ENDS = "line-ends"
    KEYWORDS = "keywords"
    EXPORT_SUBST = "export-subst"
    EXPORT_IGNORED = "export-ignored"
    KNOWN_GOOD = "known-good"
    PATCHED = "patched"


EXPLAINED = frozenset(
    {
        FileClass.LINE_ENDS,
        FileClass.KEYWORDS,
        FileClass.EXPORT_SUBST,
        FileClass.EXPORT_IGNORED,
        FileClass.KNOWN_GOOD,
        FileClass.PATCHED,
    }
)
# What is said when it is asked, and never kept: the catalogue grows, deliveries come and go.
WHEN_ASKED = frozenset({FileClass.UNLIKE_KNOWN, FileClass.KNOWN_GOOD, FileClass.PATCHED})
ORDER = {each: place for place, each in enumerate(FileClass)}


@dataclass(frozen=True, slots=True)
class Difference:
    """One file that is not the same in both trees, by its positions in the two file tables (None where it is not).

    `by`: the line of a `.gitattributes` of the first tree that accounts for it, as (position of that file, line). Of an `.m4` file of the
    second tree its serial and the SHA-256 of its text without comments, in hex.
    """

    kind: FileClass
    first: int | None
    second: int | None
    modes_differ: bool = False
    by: tuple[int, int] | None = None
    serial: str = ""
    stripped: str = ""

    @property
    def is_explained(self) -> bool:
        """What accounts for the content does not account for another mode."""
        return self.kind in EXPLAINED and not self.modes_differ

    @property
    def order(self) -> tuple[bool, int]:
        return self.is_explained, ORDER[self.kind]
