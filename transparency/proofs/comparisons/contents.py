r"""By which rule, if any, two contents of one file are the same text: line ends, version control keywords, `export-subst`.

| rule | what must hold |
|---|---|
| line ends | equal with LF; one text has CR LF alone, the other LF alone. A mixture can hide a line that goes on: a class of its own |
| keywords | equal once `$Id: value $` and its kind are written `$Id$`; a value outside a small alphabet (no quotes, `;`, `*`) stays |
| export-subst | the first text has `$Format:…$` where the second has what git would write there: the shape of each placeholder is checked |

>>> judge_contents(b"a\nb\n", b"a\r\nb\r\n", subst=False).value
'line-ends'
>>> judge_contents(b"# $Id$\n", b"# $Id: a.c 12 2024-01-02 jo $\n", subst=False).value
'keywords'
>>> judge_contents(b"v=$Format:%h$\n", b"v=1a2b3c4\n", subst=True).value
'export-subst'
"""

from __future__ import annotations

import re
from functools import lru_cache

from transparency.proofs.comparisons.classes import FileClass

TEXT_BYTES = 8000  # where a NUL makes a file no text, as in file tables
_KEYWORDS = (
    b"Author|Date|FreeBSD|Header|HeadURL|Id|LastChangedBy|LastChangedDate|LastChangedRevision|Locker|Log|Mdocdate|Name|NetBSD|OpenBSD|"
    b"RCSfile|Rev|Revision|Source|State|URL|Xorg"
)
# A value of any other shape could be code: a keyword may stand in a string of a shell script.
_KEYWORD = re.compile(rb"\$(" + _KEYWORDS + rb")(?::[A-Za-z0-9 ._,:/@+=~-]{0,400})?\$")
_FORMAT = re.compile(rb"\$Format:([^$]*)\$")
_MAX_FORMATS = 64

_ID = rb"[0-9a-f]{40}(?:[0-9a-f]{24})?"
_SHORT = rb"[0-9a-f]{4,64}"
_REF = rb"[A-Za-z0-9][A-Za-z0-9._/+-]{0,200}"
_REFS = rb"(?:(?:HEAD -> |tag: )?" + _REF + rb"(?:, (?:HEAD -> |tag: )?" + _REF + rb"){0,50})?"
_ISO = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = rb"[0-9]{2}:[0-9]{2}:[0-9]{2}"
_DATES = {
    b"t": rb"[0-9]{1,20}",
    b"i": _ISO + b" " + _CLOCK + rb" [+-][0-9]{4}",
    b"I": _ISO + b"T" + _CLOCK + rb"(?:Z|[+-][0-9]{2}:[0-9]{2})",
    b"s": _ISO,
    b"d": rb"[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{1,2} " + _CLOCK + rb" [0-9]{4} [+-][0-9]{4}",
    b"D": rb"[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} " + _CLOCK + rb" [+-][0-9]{4}",
}
# What git writes for a placeholder (git-log(1), PRETTY FORMATS). Names of people and words of the commit may be anything: not here.
_PLACEHOLDERS = {
    b"H": _ID, b"T": _ID, b"h": _SHORT, b"t": _SHORT, b"P": rb"(?:" + _ID + rb"(?: " + _ID + rb"){0,15})?",
    b"p": rb"(?:" + _SHORT + rb"(?: " + _SHORT + rb"){0,15})?", b"D": _REFS, b"d": rb"(?: \((?=[^)])" + _REFS + rb"\))?",
    **{who + letter: shape for who in (b"a", b"c") for letter, shape in _DATES.items()},
}  # fmt: skip
_PLACEHOLDER = re.compile(rb"%(?:(%)|(n)|\((describe)(?::[^)$]{0,200})?\)|([ac][tiIsdD]|[HThtPpDd])|(.?))", re.DOTALL)


def judge_contents(first: bytes, second: bytes, *, subst: bool) -> FileClass:
    """The class of a pair whose bytes differ; `subst`: the first tree's `.gitattributes` say `export-subst` of it."""
    if b"\0" in first[:TEXT_BYTES] or b"\0" in second[:TEXT_BYTES]:
        return FileClass.CONTENT
    if first.replace(b"\r\n", b"\n") == second.replace(b"\r\n", b"\n"):
        return FileClass.LINE_ENDS if _has_one_kind(first) and _has_one_kind(second) else FileClass.MIXED_LINE_ENDS
    if _KEYWORD.sub(rb"$\1$", first) == _KEYWORD.sub(rb"$\1$", second):
        return FileClass.KEYWORDS
    if subst and expands_to(first, second):
        return FileClass.EXPORT_SUBST
    return FileClass.CONTENT


def expands_to(written: bytes, shipped: bytes) -> bool:
    """Whether `shipped` is `written` with every `$Format:…$` replaced by what git could write there, one value for each placeholder."""
    parts = _FORMAT.split(written)
    texts, formats = parts[::2], parts[1::2]
    if not formats or len(formats) > _MAX_FORMATS or not (shipped.startswith(texts[0]) and shipped.endswith(texts[-1])):
        return False
    seen: dict[bytes, bytes] = {}
    place = len(texts[0])
    for number, (form, text) in enumerate(zip(formats, texts[1:], strict=True), start=1):
        shape = _shape_of(form)
        last = number == len(formats)
        if shape is None:
            return False
        value = _value_at(shipped, place, shape, text, last=last)
        if value is None or seen.setdefault(form, value) != value:
            return False
        place += len(value) + len(text)
    return True


def _value_at(shipped: bytes, place: int, shape: re.Pattern[bytes], text: bytes, *, last: bool) -> bytes | None:
    """The value that stands at `place` before `text`; for the last one all up to the closing text."""
    if last:
        end = len(shipped) - len(text)
        return shipped[place:end] if end >= place and shape.fullmatch(shipped, place, end) else None
    match = shape.match(shipped, place)
    while match and not shipped.startswith(text, match.end()):
        match = shape.fullmatch(shipped, place, match.end() - 1) if match.end() > place else None
    return match[0] if match else None


@lru_cache(maxsize=256)
def _shape_of(form: bytes) -> re.Pattern[bytes] | None:
    """A pattern of what git writes for a format; None where it has a placeholder whose text may be anything."""
    shape, place = b"", 0
    for match in _PLACEHOLDER.finditer(form):
        shape += re.escape(form[place : match.start()])
        place = match.end()
        percent, line, describe, known, _ = match.groups()
        if percent:
            shape += b"%"
        elif line:
            shape += b"\n"
        elif describe:
            shape += _REF
        elif known:
            shape += _PLACEHOLDERS[known]
        else:
            return None
    return re.compile(shape + re.escape(form[place:]))


def _has_one_kind(text: bytes) -> bool:
    """Whether all its lines end in the same way, and no CR stands anywhere else."""
    pairs = text.count(b"\r\n")
    return pairs in {0, text.count(b"\n")} and text.count(b"\r") == pairs
