r"""DER (X.690), read one element after the other: what CMS and X.509 are written in.

Strict: definite lengths in their shortest form, tags below 31, nothing after the end. CMS may come in BER with indefinite lengths
(gpgsm and streaming tools write it so); `definite` makes those definite first and changes nothing else.

>>> DerReader(bytes.fromhex("020105"), "x").integer()
5
>>> definite(bytes.fromhex("3080020105" "0000")).hex()
'3003020105'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from transparency.proofs.errors import EvidenceError

INTEGER, BIT_STRING, OCTET_STRING, NULL, OID, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x05, 0x06, 0x30, 0x31
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
_CONSTRUCTED, _HIGH_TAG, _INDEFINITE = 0x20, 0x1F, 0x80
_MAX_DEPTH = 32
_TIMES = {UTC_TIME: re.compile(rb"\d{12}Z\Z"), GENERALIZED_TIME: re.compile(rb"\d{14}(?:\.\d{0,8}[1-9])?Z\Z")}
_CENTURY = 50


def context(number: int) -> int:
    """The tag of a constructed `[number]`."""
    return 0xA0 | number


@dataclass(frozen=True, slots=True)
class Element:
    """Identifier octet, contents, and the whole encoding."""

    tag: int
    body: bytes
    raw: bytes


class DerReader:
    """Reads elements; whatever is missing, too much or spelt in another way raises the caller's `code`."""

    def __init__(self, data: bytes, code: str) -> None:
        self._data, self._place, self._code = data, 0, code

    def refuse(self, expected: str, found: str) -> EvidenceError:
        return EvidenceError(self._code, expected=expected, found=found)

    def element(self, tag: int | None = None) -> Element:
        """The next one, of this tag where one is given."""
        start = self._place
        found, body, end = _header(self._data, start, self._code)
        if tag is not None and found != tag:
            raise self.refuse(f"an element of tag 0x{tag:02x}", f"0x{found:02x}")
        if end is None:
            raise self.refuse("a definite length", "an indefinite one")
        self._place = end
        return Element(found, self._data[body:end], self._data[start:end])

    def optional(self, tag: int) -> Element | None:
        """The next one if it has this tag."""
        return self.element() if self._data[self._place : self._place + 1] == bytes([tag]) else None

    def inside(self, tag: int) -> DerReader:
        """A reader of the next element's contents."""
        return DerReader(self.element(tag).body, self._code)

    def rest(self) -> list[Element]:
        """All that are left."""
        found = []
        while self._place < len(self._data):
            found.append(self.element())
        return found

    def integer(self) -> int:
        body = self.element(INTEGER).body
        if not body or (len(body) > 1 and body[0] in {0, 0xFF} and (body[0] ^ body[1]) < 0x80):  # noqa: PLR2004 - equal sign bits
            raise self.refuse("an integer in its shortest form", body[:4].hex())
        return int.from_bytes(body, "big", signed=True)

    def oid(self) -> str:
        """In dotted decimal."""
        return oid_text(self.element(OID).body, self._code)

    def octets(self) -> bytes:
        return self.element(OCTET_STRING).body

    def time(self) -> datetime:
        """A UTCTime or GeneralizedTime in UTC, as DER spells them; fractions of seconds are cut."""
        element = self.element()
        if element.tag not in _TIMES or not _TIMES[element.tag].match(element.body):
            raise self.refuse("a time in UTC", repr(element.body[:20]))
        digits = element.body[:14].decode() if element.tag == GENERALIZED_TIME else _full_year(element.body)
        try:
            return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError as error:
            raise self.refuse("a time in UTC", repr(element.body[:20])) from error

    def end(self) -> None:
        if self._place != len(self._data):
            raise self.refuse("nothing more", f"{len(self._data) - self._place} bytes more")


def oid_text(body: bytes, code: str) -> str:
    """The dotted decimal of an object identifier's contents."""
    numbers, value, begins = [], 0, True
    for byte in body:
        if begins and byte == 0x80:  # noqa: PLR2004 - a leading zero
            raise EvidenceError(code, expected="an object identifier", found=body[:16].hex())
        value, begins = value << 7 | byte & 0x7F, not byte & 0x80
        if begins:
            numbers.append(value)
            value = 0
    if not numbers or not begins or len(body) > 64:  # noqa: PLR2004 - longer than any in use
        raise EvidenceError(code, expected="an object identifier", found=body[:16].hex())
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def definite(data: bytes, code: str = "der-malformed") -> bytes:
    """The same element with every indefinite length made definite."""
    made, end = _definite(data, 0, code, _MAX_DEPTH)
    if end != len(data):
        raise EvidenceError(code, expected="one element", found=f"{len(data) - end} bytes more")
    return made


def encode(tag: int, body: bytes) -> bytes:
    """One element in DER."""
    size = len(body)
    if size < _INDEFINITE:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, _INDEFINITE | len(length)]) + length + body


def _definite(data: bytes, place: int, code: str, depth: int) -> tuple[bytes, int]:
    tag, body, end = _header(data, place, code)
    if not tag & _CONSTRUCTED:
        if end is None:
            raise EvidenceError(code, expected="a definite length", found="a primitive element of indefinite length")
        return data[place:end], end
    if not depth:
        raise EvidenceError(code, expected=f"at most {_MAX_DEPTH} levels", found="more")
    parts, at = [], body
    while at < end if end is not None else data[at : at + 2] != b"\0\0":
        part, at = _definite(data, at, code, depth - 1)
        parts.append(part)
    if end is not None and at != end:
        raise EvidenceError(code, expected="elements that fill theirs", found=f"{at - end} bytes more")
    return encode(tag, b"".join(parts)), at if end is not None else at + 2


def _header(data: bytes, place: int, code: str) -> tuple[int, int, int | None]:
    """Tag, where the contents begin, and where they end; None of an indefinite length."""
    head = data[place : place + 2]
    if len(head) != 2 or head[0] & _HIGH_TAG == _HIGH_TAG:  # noqa: PLR2004 - tag and length
        raise EvidenceError(code, expected="an element", found=head.hex() or "the end")
    tag, size, body = head[0], head[1], place + 2
    if size == _INDEFINITE:
        return tag, body, None
    if size > _INDEFINITE:
        count = size & 0x7F
        written = data[body : body + count]
        size, body = int.from_bytes(written, "big"), body + count
        if count > 4 or len(written) != count or not written[0] or size < _INDEFINITE:  # noqa: PLR2004 - 4 GiB
            raise EvidenceError(code, expected="a length in its shortest form", found=written[:8].hex())
    if body + size > len(data):
        raise EvidenceError(code, expected=f"{size} bytes", found=f"{len(data) - body} bytes")
    return tag, body, body + size


def _full_year(body: bytes) -> str:
    digits = body[:12].decode()
    return ("20" if int(digits[:2]) < _CENTURY else "19") + digits
