"""Debian source packages through the sandbox: a .dsc taken apart, and its archives read as one tree."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from transparency.gateways.parsing import read_intake
from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from transparency.gateways.sandbox import Meter, Sandbox
    from transparency.proofs.sources.intake import Intake
    from transparency.proofs.sources.membersource import Limits, Progress

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.~_:%-]{0,254}\Z", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
MAX_NAMED = 200


@dataclass(frozen=True, slots=True)
class SplitDsc:
    """What a .dsc says: (name, size, sha256) of its files and which plays which part; `components` and `signatures` are pairs of names."""

    files: tuple[tuple[str, int, str], ...]
    orig: str | None
    components: tuple[tuple[str, str], ...]
    debian: str | None
    diff: str | None
    native: str | None
    signatures: tuple[tuple[str, str], ...]

    @property
    def archives(self) -> tuple[str, ...]:
        """What the tree is made of, the first one first."""
        found = (self.orig or self.native, *(name for _, name in self.components), self.debian, self.diff)
        return tuple(name for name in found if name)


def split_dsc(sandbox: Sandbox, dsc: BinaryIO, *, text: BinaryIO, signature: BinaryIO) -> SplitDsc:
    """Write the signed text and the armoured signature of a .dsc (`dsc-…`)."""
    answer = sandbox.run("split-dsc", {}, inputs={"dsc": dsc}, outputs={"text": text, "signature": signature})
    files = tuple((_name(name), _size(size), _digest(sha256)) for name, size, sha256 in _items(answer, "files", 3))
    pairs = {
        key: tuple((_name(first), _name(second)) for first, second in _items(answer, key, 2))
        for key in ("components", "signatures")
    }
    parts = {
        key: None if answer.get(key) is None else _name(answer[key]) for key in ("orig", "debian", "diff", "native")
    }
    return SplitDsc(files, components=pairs["components"], signatures=pairs["signatures"], **parts)


def read_source(
    sandbox: Sandbox,
    dsc: SplitDsc,
    archives: Mapping[str, BinaryIO],
    pack: BinaryIO,
    *,
    patched: bool,
    limits: Limits,
    scratch: Path,
    tick: Callable[[Progress], None] = lambda _: None,
    meter: Meter | None = None,
) -> Intake:
    """The tree that the archives make together, with the distribution's patches applied or not; a patch that does not fit is a refusal."""
    request = {
        "intake": asdict(limits),
        "parts": list(dsc.archives),
        "components": [list(pair) for pair in dsc.components],
        "debian": dsc.debian,
        "diff": dsc.diff,
        "patched": patched,
    }
    with ExitStack() as stack:
        inputs = {f"part-{number}": archives[name] for number, name in enumerate(dsc.archives)}
        return read_intake(
            sandbox,
            "read-source",
            request,
            inputs=inputs,
            pack=pack,
            scratch=scratch,
            stack=stack,
            tick=tick,
            meter=meter,
        )


def _items(answer: Mapping[str, Any], key: str, width: int) -> list[list[Any]]:
    value = answer.get(key)
    if not isinstance(value, list) or len(value) > MAX_NAMED:
        raise _strange(key)
    if not all(isinstance(item, list) and len(item) == width for item in value):
        raise _strange(key)
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or not _NAME.match(value):
        raise _strange("name")
    return value


def _digest(value: Any) -> str:
    if not isinstance(value, str) or not _DIGEST.match(value):
        raise _strange("digest")
    return value


def _size(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
        raise _strange("size")
    return value


def _strange(what: str) -> EvidenceError:
    return EvidenceError("contained-answer", subject=what, expected="an answer of the agreed shape", found="another")
