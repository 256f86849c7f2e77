"""`.gitattributes` as `git archive` reads them: git itself is the oracle, over handwritten and over generated rules."""

from __future__ import annotations

import io
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transparency.proofs.comparisons.attributes import AttributeRules

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PATHS = (
    b"README", b"ci/run", b"ci/deep/run", b"src/ci/run", b"src/a.c", b"src/a.h", b"src/b c.c", b"src/deep/a.c", b"tests/x", b"tests/y.c",
    b"src/tests/x", b"[a].c", b"b.c", b"docs/a/b/c.txt",
)  # fmt: skip
WORDS = (
    "export-ignore",
    "-export-ignore",
    "!export-ignore",
    "export-ignore=yes",
    "export-subst",
    "text",
    "none",
    "-none",
)
PATTERNS = (
    "*", "*.c", "/*.c", "ci", "/ci", "ci/", "/ci/", "ci/*", "ci/**", "src/*.c", "src/**", "**/tests", "**/tests/", "src/**/a.c", "**/a.c",
    "tests/", "te?ts", "[st]*", "[!s]*", "[a-c].c", "[^[:alpha:]]*", "\\[a].c", '"src/b c.c"', "README", "src/", "docs/**/c.txt",
    "docs/**", "a.c", "[z-a]", "[", "x[", "**", "src**a.c", "*/run", "!ci", "#ci", "/", "\\",
)  # fmt: skip


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    run(folder, "init", "-q")
    for path in PATHS:
        place = folder / path.decode()
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"$Format:%h$\n")
    return folder


def run(folder: Path, *words: str) -> bytes:
    command = [
        "git",
        "-C",
        str(folder),
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@x",
        "-c",
        "core.quotepath=off",
        *words,
    ]
    return subprocess.run(command, capture_output=True, check=True).stdout


def archived(folder: Path, rules: Mapping[str, str]) -> dict[bytes, bytes]:
    """Path -> content, of what `git archive` makes of the tree with these `.gitattributes`."""
    for old in folder.rglob(".gitattributes"):
        old.unlink()
    for name, text in rules.items():
        (folder / name).write_text(text)
    run(folder, "add", "-A")
    run(folder, "commit", "-q", "--allow-empty", "-m", "x")
    with zipfile.ZipFile(io.BytesIO(run(folder, "archive", "--format=zip", "HEAD"))) as archive:
        return {member.filename.encode(): archive.read(member) for member in archive.infolist() if not member.is_dir()}


def assert_agrees(folder: Path, rules: Mapping[str, str]) -> None:
    kept = archived(folder, rules)
    ours = AttributeRules([(name.encode(), text.encode()) for name, text in rules.items()])
    assert {path for path in PATHS if not ours.ignored(path)} == {path for path in PATHS if path in kept}, rules
    changed = {path for path in PATHS if kept.get(path) not in {None, b"$Format:%h$\n"}}
    assert {path for path in PATHS if path in kept and ours.substituted(path)} == changed, rules


@pytest.mark.parametrize(
    "rules",
    [
        {".gitattributes": "ci export-ignore\n*.c export-subst\n"},
        {".gitattributes": "tests/ export-ignore\n"},
        {".gitattributes": "*.c export-ignore\n", "src/.gitattributes": "a.c -export-ignore\n"},
        {".gitattributes": "*.c export-ignore\n", "src/.gitattributes": "*.c !export-ignore\n"},
        {".gitattributes": "[attr]none export-ignore -text\n*.h none\nci none\n"},
        {".gitattributes": "[attr]none export-ignore\n*.c none\nb.c -none\n"},
        {".gitattributes": "*.c export-ignore=true\nREADME export-ignore\n"},
        {".gitattributes": "src/deep export-ignore\nsrc/deep/a.c -export-ignore\n"},
        {"src/.gitattributes": "/a.c export-ignore\ndeep/a.c export-ignore\n"},
        {".gitattributes": "a.c " + "x" * 2100 + " export-ignore\nb.c export-ignore\n"},
        {".gitattributes": "\ufeffb.c export-ignore\n"},
        {".gitattributes": "b.c\texport-ignore\r\n"},
        {"src/.gitattributes": "[attr]none export-ignore\na.c none\n"},
    ],
    ids=str,
)
def test_rules_say_what_git_archive_does(repository: Path, rules: dict[str, str]) -> None:
    assert_agrees(repository, rules)


LINES = st.builds(
    lambda pattern, words: f"{pattern} {' '.join(words)}\n",
    st.sampled_from(PATTERNS),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
)
FILES = st.lists(LINES, min_size=1, max_size=4).map("".join)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(top=FILES, inside=FILES)
def test_generated_rules_say_what_git_archive_does(repository: Path, top: str, inside: str) -> None:
    assert_agrees(repository, {".gitattributes": "[attr]none export-ignore\n" + top, "src/.gitattributes": inside})


def test_the_answer_names_file_and_line() -> None:
    rules = AttributeRules(
        [(b"src/.gitattributes", b"\na.c export-ignore\n"), (b".gitattributes", b"ci export-ignore\n")]
    )
    assert (rules.ignored(b"src/a.c"), rules.ignored(b"ci/deep/run")) == ((0, 2), (1, 1))
