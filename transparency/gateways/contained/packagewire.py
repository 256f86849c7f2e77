"""What a package declares about itself, across the sandbox's wall (wire.py has the rest)."""

from __future__ import annotations

import re
from typing import Any

from transparency.proofs.errors import EvidenceError
from transparency.proofs.packages.declared import KINDS, MAX_FINDINGS, MAX_VALUE, Package
from transparency.proofs.packages.purl import parse_purl
from transparency.proofs.sources.paths import Finding

MAX_FILE = 3 * 4096
_FIELDS = ("name", "version", "purl", "licence", "repository")
_RULE = re.compile(r"package-[a-z-]{1,40}\Z")
_PLAIN = re.compile(r"[!-~]*\Z")
# A package URL may be longer than the name in it: each byte of it may be escaped to three.
_MOST = {"purl": 4 * MAX_VALUE}


def package_json(package: Package | None) -> dict[str, Any] | None:
    if package is None:
        return None
    return package.as_json() | {"findings": [[item.rule, item.detail] for item in package.findings]}


def parse_package(value: Any) -> Package | None:
    """What came through, or `contained-answer`."""
    if value is None:
        return None
    if not isinstance(value, dict) or value.get("kind") not in KINDS:
        raise _strange(value)
    texts = {key: _text(value, key, _MOST.get(key, MAX_VALUE)) for key in _FIELDS}
    file = _text(value, "file", MAX_FILE)
    if not _PLAIN.match(file) or not all(_PLAIN.match(texts[key]) for key in ("name", "version", "purl")):
        raise _strange(value)
    if texts["purl"]:
        _check_purl(texts["purl"])
    return Package(value["kind"], file, **texts, findings=_findings(value.get("findings"), file))


def _findings(value: Any, file: str) -> tuple[Finding, ...]:
    if not isinstance(value, list) or len(value) > MAX_FINDINGS:
        raise _strange(value)
    for item in value:
        if not isinstance(item, list) or len(item) != 2 or not all(isinstance(text, str) for text in item):  # noqa: PLR2004 - rule and detail
            raise _strange(item)
        if not _RULE.match(item[0]) or len(item[1]) > 2 * MAX_VALUE:
            raise _strange(item)
    return tuple(Finding(file, rule, detail) for rule, detail in value)


def _text(value: dict[str, Any], key: str, most: int) -> str:
    found = value.get(key)
    if not isinstance(found, str) or len(found) > most:
        raise _strange(found)
    return found


def _check_purl(text: str) -> None:
    try:
        parse_purl(text)
    except EvidenceError as error:
        raise _strange(text) from error


def _strange(found: Any) -> EvidenceError:
    return EvidenceError("contained-answer", subject="package", expected="a declared package", found=repr(found)[:80])
