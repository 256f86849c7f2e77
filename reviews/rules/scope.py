"""Which files an engagement is about: globs over the escaped paths of the manifest (docs/formats.md section 8).

A glob is compared component by component: `*` is any run of characters inside a component, `?` one character of it, and
a component that is `**` any number of whole components. A glob that matches a folder covers everything below it. A file
is in scope when an include covers it and no exclude does.

>>> scope = Scope(include=("src", "**/*.md"), exclude=(Exclusion("src/**/testdata", "generated"),))
>>> [scope.covers(path) for path in ("src/a.c", "src/x/testdata/big.bin", "docs/how.md", "Makefile")]
[True, False, True, False]
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from transparency.proofs.errors import EvidenceError

EVERYTHING = "**"
MAX_GLOBS = 100  # include and exclude each: all of it stands in a statement of at most 512 KiB
MAX_GLOB_CHARS = 500
MAX_WILDCARDS = 32  # in one glob; matching stays far from the square of a path's length
MAX_REASON_CHARS = 500
# What an escaped path is made of, and the wildcards.
_GLOB = re.compile(r"[A-Za-z0-9._\-/+@,=~%*?]+\Z")


@dataclass(frozen=True, slots=True)
class Exclusion:
    glob: str
    reason: str


@dataclass(frozen=True)
class Scope:
    """Globs, checked when the value is made: raises `glob-malformed`, `reason-missing` or `too-many-globs`."""

    include: tuple[str, ...] = (EVERYTHING,)
    exclude: tuple[Exclusion, ...] = ()
    _wanted: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _unwanted: re.Pattern[str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.include:
            object.__setattr__(self, "include", (EVERYTHING,))
        for name, globs in (("include", self.include), ("exclude", self.exclude)):
            if len(globs) > MAX_GLOBS:
                raise EvidenceError(
                    "too-many-globs", expected=f"at most {MAX_GLOBS}", found=str(len(globs)), subject=name
                )
        for exclusion in self.exclude:
            if not exclusion.reason.strip() or len(exclusion.reason) > MAX_REASON_CHARS:
                raise EvidenceError("reason-missing", expected="why these files are left out", subject=exclusion.glob)
        object.__setattr__(self, "_wanted", _compile(self.include))
        unwanted = _compile(tuple(each.glob for each in self.exclude)) if self.exclude else None
        object.__setattr__(self, "_unwanted", unwanted)

    def covers(self, path: str) -> bool:
        """Whether the file at `path` (escaped) is in scope."""
        return bool(self._wanted.match(path)) and not (self._unwanted and self._unwanted.match(path))


def _compile(globs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{_expression(glob)})" for glob in globs))


def _expression(glob: str) -> str:
    """A run of components between two `**` has a fixed length: taking its first match loses none (atomic groups)."""
    parts = _components(glob)
    ends_open = parts[-1] == "**"
    runs: list[list[str]] = [[]]
    for part in parts:
        if part == "**":
            runs.append([])
        else:
            runs[-1].append(_component(part))
    first, *later = runs
    expression = "/".join(first)
    if not later:
        return expression + r"(?:/|\Z)"
    if first:
        expression += "/"
    later = [run for run in later if run]
    for position, run in enumerate(later):
        last = position == len(later) - 1 and not ends_open
        ending = r"(?:/|\Z)" if last else "/"
        expression += "(?>(?:[^/]+/)*?" + "/".join(run) + ending + ")"
    return expression + ("[^/]" if ends_open else "")


def _component(part: str) -> str:
    """One component as an expression; the first match of each piece will do, only the last `*` is tried at length."""
    pieces = re.sub(r"\*+", "*", part).split("*")
    fixed = ["".join("[^/]" if char == "?" else re.escape(char) for char in piece) for piece in pieces]
    if len(fixed) == 1:
        return fixed[0]
    middle = "".join(f"(?>[^/]*?{piece})" for piece in fixed[1:-1])
    return f"{fixed[0]}{middle}[^/]*{fixed[-1]}(?=/|\\Z)"


def _components(glob: str) -> list[str]:
    malformed = EvidenceError(
        "glob-malformed",
        expected="components of an escaped path with *, ? and ** as a whole component",
        found=glob[:200],
    )
    if len(glob) > MAX_GLOB_CHARS or not _GLOB.match(glob) or sum(map(glob.count, "*?")) > MAX_WILDCARDS:
        raise malformed
    parts = glob.split("/")
    if any(part in {"", ".", ".."} or ("**" in part and part != "**") for part in parts):
        raise malformed
    return parts
