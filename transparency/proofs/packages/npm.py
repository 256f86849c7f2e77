"""package.json of an npm tarball (https://docs.npmjs.com/cli/configuring-npm/package-json): strict JSON, each key once.

>>> parse_package_json(b'{"name": "left-pad", "version": "1.3.0", "license": "WTFPL"}').licence
'WTFPL'
"""

from __future__ import annotations

import re

from transparency.proofs.canonical import JSON, parse_json
from transparency.proofs.errors import EvidenceError
from transparency.proofs.packages.declared import (
    MAX_METADATA_BYTES,
    Declared,
    checked_name,
    checked_version,
    one_line,
)

_PART = r"[A-Za-z0-9~_-][A-Za-z0-9._~-]{0,213}"
_NAME = re.compile(rf"(?:@{_PART}/)?{_PART}\Z", re.ASCII)


def parse_package_json(data: bytes) -> Declared:
    """What it says (`package-malformed`)."""
    try:
        value = parse_json(data, limit=MAX_METADATA_BYTES)
    except EvidenceError as error:
        raise EvidenceError(
            "package-malformed", expected=error.expected, found=f"{error.code}: {error.found}"
        ) from error
    if not isinstance(value, dict):
        raise EvidenceError("package-malformed", expected="an object", found=type(value).__name__)
    return Declared(
        name=checked_name(_text(value, "name"), _NAME),
        version=checked_version(_text(value, "version").removeprefix("v")),
        licence=one_line(_licence(value)),
        repository=one_line(_named(value.get("repository"), "url")),
    )


def _text(value: dict[str, JSON], key: str) -> str:
    found = value.get(key)
    if not isinstance(found, str):
        raise EvidenceError("package-malformed", expected=f"{key}: text", found=repr(found)[:80])
    return found


def _named(value: JSON, key: str) -> str:
    """A text, or the text that an object calls `key`."""
    if isinstance(value, dict):
        value = value.get(key)
    return value if isinstance(value, str) else ""


def _licence(value: dict[str, JSON]) -> str:
    if "license" in value:
        return _named(value["license"], "type")
    several = value.get("licenses")
    return " OR ".join(filter(None, (_named(item, "type") for item in several))) if isinstance(several, list) else ""
