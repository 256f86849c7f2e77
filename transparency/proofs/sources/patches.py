r"""Unified diffs, read and applied as dpkg-source applies quilt patches: `patch -p1 -F0 -N -u -E`, offsets but no fuzz.

>>> [patch] = parse_patch(b"--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n", name="fix")
>>> apply_patch(b"new\na\nb\n", patch, name="fix")
b'new\na\nc\n'

| rule | when |
|---|---|
| patch-series | a series with options other than `-p1`, with names that are no plain relative ones, or one twice |
| patch-malformed | hunks that do not add up, headers without a hunk and the other way round, too much of anything |
| patch-unsupported | renames, copies, binary patches, changes of a mode, what GNU patch would hand to ed |
| patch-path | a name that the path policy refuses, or that has nothing to strip |
| patch-failed | a hunk that fits nowhere, a file to make that is there, a file to change or remove that is not |

What a hunk removes and keeps must be there byte for byte. A file that a patch leaves empty is removed, as `-E` says.
The file's mode stays, unless git's headers give another; a new file is not executable otherwise.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

from transparency.proofs.errors import EvidenceError
from transparency.proofs.sources.paths import judge_path

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PATCH_BYTES = 64 * 1024 * 1024
MAX_SERIES_BYTES = 1024 * 1024
MAX_PATCHES = 10_000
MAX_FILES = 20_000
MAX_HUNKS = 200_000
_HUNK = re.compile(rb"@@ -([0-9]{1,9})(?:,([0-9]{1,9}))? \+([0-9]{1,9})(?:,([0-9]{1,9}))? @@")
_EPOCH = re.compile(rb"\t(?:1970-01-01 00:00:00|1969-12-31 |1970-01-01 )")
# git's extended headers, which stand between `diff --git` and the names; elsewhere such lines are prose.
_GIT_HEADER = re.compile(
    rb"(?:old mode|new mode|deleted file mode|new file mode|index|similarity|dissimilarity|rename|copy) "
)
_GIT_MODE = re.compile(rb"new (?:file )?mode 100(755|644)\r?\Z")
_RENAME = re.compile(rb"rename (from|to) ([^\t\r\"]+)\Z")
_UNSUPPORTED = re.compile(rb"copy (?:from|to) |(?:new|old) (?:file )?mode (?!100(?:755|644)\r?\Z)")
_BINARY = re.compile(rb"GIT binary patch\r?\Z|Binary files .* differ\r?\Z")
# Behind the last hunk GNU patch takes a line like this for an ed script, once a line like a header stands there too.
_ED_COMMAND = re.compile(rb"[ \tX]*(?:[0-9]*(?:,[0-9]+)?(?:[cd]|s/\.//)|[0-9]*[ai])[ \t]*\r?\Z")
_ED_HEADER = re.compile(rb"[ \tX]*(?:\+\+\+ |--- |\*\*\* |Index:|diff --git )")
_INDENTED = re.compile(rb"[ \tX]+(?:--- |\+\+\+ |\*\*\* |@@ -|diff --git )")
_HEADS = (b"@@ ", b"--- ", b"+++ ", b"*** ")
# What may follow git's headers; a file that is made or removed empty has nothing more.
_AFTER_GIT = (b"--- ", b"diff --git ", b"GIT binary patch", b"Binary files ", b"-- ")
_NULL = b"/dev/null"
_NO_NEWLINE = b"\\"
_NAME = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._+@=,~%:#()\[\]-]*(?:/[A-Za-z0-9][A-Za-z0-9._+@=,~%:#()\[\]-]*)*\Z", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Hunk:
    """Where it is said to begin in the old file (1-based, 0 for an empty one), and its lines before and after."""

    start: int
    before: tuple[bytes, ...]
    after: tuple[bytes, ...]
    number: int
    # How much context stands before the first and after the last change: less at one end means that end of the file.
    leading: int
    trailing: int


@dataclass(frozen=True, slots=True)
class FilePatch:
    """What a patch does to one file; None stands for /dev/null, and for a side that is dated as absent.

    Two names of which neither is None are a file that moves, changed or as it is.
    """

    old: bytes | None
    new: bytes | None
    hunks: tuple[Hunk, ...]
    executable: bool | None = None

    @property
    def moves(self) -> bool:
        return None not in {self.old, self.new} and self.old != self.new


def parse_series(data: bytes) -> tuple[str, ...]:
    """Names of the patches, in order (`patch-series`)."""
    if len(data) > MAX_SERIES_BYTES:
        raise EvidenceError("patch-series", expected=f"at most {MAX_SERIES_BYTES} bytes", found=str(len(data)))
    try:
        lines = data.decode().split("\n")
    except UnicodeDecodeError as error:
        raise EvidenceError("patch-series", expected="UTF-8", found=f"byte {error.start}") from error
    names: list[str] = []
    for line in lines:
        words = re.sub(r"(?:^|\s)#.*", "", line).split()
        if not words:
            continue
        if words[1:] not in ([], ["-p1"]) or not _NAME.match(words[0]) or words[0] in names:
            raise EvidenceError("patch-series", expected="a new name, -p1 at most", found=line[:100])
        names.append(words[0])
    if len(names) > MAX_PATCHES:
        raise EvidenceError("patch-series", expected=f"at most {MAX_PATCHES} patches", found=str(len(names)))
    return tuple(names)


def parse_patch(data: bytes, *, name: str, strip: int = 1) -> tuple[FilePatch, ...]:
    """The files that a patch changes (`patch-malformed`, `patch-unsupported`, `patch-path`); `name` is the patch's own."""
    if len(data) > MAX_PATCH_BYTES:
        _malformed(name, f"at most {MAX_PATCH_BYTES} bytes", str(len(data)))
    found = tuple(_Reader(data.split(b"\n"), name, strip))
    if any(patch.moves for patch in found):
        # GNU patch moves files when it is through with all of them: what else it does to them before or after, readers disagree on.
        times = Counter(path for patch in found for path in touched(patch))
        for path in (path for patch in found if patch.moves for path in touched(patch)):
            if times[path] > 1:
                _unsupported(name, "a file that moves, once in a patch", path)
    return found


def touched(patch: FilePatch) -> frozenset[bytes]:
    """The paths whose files are read, made or removed."""
    return frozenset(path for path in (patch.old, patch.new) if path is not None)


def target(patch: FilePatch) -> bytes:
    """The path that is changed, its new name where it moves."""
    path = patch.new if patch.new is not None else patch.old
    if path is None:
        raise AssertionError("a patch without a name")
    return path


class _Reader:
    """Goes over the lines of one patch; text around the headers is skipped."""

    def __init__(self, lines: list[bytes], name: str, strip: int) -> None:
        self._lines = lines
        self._name = name
        self._strip = strip
        self._at = 0
        self._hunks = 0
        # What git's headers call the file: new, deleted, or neither; None outside of them.
        self._git: bytes | None = None
        self._moved: tuple[bytes, bytes] | None = None

    def __iter__(self) -> Iterator[FilePatch]:
        files = after = 0
        executable: bool | None = None
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if _BINARY.match(line):
                _unsupported(self._name, "a text patch", line)
            if line.startswith(b"diff --git "):
                executable = self._git_headers()
                if self._moved and not self._line().startswith(b"--- "):
                    yield FilePatch(*self._moved, (), executable)
                    self._git, self._moved = None, None
                continue
            if line.startswith(b"--- ") and self._next().startswith(b"+++ ") and self._after_next().startswith(b"@@ "):
                yield replace(self._file(), executable=executable)
                executable, after, self._git, self._moved = None, self._at, None, None
                files += 1
                if files > MAX_FILES:
                    _malformed(self._name, f"at most {MAX_FILES} files", "more")
            elif _INDENTED.match(line):
                # GNU patch applies an indented patch as well.
                _unsupported(self._name, "headers at the beginning of a line", line)
            elif line.startswith(_HEADS):
                # Prose for us, half a header for GNU patch: it would look for a name in it.
                _malformed(self._name, "file headers and a hunk", f"line {self._at + 1}: {line[:60]!r}")
            else:
                self._at += 1
        self._refuse_ed(after)

    def _refuse_ed(self, after: int) -> None:
        """What stands behind the last file is prose for us; it must be that for GNU patch too."""
        rest = self._lines[after:]
        command = next((line for line in rest if _ED_COMMAND.match(line)), None)
        if command is not None and any(map(_ED_HEADER.match, rest)):
            raise EvidenceError(
                "patch-unsupported", subject=self._name, expected="a unified diff", found=f"ed's {command[:60]!r}"
            )

    def _git_headers(self) -> bool | None:
        """Whether they make the file executable; what GNU patch would do with the others is refused."""
        executable, first = None, self._line()
        self._at += 1
        self._git, moves = b"", dict[bytes, bytes]()
        while _GIT_HEADER.match(self._line()):
            line = self._line()
            self._git = line.partition(b" ")[0] if line.startswith((b"new file ", b"deleted file ")) else self._git
            if _UNSUPPORTED.match(line):
                _unsupported(self._name, "no copies or odd modes", line)
            if rename := _RENAME.match(line):
                if rename[1] in moves:
                    _unsupported(self._name, "one name to rename from and one to rename to", line)
                moves[rename[1]] = self._path(b"x/" * self._strip + rename[2]) or b""
            if mode := _GIT_MODE.match(line):
                executable = mode[1] == b"755"
            self._at += 1
        self._moved = self._both(moves)
        alone = not self._line().startswith((b"--- ", b"GIT binary patch", b"Binary files "))
        if alone and (executable is not None or self._git == b"deleted"):
            _unsupported(self._name, "a change of content with a mode", b"the mode alone")
        if self._moved and first.rstrip(b"\r") != b"diff --git a/%s b/%s" % self._moved:
            _unsupported(self._name, "the names that are renamed", first)
        if self._line() and not self._line().startswith(_AFTER_GIT):
            _malformed(self._name, "headers of git alone", f"line {self._at + 1}: {self._line()[:60]!r}")
        return executable

    def _both(self, moves: dict[bytes, bytes]) -> tuple[bytes, bytes] | None:
        if not moves:
            return None
        if set(moves) != {b"from", b"to"} or moves[b"from"] == moves[b"to"]:
            _malformed(self._name, "a name to rename from and another to rename to", repr(moves)[:80])
        return moves[b"from"], moves[b"to"]

    def _next(self) -> bytes:
        return self._lines[self._at + 1] if self._at + 1 < len(self._lines) else b""

    def _after_next(self) -> bytes:
        return self._lines[self._at + 2] if self._at + 2 < len(self._lines) else b""

    def _file(self) -> FilePatch:
        old, new = (self._path(self._lines[self._at + step][4:]) for step in (0, 1))
        self._at += 2
        hunks: list[Hunk] = []
        while self._line().startswith(b"@@ "):
            hunks.append(self._hunk(len(hunks) + 1))
        if old is None and new is None:
            _malformed(self._name, "a file", "two times /dev/null")
        whole = len(hunks) == 1 and not (hunks[0].start or hunks[0].before if old is None else hunks[0].after)
        if None in {old, new} and not whole:
            _malformed(self._name, "one hunk that makes or removes the whole file", f"line {self._at}")
        called = b"new" if old is None else b"deleted" if new is None else b""
        if self._git is not None and self._git != called:
            _malformed(self._name, "headers of git that say what the names say", repr(self._git))
        if self._moved and self._moved != (old, new):
            _malformed(self._name, "the names that the headers of git rename", repr((old, new))[:80])
        if not self._moved and None not in {old, new} and (old or b"").removesuffix(b".orig") != new:
            # GNU patch would choose by what exists.
            raise EvidenceError(
                "patch-path", subject=self._name, expected="one name on both sides", found=f"{old!r:.80}"
            )
        old = old if self._moved or old is None or new is None else new
        return FilePatch(old, new, tuple(hunks))

    def _path(self, header: bytes) -> bytes | None:
        """The name in a header without its date; None for /dev/null and for a side that is dated as absent."""
        path = header.partition(b"\t")[0].rstrip(b"\r")
        if path == _NULL or _EPOCH.search(header):
            return None
        parts = path.split(b"/")
        spaced = b" " in path and b"\t" not in header  # where such a name ends, readers disagree
        if len(parts) <= self._strip or path.startswith((b"/", b'"')) or spaced:
            raise EvidenceError(
                "patch-path",
                subject=self._name,
                expected="a relative name with a folder to strip",
                found=repr(path[:80]),
            )
        stripped = b"/".join(parts[self._strip :])
        fatal = [finding.rule for each in (path, stripped) for finding in judge_path(each) if finding.fatal]
        if fatal or b".." in parts:
            raise EvidenceError(
                "patch-path", subject=self._name, expected="a name inside the tree", found=repr(path[:80])
            )
        return stripped

    def _hunk(self, number: int) -> Hunk:
        self._hunks += 1
        if self._hunks > MAX_HUNKS:
            _malformed(self._name, f"at most {MAX_HUNKS} hunks", "more")
        match = _HUNK.match(self._lines[self._at])
        if match is None:
            _malformed(self._name, "a hunk's line numbers", f"line {self._at + 1}: {self._line()[:60]!r}")
        start, olds, new_start, news = (int(group) if group is not None else 1 for group in match.groups())
        if (olds and not start) or (news and not new_start):
            _malformed(self._name, "lines that begin at 1", f"line {self._at + 1}: {self._line()[:60]!r}")
        self._at += 1
        before, after, kinds = self._body(olds, news)
        leading = len(kinds) - len(kinds.lstrip(b" "))
        trailing = len(kinds) - len(kinds.rstrip(b" "))
        return Hunk(start, tuple(before), tuple(after), number, leading, trailing)

    def _body(self, olds: int, news: int) -> tuple[list[bytes], list[bytes], bytes]:
        """Lines before and after, and the kind of each: ` `, `-` or `+`."""
        first = self._at
        before: list[bytes] = []
        after: list[bytes] = []
        kinds, ended = bytearray(), bytearray()
        while len(before) < olds or len(after) < news or self._line().startswith(_NO_NEWLINE):
            line = self._line()
            if self._at >= len(self._lines) - 1 and not line.startswith(_NO_NEWLINE):  # nor a line that nothing ends
                _malformed(self._name, f"{olds} and {news} lines in the hunk of line {first}", "the end of the patch")
            kind, text = (line[:1], line[1:]) if line else (b" ", b"")  # an empty line is an empty line of context
            self._at += 1
            if kind == _NO_NEWLINE:
                ended += self._cut(before, after, kinds)
                continue
            if kind not in {b" ", b"-", b"+"} or kind in ended or (kind == b" " and ended):
                _malformed(self._name, "a line of a hunk", f"line {self._at}: {line[:60]!r}")
            kinds += kind
            before += [text + b"\n"] if kind != b"+" else []
            after += [text + b"\n"] if kind != b"-" else []
        if (len(before), len(after)) != (olds, news):
            _malformed(
                self._name, f"{olds} and {news} lines in the hunk of line {first}", f"{len(before)} and {len(after)}"
            )
        return before, after, bytes(kinds)

    def _line(self) -> bytes:
        return self._lines[self._at] if self._at < len(self._lines) else b""

    @staticmethod
    def _cut(before: list[bytes], after: list[bytes], kinds: bytearray) -> bytes:
        """The line above has no newline at its end: nothing follows on the sides (`-`, `+`) that are told."""
        sides = {b"-": b"-", b"+": b"+"}.get(bytes(kinds[-1:]), b"-+")
        for side, lines in ((b"-", before), (b"+", after)):
            if side in sides and lines:
                lines[-1] = lines[-1].removesuffix(b"\n")
        return sides


def _unsupported(name: str, expected: str, found: bytes) -> NoReturn:
    raise EvidenceError("patch-unsupported", subject=name, expected=expected, found=repr(found[:80]))


def _malformed(name: str, expected: str, found: str) -> NoReturn:
    raise EvidenceError("patch-malformed", subject=name, expected=expected, found=found)
