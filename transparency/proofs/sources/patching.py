"""Apply one file's patch as GNU patch does without fuzz: each hunk at the nearest place where its old lines stand, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError
from transparency.proofs.escaping import escape_path
from transparency.proofs.sources.patches import target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.proofs.sources.patches import FilePatch, Hunk

# Lines compared while looking for the place of one file's hunks: far above what an honest patch needs.
MAX_COMPARED = 20_000_000


def apply_patch(content: bytes | None, patch: FilePatch, *, name: str, there: bool = False) -> bytes | None:
    """The content afterwards, of what moves under its new name; None for a file that is not there, before or after (`patch-failed`).

    `there` says of a file that moves whether one of its new name is there already.
    """
    where = f"{name}: {escape_path(target(patch))}"
    creates = patch.old is None or bool(patch.hunks and patch.hunks[0].start == 0 and not patch.hunks[0].before)
    if there:
        raise EvidenceError("patch-failed", subject=where, expected="no file of the new name yet", found="one")
    if creates and content:
        raise EvidenceError(
            "patch-failed", subject=where, expected="no such file yet", found=f"one of {len(content)} bytes"
        )
    if not creates and content is None:
        raise EvidenceError("patch-failed", subject=where, expected="a file to change", found="none")
    lines = _lines(content or b"")
    result: list[bytes] = []
    place = offset = compared = 0
    for hunk in patch.hunks:
        at, cost = _find(lines, hunk, place, offset)
        compared += cost
        if at is None or compared > MAX_COMPARED:
            raise EvidenceError(
                "patch-failed",
                subject=where,
                expected=f"hunk {hunk.number} at line {hunk.start}",
                found="no place for it",
            )
        offset = at - max(hunk.start - 1, 0)
        result += lines[place:at]
        result += hunk.after
        place = at + len(hunk.before)
    result += lines[place:]
    made = b"".join(result)
    if patch.moves and not made:
        raise EvidenceError(
            "patch-failed", subject=where, expected="something left of a file that moves", found="nothing"
        )
    if patch.new is None and made:
        raise EvidenceError(
            "patch-failed", subject=where, expected="nothing left of a removed file", found=f"{len(made)} bytes"
        )
    return made or None


def _find(lines: Sequence[bytes], hunk: Hunk, least: int, offset: int) -> tuple[int | None, int]:
    """The nearest place from `least` on where the hunk's old lines stand, and how many lines were compared to find it.

    As GNU patch without fuzz: a hunk with less context before its changes than after them belongs to the beginning of the file,
    one with less after them to its end.
    """
    want = hunk.before
    last = len(lines) - len(want)
    guess = max(hunk.start - 1, 0) + offset if want else max(hunk.start, 0) + offset
    compared = 1
    if hunk.leading < hunk.trailing and hunk.start <= 1:
        return (0 if least == 0 and _fits(lines, want, 0) else None), compared
    if hunk.trailing < hunk.leading:
        return (last if last >= least and _fits(lines, want, last) else None), compared
    for distance in range(max(len(lines) - guess, guess) + 2):
        for place in (guess + distance, guess - distance) if distance else (guess,):
            if least <= place <= last:
                compared += 1
                if _fits(lines, want, place):
                    return place, compared
    return None, compared


def _fits(lines: Sequence[bytes], want: Sequence[bytes], place: int) -> bool:
    return len(lines) - place >= len(want) and all(lines[place + index] == line for index, line in enumerate(want))


def _lines(content: bytes) -> list[bytes]:
    """Lines with their LF; only LF ends a line."""
    lines = [line + b"\n" for line in content.split(b"\n")]
    last = lines.pop().removesuffix(b"\n")
    return [*lines, last] if last else lines
