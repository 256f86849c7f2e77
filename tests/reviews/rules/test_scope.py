"""Globs over escaped paths, against a slow and obvious matcher."""

from __future__ import annotations

import time
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.rules.scope import Exclusion, Scope
from transparency.proofs.errors import EvidenceError


def matches_component(glob: str, part: str) -> bool:
    if not glob:
        return not part
    if glob[0] == "*":
        return any(matches_component(glob[1:], part[cut:]) for cut in range(len(part) + 1))
    return bool(part) and glob[0] in {"?", part[0]} and matches_component(glob[1:], part[1:])


def matches(globs: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Whether the whole of `parts` is matched; a last `**` stands for at least one component."""
    if not globs:
        return not parts
    if globs[0] == "**":
        if len(globs) == 1:
            return bool(parts)
        return any(matches(globs[1:], parts[cut:]) for cut in range(len(parts) + 1))
    return bool(parts) and matches_component(globs[0], parts[0]) and matches(globs[1:], parts[1:])


@cache
def covers(glob: str, path: str) -> bool:
    parts = tuple(path.split("/"))
    return any(matches(tuple(glob.split("/")), parts[:length]) for length in range(1, len(parts) + 1))


component = st.one_of(
    st.just("**"),
    st.text(alphabet="ab*?.", min_size=1, max_size=4).filter(lambda text: "**" not in text and text not in {".", ".."}),
)
globs = st.lists(component, min_size=1, max_size=4).map("/".join)
paths = st.lists(
    st.text(alphabet="ab.", min_size=1, max_size=3).filter(lambda text: text not in {".", ".."}), min_size=1, max_size=4
).map("/".join)


@given(glob=globs, path=paths)
@settings(max_examples=600, deadline=None)
def test_a_glob_covers_what_the_obvious_matcher_says(glob: str, path: str) -> None:
    assert Scope(include=(glob,)).covers(path) == covers(glob, path)


@pytest.mark.parametrize(
    ("glob", "path", "covered"),
    [
        ("src", "src/deep/a.c", True),
        ("src", "srcs/a.c", False),
        ("src", "x/src/a.c", False),
        ("*.c", "a.c", True),
        ("*.c", "x/a.c", False),
        ("**/*.c", "a.c", True),
        ("**/*.c", "x/y/a.c", True),
        ("src/**", "src", False),
        ("src/**/a.c", "src/a.c", True),
        ("**/a*b", "x/a/y/a1b", True),
        ("**", "anything", True),
        ("a.c", "aXc", False),
        ("caf%C3%A9", "caf%C3%A9/x", True),
    ],
)
def test_examples(glob: str, path: str, covered: bool) -> None:
    assert Scope(include=(glob,)).covers(path) is covered


def test_no_include_means_everything_and_is_said() -> None:
    scope = Scope(include=())
    assert scope.include == ("**",)
    assert scope.covers("a")


def test_an_exclude_wins_over_an_include() -> None:
    scope = Scope(include=("src",), exclude=(Exclusion("src/vendor", "reviewed elsewhere"),))
    assert scope.covers("src/a.c")
    assert not scope.covers("src/vendor/b.c")


@pytest.mark.parametrize(
    "glob", ["", "/src", "src/", "a//b", "..", "../x", "./x", "a**", "a b", "é", "a\n", "[a-z]", "x" * 501, "*a" * 33]
)
def test_a_malformed_glob_is_refused(glob: str) -> None:
    with pytest.raises(EvidenceError) as refusal:
        Scope(include=(glob,))
    assert refusal.value.code == "glob-malformed"


def test_an_exclusion_without_a_reason_is_refused() -> None:
    with pytest.raises(EvidenceError) as refusal:
        Scope(exclude=(Exclusion("src", "  "),))
    assert refusal.value.code == "reason-missing"


def test_too_many_globs_are_refused() -> None:
    with pytest.raises(EvidenceError) as refusal:
        Scope(include=("a",) * 101)
    assert refusal.value.code == "too-many-globs"


@pytest.mark.parametrize("glob", ["**/" + "*a" * 30, "/".join(["**", "a*"] * 10)])
def test_a_hostile_glob_over_a_hostile_path_stays_quick(glob: str) -> None:
    started = time.process_time()
    Scope(include=(glob,)).covers("/".join(["a" * 200] * 20) + "/b")
    assert time.process_time() - started < 5
