"""What a scope takes in, before it is agreed: every file is counted once, and globs that hit nothing are named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reviews.rules.coverage import ScopedFile
from reviews.rules.scope import MAX_GLOBS, Exclusion, Scope
from reviews.rules.scope_preview import EXAMPLES, preview_scope

NAMES = st.sampled_from(["a", "b", "ab", "x.c"])
PATHS = st.lists(st.lists(NAMES, min_size=1, max_size=3).map("/".join), max_size=12, unique=True)
GLOBS = st.lists(
    st.sampled_from(["**", "a", "a/**", "*.c", "**/*.c", "?", "b/b", "zz", "a/*/x.c"]), max_size=4, unique=True
)


@given(PATHS, GLOBS, GLOBS)
def test_every_file_is_counted_once_and_as_the_scope_says(
    paths: list[str], include: list[str], exclude: list[str]
) -> None:
    files = [
        ScopedFile(path, str(number), 10, None if path.endswith("b") else number) for number, path in enumerate(paths)
    ]
    scope = Scope(tuple(include), tuple(Exclusion(glob, "why") for glob in exclude))
    found = preview_scope(files, scope)
    covered = [file for file in files if scope.covers(file.path)]
    assert found.covered.files == len(covered)
    assert found.covered.in_scope == sum(file.lines or 0 for file in covered)
    assert found.covered.opaque_bytes == sum(10 for file in covered if file.lines is None)
    left_out = sum(each.share.files for each in found.left_out)
    assert found.covered.files + left_out + found.unnamed.files == len(files)
    dead = [
        glob
        for glob in dict.fromkeys((*scope.include, *exclude))
        if not any(Scope((glob,)).covers(path) for path in paths)
    ]
    assert list(found.without_hit) == dead


def test_as_many_globs_as_a_scope_holds_are_looked_at() -> None:
    include = tuple(f"src/{number}" for number in range(MAX_GLOBS))
    exclude = tuple(Exclusion(f"**/x{number}", "why") for number in range(MAX_GLOBS))
    files = [ScopedFile(f"src/1/x{number}", "1", 1, 1) for number in range(2, 9)]
    found = preview_scope(files, Scope(include, exclude))
    assert (found.covered.files, len(found.without_hit)) == (0, 2 * MAX_GLOBS - 1 - 7)
    assert next(each.examples for each in found.left_out if each.share.files) == ("src/1/x2",)
    many = preview_scope([ScopedFile(f"a/{n}", "1", 1, 1) for n in range(9)], Scope(exclude=(Exclusion("a", "why"),)))
    assert len(many.left_out[0].examples) == EXAMPLES
