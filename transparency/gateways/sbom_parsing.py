"""Bills of materials through the sandbox: what comes back is read as strictly as if the task had been taken over."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any, BinaryIO

from transparency.proofs.errors import EvidenceError
from transparency.proofs.sbom.document import (
    FORMS,
    MAX_FILES,
    MAX_PACKAGES,
    MAX_PATH,
    MAX_VALUE,
    DeclaredPackage,
    Sbom,
    parse_files,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from transparency.gateways.sandbox import Meter, Sandbox

MAX_DECLARED_BYTES = min(MAX_FILES * (3 * MAX_PATH + 150), 2 * 1024**3)
_VALUES = 4


def read_sbom(
    sandbox: Sandbox,
    document: BinaryIO,
    *,
    scratch: Path,
    tick: Callable[[Mapping[str, Any]], None] = lambda _: None,
    meter: Meter | None = None,
) -> Sbom:
    """What the document declares (`json-…`, `sbom-…`, `limit-…`)."""
    with tempfile.TemporaryFile(dir=scratch) as declared:
        answer = sandbox.run(
            "read-sbom",
            {},
            inputs={"sbom": document},
            outputs={"declared": declared},
            tick=tick,
            meter=meter,
            scratch=scratch,
        )
        declared.seek(0)
        lines = declared.read(MAX_DECLARED_BYTES + 1)
    if len(lines) > MAX_DECLARED_BYTES:
        raise _strange("files", "more")
    return parse_sbom_answer(answer, lines)


def parse_sbom_answer(answer: Mapping[str, Any], lines: bytes) -> Sbom:
    """The document outside (`contained-answer`)."""
    form, name = answer.get("form"), answer.get("name")
    if form not in FORMS or not isinstance(name, str) or len(name) > MAX_VALUE * 2 + 1:
        raise _strange("form", form)
    packages, subjects = (_packages(answer, key) for key in ("packages", "subjects"))
    return Sbom(form, name, tuple(parse_files(lines)), packages, subjects)


def _packages(answer: Mapping[str, Any], key: str) -> tuple[DeclaredPackage, ...]:
    value = answer.get(key)
    if not isinstance(value, list) or len(value) > MAX_PACKAGES:
        raise _strange(key, value)
    for item in value:
        if not isinstance(item, list) or len(item) != _VALUES:
            raise _strange(key, item)
        if not all(isinstance(text, str) and len(text) <= MAX_VALUE for text in item):
            raise _strange(key, item)
    return tuple(DeclaredPackage(*item) for item in value)


def _strange(name: str, found: Any) -> EvidenceError:
    return EvidenceError(
        "contained-answer", subject=name, expected="what a bill of materials declares", found=repr(found)[:80]
    )
