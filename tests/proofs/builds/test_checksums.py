from __future__ import annotations

import doctest
import hashlib
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.mutations import accepted
from transparency.proofs.builds import checksums
from transparency.proofs.builds.checksums import ChecksumList, compare, listing_of, parse_checksums
from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from pathlib import Path

A, B = 64 * "a", 64 * "b"


def refused(text: str | bytes) -> str:
    with pytest.raises(EvidenceError) as refusal:
        parse_checksums(text if isinstance(text, bytes) else text.encode())
    return refusal.value.code


def names(text: str) -> list[str]:
    return list(parse_checksums(text.encode()).digests)


def test_the_worked_example_of_the_module_holds() -> None:
    assert doctest.testmod(checksums).failed == 0


@pytest.mark.parametrize("options", [[], ["--binary"], ["--text"], ["--tag"]])
def test_what_sha256sum_writes_is_read(tmp_path: Path, options: list[str]) -> None:
    files = {
        "a.tar.gz": b"1",
        "with space": b"2",
        "b*c": b"3",
        "(x) = y": b"4",
        "naïve": b"5",
        " leading": b"6",
        "*star": b"7",
        "-dash": b"8",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    command = ["sha256sum", *options, "--", *files]
    output = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    found = parse_checksums(output)
    assert found.algorithm == "sha256"
    assert found.digests == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    listing = compare(found, dict(found.digests))
    assert {item.listing for item in listing} == {"listed-and-equal"}


def test_names_that_sha256sum_escapes_are_unescaped(tmp_path: Path) -> None:
    (tmp_path / "back\\slash").write_bytes(b"1")
    (tmp_path / "\\n").write_bytes(b"2")
    output = subprocess.run(
        ["sha256sum", "back\\slash", "\\n"], cwd=tmp_path, capture_output=True, check=True
    ).stdout  # fmt: skip
    assert output.startswith(b"\\")
    assert set(parse_checksums(output).digests) == {"back\\slash", "\\n"}


def test_a_name_that_unescapes_to_a_line_break_is_refused(tmp_path: Path) -> None:
    (tmp_path / "two\nlines").write_bytes(b"1")
    output = subprocess.run(["sha256sum", "two\nlines"], cwd=tmp_path, capture_output=True, check=True).stdout
    assert refused(output) == "checksums-name"
    assert refused(f"\\{A}  a\\rb\n") == "checksums-name"


def test_without_the_mark_a_backslash_is_a_backslash() -> None:
    assert names(f"{A}  a\\nb\n") == ["a\\nb"]
    for wrong in (f"\\{A}  a\\tb\n", f"\\{A}  a\\\n", f"\\{A}  a\\\\\\\n"):
        assert refused(wrong) == "checksums-malformed"


def test_the_other_mark_the_other_line_end_and_empty_lines_are_read() -> None:
    assert names(f"{A}  a\r\n\r\n{B} *b\r\n") == ["a", "b"]
    assert names(f"\n  \t\n{A}  a") == ["a"]
    assert names(f"SHA256 (a) = {A}\r\n") == ["a"]


def test_a_leading_dot_and_slash_is_dropped_and_counts_for_duplicates() -> None:
    assert names(f"{A}  ./a/b\n") == ["a/b"]
    assert refused(f"{A}  ./a\n{B}  a\n") == "checksums-duplicate"


def test_sha512_lists_are_read_and_cannot_be_compared() -> None:
    found = parse_checksums(f"{128 * 'a'}  x\n".encode())
    assert found.algorithm == "sha512"
    assert parse_checksums(f"SHA512 (x) = {128 * 'a'}\n".encode()) == found
    with pytest.raises(EvidenceError) as refusal:
        compare(found, {})
    assert refusal.value.code == "checksums-algorithm"


@pytest.mark.parametrize("second", [f"{B}  a", f"{A}  a", f"{B} *a"])
def test_a_name_twice_is_refused_also_with_the_same_digest(second: str) -> None:
    assert refused(f"{A}  a\n{second}\n") == "checksums-duplicate"


@pytest.mark.parametrize(
    "name",
    [
        "../a",
        "a/../b",
        "..",
        "/etc/passwd",
        "a//b",
        "a/",
        "/",
        "./",
        ".//a",
        "a\x1b[0m",
        "a\tb",
        "a\0b",
        "a\rb",
        1025 * "n",
    ],
)
def test_a_name_that_is_not_plainly_below_is_refused(name: str) -> None:
    assert refused(f"{A}  {name}\n") == "checksums-name"
    assert refused(f"SHA256 ({name}) = {A}\n") == "checksums-name"


def test_names_up_to_the_limit_are_read() -> None:
    assert names(f"{A}  {1024 * 'é'}\n") == [1024 * "é"]
    assert names(f"{A}  ...\n{A}  a..b\n{A}  ..\\x\n{A}  .a\n") == ["...", "a..b", "..\\x", ".a"]


@pytest.mark.parametrize(
    "text",
    [
        f"{A}  a\n{128 * 'b'}  b\n",
        f"{A}  a\nSHA256 (b) = {B}\n",
        f"SHA256 (a) = {A}\nSHA512 (b) = {128 * 'b'}\n",
    ],
)
def test_two_forms_or_two_algorithms_in_one_list_are_refused(text: str) -> None:
    assert refused(text) == "checksums-mixed"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "hello\n",
        f"{A}\n",
        f"{A} \n",
        f"{A}  \n",
        f"{A} a\n",
        f"{A}\ta\n",
        f" {A}  a\n",
        f"{A[:-1]}  a\n",
        f"{A}a  a\n",
        f"{A.upper()}  a\n",
        f"{32 * 'a'}  a\n",
        f"{40 * 'a'}  a\n",
        f"SHA256 (a) = {A.upper()}\n",
        f"SHA256 (a) = {128 * 'a'}\n",
        f"SHA512 (a) = {A}\n",
        f"SHA256(a)= {A}\n",
        f"SHA1 (a) = {40 * 'a'}\n",
        f"sha256 (a) = {A}\n",
        f"SHA256 () = {A}\n",
        f"SHA256 (a) = {A} \n",
        f"\\\\{A}  a\n",
        f"\ufeff{A}  a\n",
        f"# comment\n{A}  a\n",
        f"-----BEGIN PGP SIGNED MESSAGE-----\n{A}  a\n",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    assert refused(text) == "checksums-malformed"


def test_what_is_not_utf8_is_refused() -> None:
    assert refused(f"{A}  ".encode() + b"\xff\n") == "checksums-malformed"
    assert refused(f"{A}  a\n".encode("utf-16")) == "checksums-malformed"


def test_lists_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksums, "MAX_ENTRIES", 2)
    assert len(names(f"{A}  a\n{A}  b\n")) == 2
    assert refused(f"{A}  a\n{A}  b\n{A}  c\n") == "checksums-malformed"
    monkeypatch.setattr(checksums, "MAX_LIST_BYTES", 68)
    assert names(f"{A}  a\n") == ["a"]
    assert refused(f"{A}  ab\n") == "checksums-malformed"


def test_the_words_for_one_file() -> None:
    assert listing_of(A, A) == "listed-and-equal"
    assert listing_of(A, B) == "listed-and-different"
    assert listing_of(A, None) == "listed-and-missing"
    assert listing_of(None, B) == "not-listed"


def test_every_name_of_both_sides_is_answered_in_the_order_of_utf8() -> None:
    listed = ChecksumList("sha256", {"same": A, "other": A, "gone": A, "\U0001f600": A})
    found = compare(listed, {"same": A, "other": B, "extra": B, "\uff5e": B})
    assert [(item.name, item.listing) for item in found] == [
        ("extra", "not-listed"),
        ("gone", "listed-and-missing"),
        ("other", "listed-and-different"),
        ("same", "listed-and-equal"),
        ("\uff5e", "not-listed"),
        ("\U0001f600", "listed-and-missing"),
    ]
    assert (found[2].listed, found[2].found) == (A, B)


plain_names = st.text(
    st.characters(min_codepoint=0x20, exclude_categories=["Cs"], exclude_characters="/"), min_size=1, max_size=12
)
hexes = st.binary(min_size=32, max_size=32).map(bytes.hex)


@given(
    st.dictionaries(plain_names.filter(lambda name: name not in {".", ".."}), hexes, min_size=1, max_size=6),
    st.sampled_from(["gnu", "star", "bsd", "escaped"]),
)
@settings(max_examples=100, deadline=None)
def test_any_list_reads_back(digests: dict[str, str], form: str) -> None:
    forms = {"gnu": "{1}  {0}\n", "star": "{1} *{0}\n", "bsd": "SHA256 ({0}) = {1}\n", "escaped": "\\{1}  {0}\n"}
    lines = [
        forms[form].format(name.replace("\\", "\\\\") if form == "escaped" else name, digest)
        for name, digest in digests.items()
    ]
    assert parse_checksums("".join(lines).encode()).digests == digests


@given(
    st.text(st.sampled_from("aSHA256 (*)=\\/.\n\r\t"), max_size=60),
    st.sampled_from([A, f"SHA256 (x) = {A}", f"\\{A}  "]),
)
@settings(max_examples=200, deadline=None)
def test_noise_is_refused_by_a_rule_and_is_never_another_error(noise: str, start: str) -> None:
    try:
        found = parse_checksums((start + noise).encode())
    except EvidenceError as error:
        assert error.code.startswith("checksums-")
    else:
        assert all(name and ".." not in name.split("/") and not name.startswith("/") for name in found.digests)


@pytest.mark.parametrize("options", [["sha256sum"], ["sha256sum", "--tag"], ["sha512sum"]])
def test_a_changed_list_of_the_real_tools_is_refused_or_says_what_stands_in_it(
    tmp_path: Path, options: list[str]
) -> None:
    for name in ("a b", "tool.bin"):
        (tmp_path / name).write_text(name)
    real = subprocess.run([*options, "a b", "tool.bin"], cwd=tmp_path, check=True, capture_output=True).stdout
    refusals = {"checksums-malformed", "checksums-duplicate", "checksums-name", "checksums-mixed"}
    for mutated, found in accepted(real, parse_checksums, refusals):
        assert len(found.digests) == sum(bool(line.strip()) for line in mutated.decode().split("\n"))
        for name, digest in found.digests.items():
            assert name in mutated.decode()
            assert digest in mutated.decode()
