r"""What `.gitattributes` say about archives: `export-ignore` (left out of them) and `export-subst` (changed in them). See gitattributes(5).

Rules are looked up as `git archive` does it: the files of all folders on the way, the nearest first, in each the last line that says
something; patterns with a slash from the file's own folder, others by the last name; macros; folders are asked as folders, and one that is
left out takes all below it along. Lines over 2,048 bytes say nothing, as in git.

>>> rules = AttributeRules([(b".gitattributes", b"*.yml export-ignore\n/ci export-ignore\nversion.py export-subst\n")])
>>> rules.ignored(b"a/b.yml"), rules.ignored(b"ci/run"), rules.ignored(b"src/ci"), rules.substituted(b"src/version.py")
((0, 1), (0, 2), None, (0, 3))
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FILE = b".gitattributes"
IGNORE, SUBST = b"export-ignore", b"export-subst"
MAX_LINE_BYTES = 2048
MAX_FILE_BYTES = 1024 * 1024
MAX_FILES = 500
_MACRO = b"[attr]"
_SPACES = b" \t\r\n"
_ESCAPES = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|.)", re.DOTALL)
_CLASSES = {
    name.encode(): members.encode()
    for name, members in {
        "alnum": "A-Za-z0-9", "alpha": "A-Za-z", "blank": " \\t", "digit": "0-9", "lower": "a-z", "upper": "A-Z",
        "punct": "!-/:-@\\[-`{-~", "space": "\\s", "xdigit": "0-9A-Fa-f", "cntrl": "\\x00-\\x1f\\x7f", "print": " -~", "graph": "!-~",
    }.items()
}  # fmt: skip
_State = tuple[bytes, bool]
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Line:
    pattern: re.Pattern[bytes]
    by_name: bool
    folders_only: bool
    states: tuple[_State, ...]
    place: Place


class AttributeRules:
    """The rules of a tree, from its `.gitattributes` as (path, content). Answers are (index of the file, line) or None."""

    def __init__(self, files: Sequence[tuple[bytes, bytes]]) -> None:
        self._macros: dict[bytes, tuple[_State, ...]] = {}
        self._lines: dict[bytes, list[_Line]] = {}
        for index, (path, content) in sorted(enumerate(files), key=lambda item: item[1][0].count(b"/")):
            folder = path.rpartition(b"/")[0]
            self._lines[folder] = list(self._read(index, content, is_top=not folder))

    def ignored(self, path: bytes) -> Place | None:
        """What leaves the file, or a folder that it is in, out of archives."""
        parts = path.split(b"/")
        for depth in range(1, len(parts)):
            if found := self._decide(b"/".join(parts[:depth]), IGNORE, is_folder=True):
                return found
        return self._decide(path, IGNORE, is_folder=False)

    def substituted(self, path: bytes) -> Place | None:
        """What has placeholders of the file expanded in archives."""
        return self._decide(path, SUBST, is_folder=False)

    def _decide(self, path: bytes, asked: bytes, *, is_folder: bool) -> Place | None:
        """The line that sets `asked`, where nothing nearer or later says otherwise."""
        known: dict[bytes, tuple[bool, Place]] = {}
        for line in self._matching(path, is_folder=is_folder):
            self._take(known, line.states, line.place)
            if asked in known:
                is_set, place = known[asked]
                return place if is_set else None
        return None

    def _take(self, known: dict[bytes, tuple[bool, Place]], states: tuple[_State, ...], place: Place) -> None:
        """Later states first; a macro brings its own where it is set and nothing decided otherwise before."""
        for name, is_set in reversed(states):
            if name not in known:
                known[name] = (is_set, place)
                if is_set and name in self._macros:
                    self._take(known, self._macros[name], place)

    def _matching(self, path: bytes, *, is_folder: bool) -> Iterator[_Line]:
        """Lines that match, those of the nearest folder first, in each the last one first."""
        folder = path.rpartition(b"/")[0]
        while True:
            inside = path[len(folder) + 1 :] if folder else path
            for line in reversed(self._lines.get(folder, ())):
                name = path.rpartition(b"/")[2] if line.by_name else inside
                if (is_folder or not line.folders_only) and line.pattern.fullmatch(name):
                    yield line
            if not folder:
                return
            folder = folder.rpartition(b"/")[0]

    def _read(self, index: int, content: bytes, *, is_top: bool) -> Iterator[_Line]:
        for number, raw in enumerate(content.split(b"\n"), start=1):
            text = raw.strip(_SPACES)
            if not text or text.startswith(b"#") or len(raw) > MAX_LINE_BYTES:
                continue
            pattern, rest = _first_word(text)
            states = tuple(_state_of(word) for word in rest.split())
            if pattern.startswith(_MACRO):
                if is_top:
                    self._macros[pattern[len(_MACRO) :]] = states
            elif pattern and not pattern.startswith(b"!"):
                yield _line_of(pattern, states, (index, number))


def _first_word(text: bytes) -> tuple[bytes, bytes]:
    quoted = _QUOTED.match(text)
    if quoted:
        return _ESCAPE.sub(_unescaped, quoted[1]), text[quoted.end() :]
    word = text.split(None, 1)
    return word[0], word[1] if len(word) > 1 else b""


def _unescaped(match: re.Match[bytes]) -> bytes:
    said = match[1]
    return bytes([int(said, 8)]) if len(said) > 1 else _ESCAPES.get(said, said)


def _state_of(word: bytes) -> _State:
    """Name, and whether it is set: `-name`, `!name` and `name=value` are not."""
    if word[:1] in {b"-", b"!"}:
        return word[1:], False
    name, equals, _ = word.partition(b"=")
    return name, not equals


def _line_of(pattern: bytes, states: tuple[_State, ...], place: Place) -> _Line:
    folders_only = pattern.endswith(b"/") and len(pattern) > 1
    bare = pattern[:-1] if folders_only else pattern
    by_name = b"/" not in bare
    return _Line(glob_pattern(bare.removeprefix(b"/")), by_name, folders_only, states, place)


@cache
def glob_pattern(glob: bytes) -> re.Pattern[bytes]:
    """The glob as git's wildmatch reads it where a slash is matched by `**` alone."""
    parts, place = [], 0
    while place < len(glob):
        part, place = _piece(glob, place)
        parts.append(part)
    return re.compile(b"".join(parts), re.DOTALL)


def _piece(glob: bytes, place: int) -> tuple[bytes, int]:
    char = glob[place : place + 1]
    if char == b"*":
        return _stars(glob, place)
    if char == b"?":
        return b"[^/]", place + 1
    if char == b"[":
        return _bracket(glob, place)
    if char == b"\\":
        return re.escape(glob[place + 1 : place + 2]) or b"(?!)", place + 2
    return re.escape(char), place + 1


def _stars(glob: bytes, place: int) -> tuple[bytes, int]:
    end = place
    while glob[end : end + 1] == b"*":
        end += 1
    alone = place == 0 or glob[place - 1 : place] == b"/"
    if end - place == 1 or not alone or glob[end : end + 1] not in {b"", b"/"}:
        return b"[^/]*", end
    return (b"(?:.*/)?", end + 1) if glob[end : end + 1] == b"/" else (b".*", end)


def _bracket(glob: bytes, place: int) -> tuple[bytes, int]:
    """A set of characters; one that never ends matches nothing."""
    at = place + 1
    negated = glob[at : at + 1] in {b"!", b"^"}
    at += negated
    members, first = b"", True
    while first or glob[at : at + 1] != b"]":
        if at >= len(glob):
            return b"(?!)", len(glob)
        first = False
        if glob[at : at + 2] == b"[:" and (end := glob.find(b":]", at)) > 0:
            members += _CLASSES.get(glob[at + 2 : end], b"")
            at = end + 2
        elif glob[at : at + 1] == b"-" and members and glob[at + 1 : at + 2] not in {b"", b"]"}:
            members, at = members + b"-", at + 1
        else:
            at += glob[at : at + 1] == b"\\"
            members += re.escape(glob[at : at + 1])
            at += 1
    found = b"(?!/)[" + (b"^" if negated else b"") + members + b"]"
    return (found if members and _compiles(found) else b"(?!)"), at + 1


def _compiles(pattern: bytes) -> bool:
    """A range from a later character to an earlier one does not."""
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
