r"""PKG-INFO of a Python sdist: core metadata (https://packaging.python.org/specifications/core-metadata/), read as text alone.

>>> parse_core_metadata(b"Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\nLicense: MIT\n\nName: other\n").name
'six'
"""

from __future__ import annotations

import re

from transparency.proofs.errors import EvidenceError
from transparency.proofs.packages.declared import Declared, checked_name, checked_version, decoded, one_line

MAX_LINES = 50_000
# Fields that stand once. Readers differ in which of two counts, so neither does.
_ONCE = ("metadata-version", "name", "version", "license", "license-expression")
_REQUIRED = ("metadata-version", "name", "version")
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]*): ?(.*)\Z", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9])?\Z", re.ASCII)
_CLASSIFIER = "License :: "
# Labels of Project-URL that mean the repository (well-known labels, punctuation and spaces taken out); a home page is none.
_REPOSITORY = ("source", "repository", "sourcecode", "github", "code")
_NO_VALUE = {"", "unknown", "none"}


def parse_core_metadata(data: bytes) -> Declared:
    """What the header block says; the body below it is the description (`package-malformed`)."""
    fields = _fields(decoded(data))
    wrong = [
        ("package-repeated", f"{key}: expected it once, found {len(fields[key])} times")
        for key in _ONCE
        if len(fields.get(key, ())) > 1
    ]
    if missing := [key for key in _REQUIRED if key not in fields]:
        raise EvidenceError("package-malformed", expected=", ".join(missing), found="nothing")
    name, version = _only(fields, "name"), _only(fields, "version")
    return Declared(
        name=checked_name(name, _NAME) if name else "",
        version=checked_version(version) if version else "",
        licence=_licence(fields),
        repository=_repository(fields),
        wrong=tuple(wrong),
    )


def _fields(text: str) -> dict[str, list[str]]:
    """Values by lower-case key; a line that begins with a space goes on with the one before."""
    found: dict[str, list[str]] = {}
    values: list[str] = []
    lines = text.replace("\r\n", "\n").split("\n")
    if len(lines) > MAX_LINES:
        raise EvidenceError("package-malformed", expected=f"at most {MAX_LINES} lines", found=str(len(lines)))
    for line in lines:
        if not line:
            break
        if line[0] in " \t" and values:
            values[-1] += "\n" + line.strip()
            continue
        match = _FIELD.match(line)
        if not match:
            raise EvidenceError("package-malformed", expected="field: value", found=repr(line[:80]))
        values = found.setdefault(match[1].lower(), [])
        values.append(match[2])
    return found


def _only(fields: dict[str, list[str]], key: str) -> str:
    values = fields.get(key, [])
    return values[0].strip() if len(values) == 1 else ""


def _licence(fields: dict[str, list[str]]) -> str:
    for key in ("license-expression", "license"):
        found = one_line(_only(fields, key))
        if found.lower() not in _NO_VALUE:
            return found
    told = [value.strip() for value in fields.get("classifier", ()) if value.startswith(_CLASSIFIER)]
    return one_line(", ".join(value.rpartition(" :: ")[2] for value in told))


def _repository(fields: dict[str, list[str]]) -> str:
    links = [value.partition(",") for value in fields.get("project-url", ())]
    by_label = {re.sub(r"[\W_]", "", label).lower(): url.strip() for label, _, url in reversed(links)}
    return one_line(next((by_label[label] for label in _REPOSITORY if by_label.get(label)), ""))
