r"""The members of a Debian binary package: an `ar` archive of `debian-binary`, `control.tar*` and `data.tar*` (deb(5)).

>>> deb_members(b"!<arch>\n" + b"debian-binary   0           0     0     100644  4         `\n2.0\n")
{'debian-binary': b'2.0\n'}
"""

from __future__ import annotations

import re

from transparency.proofs.errors import EvidenceError

MAGIC = b"!<arch>\n"
_HEADER_BYTES = 60
_MAX_MEMBERS = 16
_HEADER = re.compile(
    rb"([A-Za-z0-9._+-]{1,16})/? {0,15}([0-9 ]{12})([0-9 ]{6})([0-9 ]{6})([0-7 ]{8})([0-9]{1,10}) {0,9}`\n\Z"
)


def deb_members(data: bytes) -> dict[str, bytes]:
    """Name -> content (`deb-malformed` for anything that does not add up)."""
    if not data.startswith(MAGIC):
        raise EvidenceError("deb-malformed", expected="an ar archive", found=repr(data[:8]))
    members: dict[str, bytes] = {}
    place = len(MAGIC)
    while place < len(data):
        header = data[place : place + _HEADER_BYTES]
        match = _HEADER.match(header)
        if match is None or len(members) >= _MAX_MEMBERS:
            raise EvidenceError("deb-malformed", expected="a member's header", found=repr(header[:20]))
        name, size = match[1].decode("ascii"), int(match[6])
        place += _HEADER_BYTES
        if place + size > len(data) or name in members:
            raise EvidenceError("deb-malformed", expected=f"{size} bytes of one {name}", found="less, or two")
        members[name] = data[place : place + size]
        place += size + size % 2
    return members
