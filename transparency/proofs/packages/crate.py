r"""Cargo.toml of a crate (https://doc.rust-lang.org/cargo/reference/manifest.html): data, read by a TOML parser and nothing else.

>>> parse_cargo_toml(b'[package]\nname = "itoa"\nversion = "1.0.1"\nlicense = "MIT OR Apache-2.0"\n').version
'1.0.1'
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from transparency.proofs.errors import EvidenceError
from transparency.proofs.packages.declared import Declared, checked_name, checked_version, decoded, one_line

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}\Z", re.ASCII)
# Of one line. The parser's work grows with the square of a key's parts; real lines have a few dozen at most.
MAX_DOTS = 1000


def parse_cargo_toml(data: bytes) -> Declared:
    """What `[package]` says; a field that a workspace gives is not declared here (`package-malformed`)."""
    text = decoded(data)
    if any(line.count(".") > MAX_DOTS for line in text.split("\n")):
        raise EvidenceError("package-malformed", expected=f"at most {MAX_DOTS} dots a line", found="more")
    try:
        value = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise EvidenceError("package-malformed", expected="TOML", found=str(error)[:80]) from error
    package = value.get("package")
    if not isinstance(package, dict):
        raise EvidenceError("package-malformed", expected="[package]", found="none")
    return Declared(
        name=checked_name(_text(package, "name"), _NAME),
        version=checked_version(found) if (found := _text(package, "version")) else "",
        licence=one_line(_text(package, "license") or _text(package, "license-file")),
        repository=one_line(_text(package, "repository")),
    )


def _text(package: dict[str, Any], key: str) -> str:
    found = package.get(key, "")
    return found if isinstance(found, str) else ""
