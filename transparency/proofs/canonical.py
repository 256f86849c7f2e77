r"""Canonical JSON (RFC 8785, JCS) and a strict reader (docs/formats.md, first section).

>>> canonical_json({"b": 1, "a": [True, None, "\\u20ac"]}).decode()
'{"a":[true,null,"€"],"b":1}'
>>> parse_json(b'{"a":1,"a":2}', limit=100)
Traceback (most recent call last):
    ...
transparency.proofs.errors.EvidenceError: json-duplicate-key: expected each key once, found a
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from transparency.proofs.errors import EvidenceError

JSON = dict[str, Any] | list[Any] | str | int | float | bool | None

MAX_DEPTH = 64
# Above this, two JSON readers may disagree about an integer (RFC 8785 section 3.2.2.3).
MAX_INTEGER = 2**53 - 1
_EXPONENT_FROM = 21
_FRACTION_TO = -6


def canonical_json(value: JSON) -> bytes:
    """Return the RFC 8785 bytes; AssertionError for values that no JSON can hold."""
    return _serialise(value).encode()


def parse_json(data: bytes, *, limit: int) -> JSON:
    """Return the value of strict JSON of at most `limit` bytes (`json-too-large`, `json-malformed`, `json-duplicate-key`, …)."""
    if len(data) > limit:
        raise EvidenceError("json-too-large", expected=f"at most {limit} bytes", found=f"{len(data)} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EvidenceError("json-malformed", expected="UTF-8", found=f"byte {error.start}") from error
    _bound_depth(text)
    try:
        value: JSON = json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_int=_integer, parse_float=_float
        )
    except json.JSONDecodeError as error:
        raise EvidenceError("json-malformed", expected="JSON", found=f"{error.msg} at {error.pos}") from error
    _refuse_surrogates(value)
    return value


def parse_canonical(data: bytes, *, limit: int) -> JSON:
    """As `parse_json`, and the bytes must be the canonical ones, without fractions, as our documents are (`json-not-canonical`)."""
    value = parse_json(data, limit=limit)
    _refuse_fractions(value)
    if canonical_json(value) != data:
        raise EvidenceError("json-not-canonical", expected="RFC 8785 bytes", found="another spelling")
    return value


def _serialise(value: JSON) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise AssertionError("integer too large for JSON")
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list):
        return "[" + ",".join(_serialise(item) for item in value) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{_serialise(value[key])}" for key in keys) + "}"


def _number(value: float) -> str:
    """ECMAScript's Number.prototype.toString for radix 10; Python's repr already has the shortest digits."""
    if not math.isfinite(value):
        raise AssertionError("not a JSON number")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent_text = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    # `point` is where the decimal point stands, counted from the first significant digit.
    point = int(exponent_text or 0) + (len(whole) if whole != "0" else len(digits) - len(fraction))
    digits = digits.rstrip("0")
    if len(digits) <= point <= _EXPONENT_FROM:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= _EXPONENT_FROM:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if _FRACTION_TO < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    exponent = point - 1
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'+' if exponent > 0 else '-'}{abs(exponent)}"


def _bound_depth(text: str) -> None:
    """Count brackets outside strings before the recursive reader sees them."""
    depth = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise EvidenceError("json-too-deep", expected=f"at most {MAX_DEPTH} levels", found="more")
        elif character in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    for key, value in pairs:
        if key in found:
            raise EvidenceError("json-duplicate-key", expected="each key once", found=key[:80])
        found[key] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise EvidenceError("json-malformed", expected="a JSON number", found=name)


def _integer(text: str) -> int | float:
    if text == "-0":
        return 0
    if len(text) > len(str(MAX_INTEGER)) + 1 or abs(int(text)) > MAX_INTEGER:
        return _float(text)
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise EvidenceError("json-malformed", expected="a finite number", found=text[:40])
    return value


def _refuse_surrogates(value: JSON) -> None:
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise EvidenceError("json-malformed", expected="Unicode text", found="a lone surrogate")
    elif isinstance(value, list):
        for item in value:
            _refuse_surrogates(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_surrogates(key)
            _refuse_surrogates(item)


def _refuse_fractions(value: JSON) -> None:
    if isinstance(value, float):
        raise EvidenceError("json-not-canonical", expected=f"whole numbers up to {MAX_INTEGER}", found=_number(value))
    if isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            _refuse_fractions(item)


class Fields:
    """Typed reading of one JSON object; every refusal is `json-shape` and names the field.

    >>> Fields({"a": 1}, "thing").integer("a")
    1
    """

    def __init__(self, value: JSON, where: str) -> None:
        if not isinstance(value, dict):
            raise EvidenceError("json-shape", subject=where, expected="an object", found=_kind(value))
        self._value = value
        self._where = where

    def text(self, key: str) -> str:
        found = self._get(key)
        return found if isinstance(found, str) else self._refuse(key, "a string", found)

    def optional_text(self, key: str) -> str | None:
        return None if self._get(key) is None else self.text(key)

    def integer(self, key: str) -> int:
        """A whole number of at least 0."""
        found = self._get(key)
        if isinstance(found, bool) or not isinstance(found, int) or found < 0:
            self._refuse(key, "a whole number of at least 0", found)
        return found

    def optional_integer(self, key: str) -> int | None:
        return None if self._get(key) is None else self.integer(key)

    def flag(self, key: str) -> bool:
        found = self._get(key)
        return found if isinstance(found, bool) else self._refuse(key, "true or false", found)

    def array(self, key: str) -> list[JSON]:
        found = self._get(key)
        return found if isinstance(found, list) else self._refuse(key, "an array", found)

    def texts(self, key: str) -> tuple[str, ...]:
        found = self.array(key)
        return tuple(item if isinstance(item, str) else self._refuse(key, "strings", item) for item in found)

    def object(self, key: str) -> Fields:
        return Fields(self._get(key), f"{self._where}.{key}")

    def objects(self, key: str) -> tuple[Fields, ...]:
        return tuple(Fields(item, f"{self._where}.{key}[{position}]") for position, item in enumerate(self.array(key)))

    def optional_object(self, key: str) -> Fields | None:
        return None if self._get(key) is None else self.object(key)

    def has(self, key: str) -> bool:
        return key in self._value

    def keys(self) -> frozenset[str]:
        return frozenset(self._value)

    def raw(self, key: str) -> JSON:
        found: JSON = self._get(key)
        return found

    @property
    def where(self) -> str:
        return self._where

    def _get(self, key: str) -> Any:
        if key not in self._value:
            raise EvidenceError("json-shape", subject=f"{self._where}.{key}", expected="a value", found="nothing")
        return self._value[key]

    def _refuse(self, key: str, expected: str, found: JSON) -> NoReturn:
        raise EvidenceError("json-shape", subject=f"{self._where}.{key}", expected=expected, found=_kind(found))


def _kind(value: JSON) -> str:
    if isinstance(value, dict | list):
        return type(value).__name__.replace("dict", "an object").replace("list", "an array")
    return repr(value)[:60]
