"""What each class of a comparison is called on pages, what it means, and what would explain a file of it."""

from __future__ import annotations

from dataclasses import dataclass

from transparency.proofs.comparisons.classes import EXPLAINED, FileClass


@dataclass(frozen=True, slots=True)
class ClassWords:
    """A class in words; `explained_by` says what would explain a file of it, or what does."""

    kind: str
    name: str
    meaning: str
    explained_by: str
    is_explained: bool


_WORDS = {
    FileClass.UNLIKE_KNOWN: (
        "Unlike every known version",
        "Called like a file that tools copy unchanged, and unlike every version of it that the catalogue here holds.",
        "The release of the tool that has exactly this file. Until then, read it line by line.",
    ),
    FileClass.CONTENT: (
        "Content differs",
        "The same path, other bytes, and no rule accounts for all of it.",
        "A commit, a patch that came with the source, or a release in between that has this change.",
    ),
    FileClass.ONLY_SECOND: (
        "Only as shipped",
        "Shipped, and not in what was written.",
        "The tool that makes it from what was written, or a version of the written tree that has it.",
    ),
    FileClass.ONLY_FIRST: (
        "Only as written",
        "Written, and left out of what was shipped.",
        "A rule of the written tree that leaves it out (export-ignore, a list of what is shipped).",
    ),
    FileClass.MIXED_LINE_ENDS: (
        "Line ends, mixed",
        "Equal but for line ends, and one side mixes them: a line that goes on to the next may not go on any more.",
        "Look at each changed line.",
    ),
    FileClass.MODE: ("Mode differs", "The same bytes with another mode.", "A commit that changes the mode."),
    FileClass.MOVED: ("Moved", "The same bytes and mode under another name.", "A commit that moves it."),
    FileClass.GENERATED: (
        "Generated, unverified",
        "Called like a file that tools generate or copy. A name explains nothing.",
        "The same digest in a release of the tool, or the tool making the same bytes again.",
    ),
    FileClass.LINE_ENDS: (
        "Line ends",
        "Equal once all line ends are the same; neither side mixes them.",
        "The whole text was converted.",
    ),
    FileClass.KEYWORDS: (
        "Keywords",
        "Equal but for the values of $Id$, $Date$ and their kind.",
        "A version control system wrote the values.",
    ),
    FileClass.EXPORT_SUBST: (
        "Expanded for export",
        "Each placeholder was replaced by what git writes there.",
        "The written tree's .gitattributes say export-subst.",
    ),
    FileClass.KNOWN_GOOD: (
        "Known file",
        "The same bytes as a release of the tool that it is copied from has under that name.",
        "A distribution's package of the tool has it; the operator's catalogue names it.",
    ),
    FileClass.PATCHED: (
        "Patched",
        "Changed by the patches that came with the source; this centre applied them itself.",
        "The signed patches of this source. Read them: that a patch makes the change does not make it right.",
    ),
    FileClass.EXPORT_IGNORED: (
        "Left out for export",
        "Written, and left out of archives on purpose.",
        "The written tree's .gitattributes say export-ignore.",
    ),
}
WORDS = {kind.value: ClassWords(kind.value, *words, kind in EXPLAINED) for kind, words in _WORDS.items()}
