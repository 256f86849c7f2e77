"""What a scope would take in of a source, before anybody agrees on it: counts by exclusion, and the globs that hit nothing.

Each file that is left out is counted under the first exclusion that covers it.

>>> from reviews.rules.scope import Exclusion
>>> files = [ScopedFile("a.c", "1", 9, 3), ScopedFile("t/b.c", "2", 9, 4), ScopedFile("x.png", "3", 40, None)]
>>> found = preview_scope(files, Scope(include=("**/*.c", "srv"), exclude=(Exclusion("t", "tests"),)))
>>> found.covered.files, found.covered.in_scope, found.unnamed.files, found.without_hit
(1, 3, 1, ('srv',))
>>> [(each.exclusion.glob, each.share.in_scope, each.examples) for each in found.left_out]
[('t', 4, ('t/b.c',))]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviews.rules.coverage import ScopedFile, Share
from reviews.rules.scope import Exclusion, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What one exclusion takes away of what the includes name."""

    exclusion: Exclusion
    share: Share
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScopePreview:
    """`covered` is in scope; `unnamed` no include covers. `without_hit`: globs that cover no file at all."""

    covered: Share
    left_out: tuple[LeftOut, ...]
    unnamed: Share
    without_hit: tuple[str, ...]


def preview_scope(files: Iterable[ScopedFile], scope: Scope) -> ScopePreview:
    """Count every file once: in scope, left out with a reason, or not named."""
    covered, unnamed = _Count(), _Count()
    left_out = [(each, Scope(include=(each.glob,)), _Count()) for each in scope.exclude]
    wanted, waiting = Scope(include=scope.include), _Waiting(scope)
    for file in files:
        waiting.look_at(file.path)
        if scope.covers(file.path):
            covered.add(file)
        elif not wanted.covers(file.path):
            unnamed.add(file)
        else:
            next(count for _, one, count in left_out if one.covers(file.path)).add(file)
    parts = tuple(LeftOut(each, count.share, tuple(count.examples)) for each, _, count in left_out)
    return ScopePreview(covered.share, parts, unnamed.share, waiting.globs)


class _Waiting:
    """The globs that have covered nothing yet: all of them are tried at once, and they become fewer."""

    def __init__(self, scope: Scope) -> None:
        self.globs = tuple(dict.fromkeys((*scope.include, *(each.glob for each in scope.exclude))))
        self._half = len(self.globs) // 2
        self._compile()

    def look_at(self, path: str) -> None:
        if self.globs and any(group.covers(path) for group in self._groups):
            self.globs = tuple(glob for glob in self.globs if not Scope(include=(glob,)).covers(path))
            self._compile()

    def _compile(self) -> None:
        """A scope holds so many globs and no more; include and exclude together may be twice as many."""
        halves = (self.globs[: self._half], self.globs[self._half :])
        self._groups = [Scope(include=half) for half in halves if half]


class _Count:
    """A share that grows."""

    def __init__(self) -> None:
        self.share = Share()
        self.examples: list[str] = []

    def add(self, file: ScopedFile) -> None:
        before, lines = self.share, file.lines
        if lines is None:
            self.share = Share(
                before.files + 1,
                before.text_files,
                before.in_scope,
                opaque_files=before.opaque_files + 1,
                opaque_bytes=before.opaque_bytes + file.size,
            )
        else:
            self.share = Share(
                before.files + 1,
                before.text_files + 1,
                before.in_scope + lines,
                opaque_files=before.opaque_files,
                opaque_bytes=before.opaque_bytes,
            )
        if len(self.examples) < EXAMPLES:
            self.examples.append(file.path)
