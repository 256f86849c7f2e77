r"""A Go module zip (https://go.dev/ref/mod#zip-files): everything lies below `module@version/`, and go.mod names the module again.

>>> split_prefix(b"golang.org/x/mod@v0.14.0/")
('golang.org/x/mod', 'v0.14.0')
>>> parse_go_mod(b"// a comment\nmodule golang.org/x/mod // and another\n\ngo 1.18\n")
'golang.org/x/mod'
"""

from __future__ import annotations

import re

from transparency.proofs.errors import EvidenceError
from transparency.proofs.packages.declared import checked_name, decoded

PREFIX = re.compile(rb"([^@]{0,999}[^@/])@(v[0-9][^/@]{0,200})/")
_PATH = re.compile(r"[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)*\Z", re.ASCII)
_VERSION = re.compile(r"v[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?(?:\+incompatible)?\Z", re.ASCII)
_MODULE = re.compile(
    r'^module(?:[ \t]+("?)([^\s"`()/][^\s"`()]*)\1|[ \t]*\(\s*("?)([^\s"`()/][^\s"`()]*)\3\s*\))[ \t]*(?://[^\n]*)?$',
    re.MULTILINE,
)


def split_prefix(prefix: bytes) -> tuple[str, str]:
    """Module path and version of the folder that everything lies in (`package-malformed`)."""
    match = PREFIX.fullmatch(prefix)
    if not match:
        raise EvidenceError("package-malformed", expected="module@version/", found=repr(prefix[:80]))
    path, version = match[1].decode("utf-8", "replace"), match[2].decode("utf-8", "replace")
    if not _VERSION.match(version):
        raise EvidenceError("package-malformed", expected="a version of Go's", found=repr(version[:80]))
    return checked_name(path, _PATH), version


def parse_go_mod(data: bytes) -> str:
    """The module that go.mod names (`package-malformed`)."""
    found = [one[1] or one[3] for one in _MODULE.findall(decoded(data))]
    if len(found) != 1:
        raise EvidenceError("package-malformed", expected="one module directive", found=str(len(found)))
    return checked_name(found[0], _PATH)
