"""The SSH wire format (RFC 4251 section 5): length-prefixed strings and integers, read strictly.

>>> SshReader(ssh_string(b"ab"), "x").string()
b'ab'
"""

from __future__ import annotations

from transparency.proofs.errors import EvidenceError


def ssh_string(data: bytes) -> bytes:
    """`data` after its length as four bytes, big endian."""
    return len(data).to_bytes(4, "big") + data


class SshReader:
    """Reads one field after the other; every shortage raises the caller's `code`."""

    def __init__(self, data: bytes, code: str) -> None:
        self._data = data
        self._place = 0
        self._code = code

    def take(self, count: int) -> bytes:
        found = self._data[self._place : self._place + count]
        if len(found) != count:
            raise EvidenceError(self._code, expected=f"{count} bytes", found=f"{len(found)} bytes")
        self._place += count
        return found

    def uint32(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        return self.take(self.uint32())

    def text(self) -> str:
        try:
            return self.string().decode("ascii")
        except UnicodeDecodeError as error:
            raise EvidenceError(self._code, expected="ASCII", found=f"byte {error.start}") from error

    def mpint(self) -> int:
        """A positive integer in its shortest form."""
        raw = self.string()
        value = int.from_bytes(raw, "big")
        if not raw or raw[0] & 0x80 or (raw[0] == 0 and not (len(raw) > 1 and raw[1] & 0x80)):
            raise EvidenceError(self._code, expected="a positive integer in its shortest form", found=raw[:4].hex())
        return value

    def end(self) -> None:
        if self._place != len(self._data):
            raise EvidenceError(
                self._code, expected="nothing more", found=f"{len(self._data) - self._place} bytes more"
            )
