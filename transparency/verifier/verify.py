#!/usr/bin/env python3
"""Check a Transparency Centre dossier, offline, with nothing but this file and the keys that you trust.

    python3 verify.py DOSSIER.zip [FILE] [--trust FILE] [--now TIME] [--json]

Written from docs/formats.md alone and sharing no code with the portal or its client, so that one bug cannot hide in both.
Standard library only; `sqv` is used for OpenPGP signatures where it is on the PATH, else they are said to be not checked.

Exit codes: 0 every link holds and everything required is met; 1 a link fails, and is named; 2 unusable input; 3 no trust file was
given, so at most internally consistent, origin not established; 4 the links hold, a requirement is not met.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unicodedata
import zlib
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, NoReturn, Optional, Sequence, Tuple

BASE = "https://transparency-centre.example/"
MAX_DOSSIER = 1024**3
MAX_JSON = 64 * 1024**2
MAX_ENVELOPE = 1024**2
MAX_LIST = 16 * 1024**2
MAX_WHOLE = 256 * 1024**2
MAX_TEXT = 1024**2
MAX_DEPTH = 64
OUTCOMES = ("valid", "invalid", "unsigned", "unknown-key", "expired", "revoked", "weak", "unavailable")
NOT_SHOWN = "This does not show that no back door exists."


class Bad(Exception):
    """Something is not as it must be; the link in progress fails with this reason."""


class Unusable(Exception):
    """Not even a candidate: exit 2."""


class NotChecked(Exception):
    """Could not be decided here: a key, a file or a tool is missing."""


def need(holds: bool, reason: str) -> None:
    if not holds:
        raise Bad(reason)


# --- text, JSON, times --------------------------------------------------------------------------------------------------


def pairs_once(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for key, value in pairs:
        need(key not in found, f"duplicate key {key[:60]!r}")
        found[key] = value
    return found


def no_constant(name: str) -> NoReturn:
    raise Bad(f"{name} is no JSON number")


def read_json(data: bytes, limit: int = MAX_JSON) -> Any:
    """Strict JSON: UTF-8, no duplicate keys, no NaN, no lone surrogates, bounded depth and size."""
    need(len(data) <= limit, f"more than {limit} bytes of JSON")
    try:
        text = data.decode("utf-8")
        need(deepest(text) <= MAX_DEPTH, "JSON nested too deeply")
        value = json.loads(text, object_pairs_hook=pairs_once, parse_constant=no_constant)
    except UnicodeDecodeError as error:
        raise Bad("not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise Bad(f"not JSON: {error}") from error
    check_values(value)
    return value


def deepest(text: str) -> int:
    depth = most = 0
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text, re.DOTALL):
        first = token.group()[0]
        if first in "[{":
            depth += 1
            most = max(most, depth)
        elif first in "]}":
            depth -= 1
    return most


def check_values(value: Any) -> None:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            need(not any("\ud800" <= char <= "\udfff" for char in item), "a lone surrogate")
        elif isinstance(item, float):
            need(item == item and abs(item) != float("inf"), "a number that is not finite")
        elif isinstance(item, dict):
            stack.extend(item)
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def canonical(value: Any) -> bytes:
    """RFC 8785 for what our documents use: no fractions, whole numbers up to 2^53-1."""
    if value is None or isinstance(value, bool):
        return {None: b"null", True: b"true", False: b"false"}[value]
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).encode()
    if isinstance(value, int):
        need(abs(value) <= 2**53 - 1, "a number too large for JSON")
        return str(value).encode()
    if isinstance(value, list):
        return b"[" + b",".join(canonical(item) for item in value) + b"]"
    need(isinstance(value, dict), "a fraction in a canonical document")
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return b"{" + b",".join(canonical(key) + b":" + canonical(value[key]) for key in keys) + b"}"


def read_canonical(data: bytes, limit: int = MAX_JSON) -> Any:
    value = read_json(data, limit)
    need(canonical(value) == data, "not canonical JSON")
    return value


def obj(value: Any, what: str) -> Dict[str, Any]:
    need(isinstance(value, dict), f"{what}: expected an object")
    return dict(value)


def get(value: Dict[str, Any], key: str, kind: Any, what: str) -> Any:
    need(key in value, f"{what}.{key} is missing")
    found = value[key]
    good = isinstance(found, kind) and not (isinstance(found, bool) and kind is not bool)
    need(good, f"{what}.{key} has the wrong type")
    return found


def text(value: Dict[str, Any], key: str, what: str) -> str:
    return str(get(value, key, str, what))


def count(value: Dict[str, Any], key: str, what: str) -> int:
    found = get(value, key, int, what)
    need(0 <= found <= 2**53 - 1, f"{what}.{key} is not a whole number of at least 0")
    return int(found)


def field(value: Dict[str, Any], key: str, what: str) -> Dict[str, Any]:
    return dict(get(value, key, dict, what))


def array(value: Dict[str, Any], key: str, what: str) -> List[Any]:
    return list(get(value, key, list, what))


def optional(read: Callable[..., Any], value: Dict[str, Any], key: str, what: str) -> Any:
    need(key in value, f"{what}.{key} is missing")
    return None if value[key] is None else read(value, key, what)


def hex_of(value: Dict[str, Any], key: str, what: str, digits: int = 64) -> str:
    found = text(value, key, what)
    need(re.fullmatch(f"[0-9a-f]{{{digits}}}", found) is not None, f"{what}.{key} is not {digits} hex digits")
    return found


def slug(value: Dict[str, Any], key: str, what: str) -> str:
    found = text(value, key, what)
    need(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", found) is not None, f"{what}.{key} is not a slug")
    return found


def version(value: Dict[str, Any], key: str, what: str) -> str:
    found = text(value, key, what)
    need(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}", found) is not None, f"{what}.{key} is not a version")
    return found


def read_time(found: str) -> datetime:
    need(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", found) is not None, "not a time")
    try:
        return datetime.strptime(found, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError as error:
        raise Bad(f"not a time: {found}") from error


def time_of(value: Dict[str, Any], key: str, what: str) -> datetime:
    return read_time(text(value, key, what))


def base64_of(found: str) -> bytes:
    try:
        data = base64.b64decode(found, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Bad("not base64") from error
    need(base64.b64encode(data).decode() == found, "base64 that is not canonical")
    return data


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def shown(value: object) -> str:
    """Text from outside with everything that a terminal obeys, or hides, escaped."""
    return "".join(
        char if char == " " or (char.isprintable() and unicodedata.category(char)[0] != "C") else ascii(char)[1:-1]
        for char in str(value)
    )


# --- the container --------------------------------------------------------------------------------------------------------

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
NAME = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")


def read_zip(data: bytes) -> Dict[str, bytes]:
    """Members by the central directory; every byte that is not looked at here is compared with the canonical container."""
    need(len(data) >= 22 and data[-22:-18] == END, "no end record in the last 22 bytes")
    entries = struct.unpack("<H", data[-12:-10])[0]
    size, start = struct.unpack("<II", data[-10:-2])
    need(start + size + 22 == len(data), "the central directory does not lie where the end record says")
    members: Dict[str, bytes] = {}
    place, expected = start, 0
    for _ in range(entries):
        need(data[place : place + 4] == CENTRAL and place + 46 <= len(data), "a torn central directory")
        flags, method = struct.unpack("<HH", data[place + 8 : place + 12])
        stored, plain = struct.unpack("<II", data[place + 20 : place + 28])
        lengths = struct.unpack("<HHH", data[place + 28 : place + 34])
        offset = struct.unpack("<I", data[place + 42 : place + 46])[0]
        name = data[place + 46 : place + 46 + lengths[0]].decode("latin-1")
        place += 46 + sum(lengths)
        need(method == 0 and flags == 0 and stored == plain, f"{shown(name)} is not stored")
        safe = NAME.fullmatch(name) is not None and not {".", ".."} & set(name.split("/"))
        need(safe and name not in members, f"unsafe or repeated name {shown(name)[:80]}")
        header = data[offset : offset + 30]
        need(offset == expected and header[:4] == LOCAL and len(header) == 30, f"{name}: no local header at its place")
        local_name, extra = struct.unpack("<HH", header[26:30])
        need(data[offset + 30 : offset + 30 + local_name] == name.encode(), f"{name}: another name in the local header")
        begin = offset + 30 + local_name + extra
        need(begin + stored <= start, f"{name}: data run into what follows")
        members[name] = data[begin : begin + stored]
        expected = begin + stored
    need(place == start + size and expected == start, "the central directory is not whole")
    return members


def canonical_zip(members: Dict[str, bytes]) -> bytes:
    need(len(members) <= 65_534, "too many members")
    body, directory = bytearray(), bytearray()
    for name in sorted(members, key=str.encode):
        data = members[name]
        fields = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0x0021, zlib.crc32(data), len(data), len(data), len(name), 0)
        directory += (
            CENTRAL + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name.encode()
        )
        body += LOCAL + fields + name.encode() + data
    end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(body), 0)
    return bytes(body) + bytes(directory) + END + end


# --- Ed25519, ECDSA P-256, RSA ----------------------------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = Tuple[int, int, int, int]


def recover_x(y: int, sign: int) -> Optional[int]:
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


def point_of(encoded: bytes) -> Point:
    """A canonical point that is not of small order, or Bad."""
    number = int.from_bytes(encoded, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    need(y < P, "a point that is not canonical")
    x = recover_x(y, sign)
    need(x is not None, "not a point of the curve")
    point = (x or 0, y, 1, (x or 0) * y % P)
    eighth = multiply(8, point)
    need((eighth[0] % P, (eighth[1] - eighth[2]) % P) != (0, 0), "a point of small order")
    return point


def add(a: Point, b: Point) -> Point:
    one, two = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    three, four = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = two - one, four - three, four + three, two + one
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar: int, point: Point) -> Point:
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def encode(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | ((x & 1) << 255)).to_bytes(32, "little")


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0) or 0
BASE_POINT = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def check_ed25519(public: bytes, signature: bytes, message: bytes) -> None:
    need(len(public) == 32 and len(signature) == 64, "an Ed25519 key or signature of wrong length")
    a = point_of(public)
    point_of(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    need(s < L, "S is not below the group order")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    negative = (P - a[0], a[1], a[2], P - a[3])
    need(encode(add(multiply(s, BASE_POINT), multiply(k, negative))) == signature[:32], "the signature does not fit")


P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
N256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B256 = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G256 = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
Affine = Optional[Tuple[int, int]]


def p256_add(a: Affine, b: Affine) -> Affine:
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0] and (a[1] + b[1]) % P256 == 0:
        return None
    if a == b:
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], P256 - 2, P256) % P256
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], P256 - 2, P256) % P256
    x = (slope * slope - a[0] - b[0]) % P256
    return (x, (slope * (a[0] - x) - a[1]) % P256)


def p256_multiply(scalar: int, point: Affine) -> Affine:
    result: Affine = None
    while scalar:
        if scalar & 1:
            result = p256_add(result, point)
        point = p256_add(point, point)
        scalar >>= 1
    return result


def p256_point(data: bytes) -> Tuple[int, int]:
    need(len(data) == 65 and data[0] == 4, "not an uncompressed point of P-256")
    x, y = int.from_bytes(data[1:33], "big"), int.from_bytes(data[33:], "big")
    need(x < P256 and y < P256 and (y * y - (x * x * x - 3 * x + B256)) % P256 == 0, "not a point of P-256")
    return x, y


def check_p256(point: Tuple[int, int], r: int, s: int, message: bytes) -> None:
    check_p256_digest(point, r, s, hashlib.sha256(message).digest())


def check_p256_digest(point: Tuple[int, int], r: int, s: int, hashed: bytes) -> None:
    need(0 < r < N256 and 0 < s < N256, "r or s out of range")
    digest = int.from_bytes(hashed, "big")
    inverse = pow(s, N256 - 2, N256)
    found = p256_add(p256_multiply(digest * inverse % N256, G256), p256_multiply(r * inverse % N256, point))
    need(found is not None and found[0] % N256 == r, "the signature does not fit")


def der_numbers(data: bytes) -> Tuple[int, int]:
    """r and s of a strict DER signature: encoding them again gives the same bytes."""
    need(8 <= len(data) <= 72 and data[0] == 0x30 and data[1] == len(data) - 2 and data[2] == 2, "not a DER signature")
    first, rest = data[4 : 4 + data[3]], data[4 + data[3] :]
    need(len(rest) >= 2 and rest[0] == 2 and rest[1] == len(rest) - 2, "not a DER signature")
    r, s = int.from_bytes(first, "big", signed=True), int.from_bytes(rest[2:], "big", signed=True)
    need(r > 0 and s > 0, "a number that is not positive")
    body = b"".join(
        b"\x02" + bytes([n.bit_length() // 8 + 1]) + n.to_bytes(n.bit_length() // 8 + 1, "big") for n in (r, s)
    )
    need(b"\x30" + bytes([len(body)]) + body == data, "DER that is not strict")
    return r, s


RSA_PREFIX = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


def check_rsa(modulus: int, exponent: int, algorithm: str, signature: bytes, message: bytes) -> None:
    length = (modulus.bit_length() + 7) // 8
    need(len(signature) == length, "an RSA signature of wrong length")
    found = pow(int.from_bytes(signature, "big"), exponent, modulus).to_bytes(length, "big")
    tail = RSA_PREFIX[algorithm] + hashlib.new(algorithm, message).digest()
    need(found == b"\0\1" + b"\xff" * (length - 3 - len(tail)) + b"\0" + tail, "the signature does not fit")


# --- SSH, minisign, PEM, OpenPGP ------------------------------------------------------------------------------------------------


class Wire:
    """Fields of the SSH wire format, read strictly."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def take(self, length: int) -> bytes:
        found = self.data[self.place : self.place + length]
        need(len(found) == length, "a torn SSH field")
        self.place += length
        return found

    def string(self) -> bytes:
        return self.take(int.from_bytes(self.take(4), "big"))

    def number(self) -> int:
        raw = self.string()
        need(
            bool(raw) and not raw[0] & 0x80 and not (raw[0] == 0 and not (len(raw) > 1 and raw[1] & 0x80)),
            "a malformed number",
        )
        return int.from_bytes(raw, "big")

    def end(self) -> None:
        need(self.place == len(self.data), "bytes after the last SSH field")


def ssh_string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


class Digests(NamedTuple):
    """What is known of a signed file: size and raw digests; its bytes or its path where it is at hand; whether signed as a text, by git."""

    size: int
    sha256: bytes
    sha512: bytes
    blake2b: bytes
    data: Optional[bytes] = None
    path: Optional[str] = None
    text: bool = False
    by_git: bool = False

    def whole(self) -> bytes:
        """All of it, for the formats that sign every byte."""
        if self.data is None and self.path is None:
            raise NotChecked("this signature needs the signed file itself: give it as FILE")
        if self.size > MAX_WHOLE:
            raise NotChecked("a signature of this format over more than 256 MiB")
        return self.data if self.data is not None else Path(self.path or "").read_bytes()


def digests_of(data: bytes, *, text: bool = False, by_git: bool = False) -> Digests:
    hashed = hashlib.sha256(data).digest(), hashlib.sha512(data).digest(), hashlib.blake2b(data).digest()
    return Digests(len(data), *hashed, data=data, text=text, by_git=by_git)


class Key(NamedTuple):
    """An enrolled key, refused when weak or malformed."""

    format: str
    public: str
    fingerprint: str
    namespaces: Tuple[str, ...]
    start: Optional[datetime]
    until: Optional[datetime]

    def covers(self, moment: datetime) -> bool:
        return not (self.start and moment < self.start) and not (self.until and moment > self.until)


def ssh_key(line: str) -> bytes:
    parts = line.strip().split(None, 2)
    need(len(parts) >= 2 and "\n" not in line.strip(), "an SSH key is one line: type, base64")
    blob = base64_of(parts[1])
    wire = Wire(blob)
    kind = wire.string().decode("latin-1")
    need(kind == parts[0], "an SSH key of another type inside")
    if kind in ("ssh-ed25519", "sk-ssh-ed25519@openssh.com"):
        public = wire.string()
        need(len(public) == 32, "an Ed25519 key of wrong length")
        point_of(public)
        if kind != "ssh-ed25519":
            wire.string()
    elif kind == "ecdsa-sha2-nistp256":
        need(wire.string() == b"nistp256", "another curve")
        p256_point(wire.string())
    else:
        need(kind == "ssh-rsa", f"an SSH key of type {shown(kind)[:40]}")
        wire.number()
        need(2048 <= wire.number().bit_length() <= 16_384, "a weak RSA key")
    wire.end()
    return blob


def numbered_key(line: str) -> Tuple[bytes, bytes]:
    """Key number and Ed25519 key of a minisign or signify key: a comment, or none, and one line."""
    lines = line.strip().splitlines()
    raw = base64_of(lines[-1].strip() if lines else "")
    need(len(lines) <= 2 and len(raw) == 42 and raw[:2] == b"Ed", "not a minisign or signify key")
    point_of(raw[10:])
    return raw[2:10], raw[10:]


def pem_der(pem: str) -> bytes:
    match = re.fullmatch(
        r"\s*-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*", pem, re.ASCII
    )
    need(match is not None and len(pem) <= 4096, "not a PEM PUBLIC KEY")
    return base64_of("".join(match.group(1).split()) if match else "")


PEM_ED25519 = bytes.fromhex("302a300506032b6570032100")
PEM_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")


def pem_check(der: bytes, signature: bytes, message: bytes) -> None:
    if der.startswith(PEM_ED25519):
        check_ed25519(der[len(PEM_ED25519) :], signature, message)
    else:
        check_p256(p256_point(der[len(PEM_P256) :]), *der_numbers(signature), message)


def refuse_pem(der: bytes) -> None:
    if der.startswith(PEM_ED25519) and len(der) == len(PEM_ED25519) + 32:
        point_of(der[len(PEM_ED25519) :])
    else:
        need(der.startswith(PEM_P256), "a PEM key that is neither Ed25519 nor P-256")
        p256_point(der[len(PEM_P256) :])


def dearmour(armoured: str, what: str) -> bytes:
    """The bytes of exactly one armoured block; where it has a checksum, that must fit."""
    lines = [line.rstrip() for line in armoured.strip().splitlines()]
    begin, end = f"-----BEGIN PGP {what}-----", f"-----END PGP {what}-----"
    whole = bool(lines) and lines[0] == begin and lines[-1] == end and lines.count(begin) == 1 and "" in lines
    need(whole, f"not one armoured OpenPGP {what.lower()}")
    body = lines[lines.index("") + 1 : -1]
    checksum = body.pop()[1:] if body and body[-1].startswith("=") else None
    data = base64_of("".join(body))
    need(checksum is None or base64_of(checksum) == crc24(data), "armour with a checksum that does not fit")
    return data


def crc24(data: bytes) -> bytes:
    crc = 0xB704CE
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc <<= 1
            crc ^= 0x1864CFB if crc & 0x1000000 else 0
    return crc.to_bytes(3, "big")


def openpgp_packet(data: bytes) -> Tuple[int, int, int]:
    """Tag, where the body begins and where it ends, of the packet at the beginning; lengths are definite."""
    need(len(data) > 1 and data[0] & 0x80 != 0, "not an OpenPGP packet")
    if data[0] & 0x40:
        tag, first = data[0] & 0x3F, data[1]
        need(first < 224 or first == 255, "an OpenPGP packet in parts")
        used = 1 if first < 192 else 2 if first < 224 else 5
        field = data[1 : 1 + used]
        need(len(field) == used, "a torn OpenPGP packet")
        length = first if used == 1 else ((first - 192) << 8) + field[1] + 192 if used == 2 else 0
        length = int.from_bytes(field[1:], "big") if used == 5 else length
    else:
        tag, used = (data[0] >> 2) & 15, (1, 2, 4, 0)[data[0] & 3]
        need(0 < used < len(data), "an OpenPGP packet without a length")
        length = int.from_bytes(data[1 : 1 + used], "big")
    need(1 + used + length <= len(data), "a torn OpenPGP packet")
    return tag, 1 + used, 1 + used + length


def openpgp_fingerprint(armoured: str) -> str:
    data = dearmour(armoured, "PUBLIC KEY BLOCK")
    tag, start, end = openpgp_packet(data)
    body = data[start:end]
    need(tag == 6 and len(body) > 6, "no primary key at the beginning")
    if body[0] == 4:
        return hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body).hexdigest().upper()  # noqa: S324 - OpenPGP's name for it
    need(body[0] == 6, "a key of an unknown version")
    return hashlib.sha256(b"\x9b" + len(body).to_bytes(4, "big") + body).hexdigest().upper()


def openpgp_signatures(data: bytes) -> List[Tuple[int, bytes]]:
    """Type and bytes of each packet of a signature file, which has signature packets and nothing else."""
    need(len(data) <= 64 * 1024, "a signature file of more than 64 KiB")
    if data.lstrip()[:5] == b"-----":
        data = dearmour(data.decode("latin-1"), "SIGNATURE")
    found = []
    while data:
        tag, start, end = openpgp_packet(data)
        need(tag == 2, "not a detached OpenPGP signature")
        need(end - start >= 6 and data[start] in (4, 6), "an OpenPGP signature of an unknown version")
        found.append((data[start + 1], data[:end]))
        data = data[end:]
    need(1 <= len(found) <= 16, "no OpenPGP signature, or too many")
    return found


X509_TEXT = re.compile(
    r"(?:(use: time-stamps)\s+|signer: ((?:email|dns|uri|subject):[^\s#](?:[^\r\n#]{0,118}[^\s#])?)\s+)?"
    r"-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----"
)


def x509_name(public: str) -> str:
    """The name of an enrolled certificate; what it is worth is not looked at here, as no signature is checked by it."""
    match = X509_TEXT.fullmatch(public.strip())
    need(match is not None, "not a certificate with at most one line above it")
    stamps, signer, block = match.groups() if match else ("", "", "")
    der = base64_of("".join(block.split()))
    need(der[:1] == b"\x30" and len(der) <= 16 * 1024, "not a certificate")
    what = "time-stamps" if stamps else signer
    return "sha256:" + sha256(der) + ("#" + what if what else "")


def check_cosign(signature: bytes, digests: Digests, key: Key) -> None:
    """One line of base64: ECDSA over the SHA-256 of the file, or Ed25519 over the file."""
    shape = re.fullmatch(rb"([A-Za-z0-9+/]+={0,2})\n?", signature)
    need(shape is not None and len(signature) <= 144, "not a line of base64")
    raw, der = base64_of(shape.group(1).decode("latin-1") if shape else ""), pem_der(key.public)
    if der.startswith(PEM_ED25519):
        check_ed25519(der[len(PEM_ED25519) :], raw, digests.whole())
    else:
        check_p256_digest(p256_point(der[len(PEM_P256) :]), *der_numbers(raw), digests.sha256)


def check_cms(signature: bytes) -> None:
    """Chains of certificates are not followed here: another program says whether they hold."""
    armoured = re.match(rb"\s*-----BEGIN (?:CMS|PKCS7|SIGNED MESSAGE)-----", signature) is not None
    need(armoured or (signature[:1] == b"\x30" and signature[1:2] >= b"\x80"), "not a CMS signature")
    raise NotChecked("CMS signatures are checked by the transparency client, or by openssl cms -verify")


def read_key(value: Any, strict: bool) -> Key:
    entry = obj(value, "key")
    if strict:
        only(entry, {"format", "public", "namespaces", "from", "until"}, "key")
    kind, public = text(entry, "format", "key"), text(entry, "public", "key")
    if kind == "ssh":
        name = "SHA256:" + base64.b64encode(hashlib.sha256(ssh_key(public)).digest()).decode().rstrip("=")
    elif kind == "minisign":
        name = numbered_key(public)[0][::-1].hex().upper()
    elif kind == "signify":
        name = numbered_key(public)[0].hex()
    elif kind == "pem":
        refuse_pem(pem_der(public))
        name = "sha256:" + sha256(pem_der(public))
    elif kind == "x509":
        name = x509_name(public)
    else:
        need(kind == "openpgp", f"a key of format {shown(kind)[:40]}")
        name = openpgp_fingerprint(public)
    spaces = array(entry, "namespaces", "key")
    need(all(isinstance(space, str) for space in spaces), "namespaces are texts")
    start, until = optional(time_of, entry, "from", "key"), optional(time_of, entry, "until", "key")
    return Key(kind, public.strip(), name, tuple(spaces), start, until)


def check_sshsig(signature: bytes, digests: Digests, key: Key, namespaces: Sequence[str]) -> None:
    blob = signature
    if not signature.startswith(b"SSHSIG"):
        lines = signature.decode("latin-1").replace("\r\n", "\n").rstrip("\n").split("\n")
        good = (
            len(lines) > 2
            and lines[0] == "-----BEGIN SSH SIGNATURE-----"
            and lines[-1] == "-----END SSH SIGNATURE-----"
        )
        need(good and len(signature) <= 16 * 1024, "not an SSH signature")
        blob = base64_of("".join(lines[1:-1]))
    need(blob[:10] == b"SSHSIG\0\0\0\1", "not an SSHSIG of version 1")
    wire = Wire(blob[10:])
    public, namespace, reserved, algorithm, raw = (wire.string() for _ in range(5))
    wire.end()
    need(public == ssh_key(key.public), "a signature by another key")
    need(
        namespace.decode("utf-8", "replace") in namespaces and not reserved,
        f"namespace {shown(namespace.decode('utf-8', 'replace'))[:80]}",
    )
    digest = {b"sha256": digests.sha256, b"sha512": digests.sha512}.get(algorithm)
    need(digest is not None, "a hash that is not sha256 or sha512")
    signed = b"SSHSIG" + b"".join(ssh_string(part) for part in (namespace, b"", algorithm, digest or b""))
    check_ssh_raw(public, Wire(raw), signed)


def check_ssh_raw(public: bytes, raw: Wire, signed: bytes) -> None:
    key = Wire(public)
    kind, algorithm, value = key.string(), raw.string(), raw.string()
    if kind == b"ssh-rsa":
        exponent, modulus = key.number(), key.number()
        hashed = {b"rsa-sha2-256": "sha256", b"rsa-sha2-512": "sha512"}.get(algorithm)
        need(hashed is not None, "an RSA signature that is not rsa-sha2")
        check_rsa(modulus, exponent, hashed or "", value, signed)
    else:
        need(algorithm == kind, "a signature of another algorithm")
        if kind == b"ssh-ed25519":
            check_ed25519(key.string(), value, signed)
        elif kind == b"sk-ssh-ed25519@openssh.com":
            flags, counter = raw.take(1), raw.take(4)
            need(flags[0] & 1 == 1, "a security key that nobody touched")
            point, application = key.string(), key.string()
            check_ed25519(
                point, value, hashlib.sha256(application).digest() + flags + counter + hashlib.sha256(signed).digest()
            )
        else:
            key.string()
            numbers = Wire(value)
            r, s = numbers.number(), numbers.number()
            numbers.end()
            check_p256(p256_point(key.string()), r, s, signed)
    raw.end()


def check_minisign(signature: bytes, digests: Digests, key: Key) -> None:
    lines = signature.split(b"\n")
    good = (
        len(lines) == 5
        and not lines[4]
        and lines[0].startswith(b"untrusted comment: ")
        and lines[2].startswith(b"trusted comment: ")
    )
    need(good and len(signature) <= 16 * 1024, "not a minisign signature")
    raw, outer = base64_of(lines[1].decode("latin-1")), base64_of(lines[3].decode("latin-1"))
    need(len(raw) == 74 and raw[:2] in (b"Ed", b"ED"), "not a minisign signature")
    key_id, public = numbered_key(key.public)
    need(raw[2:10] == key_id, "a signature by another key")
    check_ed25519(public, raw[10:], digests.blake2b if raw[:2] == b"ED" else digests.whole())
    check_ed25519(public, outer, raw[10:] + lines[2][len(b"trusted comment: ") :])


def check_signify(signature: bytes, digests: Digests, key: Key) -> None:
    lines = signature.split(b"\n")
    good = len(lines) == 3 and not lines[2] and lines[0].startswith(b"untrusted comment: ")
    need(good and len(signature) <= 2048, "not a signify signature")
    raw, (number, public) = base64_of(lines[1].decode("latin-1")), numbered_key(key.public)
    need(len(raw) == 74 and raw[:2] == b"Ed", "not a signify signature")
    need(raw[2:10] == number, "a signature by another key")
    check_ed25519(public, raw[10:], digests.whole())


def check_openpgp(signature: bytes, digests: Digests, key: Key, moment: datetime) -> None:
    """Through sqv. What it refuses for a certificate's times is not checked here; what it refuses for the bytes is wrong."""
    packets = openpgp_signatures(signature)
    if digests.data is None and digests.path is None:
        raise NotChecked("an OpenPGP signature needs the signed file itself: give it as FILE")
    tool = shutil.which("sqv")
    if tool is None:
        raise NotChecked("an OpenPGP signature needs the tool sqv")
    wanted = b"".join(packet for kind, packet in packets if kind == (1 if digests.text else 0))
    need(bool(wanted), "an OpenPGP signature of another type than what it is over")
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("key.pgp", "signature", "data")]
        Path(paths[0]).write_bytes(dearmour(key.public, "PUBLIC KEY BLOCK"))
        Path(paths[1]).write_bytes(wanted)
        if digests.data is not None:
            Path(paths[2]).write_bytes(digests.data.replace(b"\n", b"\r\n") if digests.text else digests.data)
        else:
            paths[2] = str(Path(digests.path or "").resolve())  # never taken for an option
        until = ["--not-after", moment.strftime("%Y-%m-%dT%H:%M:%SZ")]
        done = subprocess.run([tool, *until, "--keyring", *paths], capture_output=True, check=False, timeout=600)
    if done.returncode == 0:
        need(key.fingerprint in done.stdout.decode().split(), "signed by another certificate")
        return
    reason = done.stderr.decode(errors="replace")
    if re.search(r"not bound|binding signature|not live|expired", reason, re.IGNORECASE):
        raise NotChecked("sqv does not accept the certificate for that time")
    raise Bad("sqv refuses the signature")


def check_detached(signature: bytes, digests: Digests, key: Key, moment: datetime) -> None:
    """A delivery's or a list's signature, read as the key's format says."""
    if key.format == "openpgp":
        check_openpgp(signature, digests, key, moment)
        return
    need(not digests.text, "a signature over a text that is not OpenPGP")
    if key.format == "ssh":
        namespaces = tuple({*key.namespaces} & {"git"}) if digests.by_git else key.namespaces
        check_sshsig(signature, digests, key, namespaces)
    elif key.format == "minisign":
        check_minisign(signature, digests, key)
    elif key.format == "signify":
        check_signify(signature, digests, key)
    elif key.format == "x509":
        check_cms(signature)
    else:
        check_cosign(signature, digests, key)


# --- the log --------------------------------------------------------------------------------------------------------------------


def read_vkey(vkey: str) -> Tuple[str, bytes, bytes]:
    """Name, key hash, public key of a C2SP verifier key."""
    parts = vkey.split("+", 2)
    need(len(parts) == 3 and re.fullmatch(r"[^\s+\x00-\x1f\x7f]+", parts[0]) is not None, "not a verifier key")
    raw = base64_of(parts[2])
    need(len(raw) == 33 and raw[0] == 1, "not an Ed25519 verifier key")
    hashed = hashlib.sha256(parts[0].encode() + b"\n" + raw).digest()[:4]
    need(hashed.hex() == parts[1], "a verifier key whose hash does not fit")
    point_of(raw[1:])
    return parts[0], hashed, raw[1:]


def open_checkpoint(data: bytes, vkey: Tuple[str, bytes, bytes], origin: str) -> Tuple[int, bytes]:
    """Size and root of a checkpoint signed by exactly one line of the log's key."""
    need(len(data) <= 64 * 1024, "a checkpoint of more than 64 KiB")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise Bad("a checkpoint that is not UTF-8") from error
    body, separator, tail = whole.rpartition("\n\n")
    need(bool(separator) and tail.endswith("\n"), "a checkpoint without signatures")
    body += "\n"
    need(not any((char < " " and char != "\n") for char in body), "control characters in a checkpoint")
    own = []
    for line in tail[:-1].split("\n"):
        match = re.fullmatch(r"\u2014 ([^\s+\x00-\x1f\x7f]+) ([A-Za-z0-9+/=]+)", line)
        need(match is not None, "a malformed signature line")
        raw = base64_of(match.group(2) if match else "")
        need(len(raw) > 4, "a signature line that is too short")
        if match and match.group(1) == vkey[0] and raw[:4] == vkey[1]:
            own.append(raw[4:])
    need(len(own) == 1, f"expected one signature by the log's key, found {len(own)}")
    check_ed25519(vkey[2], own[0], body.encode())
    lines = body.split("\n")
    need(len(lines) == 4 and not lines[3], "a checkpoint that has not three lines")
    need(lines[0] == origin, f"origin {shown(lines[0])[:80]}, expected {shown(origin)[:80]}")
    need(re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1], re.ASCII) is not None, "a malformed tree size")
    root = base64_of(lines[2])
    need(len(root) == 32, "a root of wrong length")
    return int(lines[1]), root


def check_proof(proof: bytes, leaf: bytes, checkpoint: bytes, size: int, root: bytes) -> int:
    """The index of the leaf, whose inclusion the proof shows under the one checkpoint of the dossier."""
    head, separator, note = proof.partition(b"\n\n")
    lines = head.decode("latin-1").split("\n")
    good = (
        len(lines) >= 2
        and lines[0] == "c2sp.org/tlog-proof@v1"
        and re.fullmatch(r"index (0|[1-9][0-9]{0,18})", lines[1])
    )
    need(bool(separator) and bool(good) and len(lines) <= 65, "not a tlog-proof")
    need(note == checkpoint, "a proof for another checkpoint")
    index = int(lines[1][6:])
    path = [base64_of(line) for line in lines[2:]]
    need(index < size and all(len(item) == 32 for item in path), "an index beyond the tree")
    node, last = index, size - 1
    found = hashlib.sha256(b"\0" + leaf).digest()
    for sibling in path:
        need(last > 0, "a proof that is too long")
        if node & 1 or node == last:
            found = hashlib.sha256(b"\1" + sibling + found).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\1" + found + sibling).digest()
        node, last = node >> 1, last >> 1
    need(last == 0 and found == root, "the proof does not lead to the checkpoint's root")
    return index


class Leaf(NamedTuple):
    kind: str
    committed: bool
    value: str
    subjects: Tuple[Tuple[str, str], ...]
    org: str
    time: datetime


def read_leaf(data: bytes) -> Leaf:
    leaf = obj(read_canonical(data, 65_535), "leaf")
    committed = "commitment" in leaf
    only(leaf, {"v", "kind", "commitment" if committed else "digest", "subjects", "org", "time"}, "leaf")
    need(get(leaf, "v", int, "leaf") == 1, "a leaf of another version")
    value = hex_of(leaf, "commitment" if committed else "digest", "leaf")
    subjects = []
    for item in array(leaf, "subjects", "leaf"):
        subject = obj(item, "subject")
        only(subject, {"name", "commitment" if committed else "digest"}, "subject")
        inner = subject if committed else obj(subject.get("digest"), "subject.digest")
        if not committed:
            only(inner, {"sha256"}, "subject.digest")
        subjects.append(
            (text(subject, "name", "subject"), hex_of(inner, "commitment" if committed else "sha256", "subject"))
        )
    if committed:
        inner = obj(leaf.get("org"), "leaf.org")
        only(inner, {"commitment"}, "leaf.org")
        org = hex_of(inner, "commitment", "leaf.org")
    else:
        org = text(leaf, "org", "leaf")
    need(len(subjects) <= 16, "too many subjects")
    return Leaf(text(leaf, "kind", "leaf"), committed, value, tuple(subjects), org, time_of(leaf, "time", "leaf"))


def only(value: Dict[str, Any], allowed: "set[str]", what: str) -> None:
    unknown = sorted(set(value) - allowed)
    need(not unknown, f"{what} has an unknown key {shown(unknown[0])[:60] if unknown else ''}")


def committed_to(commitment: str, salt: str, label: str, value: str) -> None:
    message = f"transparency-commitment/v1\n{label}\n{value}".encode()
    found = hmac.new(bytes.fromhex(salt), message, hashlib.sha256).hexdigest()
    need(hmac.compare_digest(found, commitment), f"the commitment to {label} is opened wrongly")


def check_leaf(
    leaf: Leaf, opening: Optional[bytes], kind: str, digest: str, subjects: Sequence[Tuple[str, str]], org: str
) -> None:
    need(leaf.kind == kind, f"a leaf of kind {shown(leaf.kind)[:40]}")
    need([name for name, _ in leaf.subjects] == [name for name, _ in subjects], "a leaf with other subjects")
    if not leaf.committed:
        need(opening is None, "an opening for an open leaf")
        need(leaf.value == digest, "the leaf is about another record")
        need(
            leaf.org == org and list(leaf.subjects) == list(subjects), "the leaf names another organisation or subject"
        )
        return
    need(opening is not None, "a committed leaf without its opening")
    salts = obj(read_canonical(opening or b"", 8192), "opening")
    only(salts, {"digest", "org", "subjects"}, "opening")
    of_subjects = array(salts, "subjects", "opening")
    need(len(of_subjects) == len(subjects), "an opening with another number of salts")
    committed_to(leaf.value, hex_of(salts, "digest", "opening"), "digest", digest)
    committed_to(leaf.org, hex_of(salts, "org", "opening"), "org", org)
    for (name, value), (_, commitment), salt in zip(subjects, leaf.subjects, of_subjects):
        salted = hex_of({"salt": salt}, "salt", "opening.subjects")
        committed_to(commitment, salted, f"subject:{name}", value)


# --- manifest, lists, records -------------------------------------------------------------------------------------------------------

MANIFEST_LINE = re.compile(rb"(100644|100755|120000|160000) ([0-9a-f]{40}|[0-9a-f]{64}) (0|[1-9][0-9]{0,18}) ([!-~]+)")
PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/+@,=~")


def unescape(escaped: bytes) -> bytes:
    raw = re.sub(rb"%([0-9A-F]{2})", lambda match: bytes([int(match.group(1), 16)]), escaped)
    again = b"".join(bytes([byte]) if byte in PLAIN else b"%%%02X" % byte for byte in raw)
    need(again == escaped, "a path that is escaped otherwise")
    return raw


def read_manifest(data: bytes) -> Tuple[int, int]:
    """Number of files, and bytes of regular files."""
    header = b"transparency-manifest/v1\n"
    need(data.startswith(header) and data.endswith(b"\n"), "not a manifest")
    before, size = b"", 0
    files: List[bytes] = []
    for line in data[len(header) :].split(b"\n")[:-1]:
        match = MANIFEST_LINE.fullmatch(line)
        need(match is not None, f"a malformed line {shown(line[:60].decode('latin-1'))}")
        mode, digest, length, escaped = match.groups() if match else (b"", b"", b"", b"")
        need((mode == b"160000") or len(digest) == 64, "a digest of wrong length")
        need(mode != b"160000" or length == b"0", "a submodule with a size")
        path = unescape(escaped)
        need(not {b"", b".", b".."} & set(path.split(b"/")), "an empty, . or .. component")
        need(not files or path > before, "paths that are not sorted, or repeated")
        before = path
        files.append(path)
        size += int(length) if mode.startswith(b"100") else 0
    known = set(files)
    for path in files:
        parts = path.split(b"/")
        need(
            not any(b"/".join(parts[:depth]) in known for depth in range(1, len(parts))), "a file that is also a folder"
        )
    return len(files), size


def read_list(data: bytes) -> Tuple[str, Dict[str, str]]:
    """Algorithm, and name -> digest, of a checksum list."""
    need(len(data) <= MAX_LIST, "a list of more than 16 MiB")
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise Bad("a list that is not UTF-8") from error
    found: Dict[str, str] = {}
    shapes = set()
    for line in lines:
        if not line.strip():
            continue
        line = line[:-1] if line.endswith("\r") else line  # noqa: PLW2901 - CR LF ends a line as LF does
        bsd = re.fullmatch(r"(SHA256|SHA512) \((.+)\) = ([0-9a-f]+)", line, re.DOTALL)
        gnu = re.fullmatch(r"(\\?)([0-9a-f]{64}|[0-9a-f]{128}) [ *](.+)", line, re.DOTALL)
        need(bool(bsd or gnu), f"a malformed line {shown(line)[:60]}")
        if bsd:
            need(len(bsd.group(3)) == {"SHA256": 64, "SHA512": 128}[bsd.group(1)], "a digest of wrong length")
            shape, name, digest = "bsd", bsd.group(2), bsd.group(3)
        elif gnu:
            shape, name, digest = "gnu", gnu.group(3), gnu.group(2)
            name = unescape_name(name) if gnu.group(1) else name
        name = name[2:] if name.startswith("./") else name
        safe = len(name) <= 1024 and not {"", ".."} & set(name.split("/")) and not any(char < " " for char in name)
        need(safe, f"an unsafe name {shown(name)[:60]}")
        need(name not in found, f"{shown(name)[:60]} is listed twice")
        found[name] = digest
        shapes.add((shape, len(digest)))
    need(len(shapes) == 1 and len(found) <= 100_000, "a list of mixed forms, or of none")
    return ("sha256" if next(iter(shapes))[1] == 64 else "sha512"), found


def unescape_name(name: str) -> str:
    parts = re.split(r"(\\.)", name, flags=re.DOTALL)
    known = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}
    need(all("\\" not in part or part in known for part in parts), "an unknown escape in a list")
    return "".join(known.get(part, part) for part in parts)


class Signed(NamedTuple):
    """One signature that a record speaks of."""

    sha256: str
    format: Optional[str]
    key: Optional[str]
    outcome: str


def read_signatures(record: Dict[str, Any], key: str) -> Tuple[Signed, ...]:
    found = []
    for item in array(record, key, "record"):
        entry = obj(item, key)
        kind, who = optional(text, entry, "format", key), optional(text, entry, "key", key)
        outcome = text(entry, "outcome", key)
        text(entry, "code", key)
        need(
            outcome in OUTCOMES and kind in (None, "sshsig", "openpgp", "minisign", "signify", "cms", "cosign"),
            "an unknown outcome or format",
        )
        found.append(Signed(hex_of(entry, "sha256", key), kind, who, outcome))
    return tuple(found)


def read_verdict(record: Dict[str, Any]) -> str:
    verdict = field(record, "verdict", "record")
    outcome = text(verdict, "outcome", "verdict")
    text(verdict, "code", "verdict")
    text(verdict, "policy", "verdict")
    need(outcome in OUTCOMES, "an unknown verdict")
    return outcome


DSC_BEGIN, DSC_SIGNATURE, DSC_END = (
    f"-----{words}-----".encode() for words in ("BEGIN PGP SIGNED MESSAGE", "BEGIN PGP SIGNATURE", "END PGP SIGNATURE")
)
DSC_FILE = re.compile(r"[ \t]+([0-9a-f]{64})[ \t]+(0|[1-9][0-9]{0,14})[ \t]+([A-Za-z0-9][A-Za-z0-9+.~_:%-]{0,254})")
Named = Dict[str, Tuple[int, str]]


def dsc_text(data: bytes) -> bytes:
    """What the signature inside a .dsc file is over, with LF: RFC 9580 section 7."""
    need(len(data) <= 2 * MAX_TEXT, "a .dsc of more than 2 MiB")
    lines = [line.rstrip(b" \t\r") for line in data.strip().split(b"\n")]
    need(lines[0] == DSC_BEGIN and lines[-1] == DSC_END and b"" in lines, "not a signed text and nothing else")
    need(all(lines.count(line) == 1 for line in (DSC_BEGIN, DSC_SIGNATURE, DSC_END)), "several signed blocks")
    begin, end = lines.index(b"") + 1, lines.index(DSC_SIGNATURE)
    need(begin <= end and all(line.startswith(b"Hash: ") for line in lines[1 : begin - 1]), "unknown headers")
    body = lines[begin:end]
    need(not any(line[:1] == b"-" and line[:2] != b"- " for line in body), "a dash that is not escaped")
    return b"\n".join(line[2:] if line.startswith(b"- ") else line for line in body)


def dsc_names(data: bytes) -> Named:
    """name -> size and sha256 by the field Checksums-Sha256 of the signed text."""
    need(len(data) <= MAX_TEXT, "a signed text of more than 1 MiB")
    try:
        lines = data.decode("utf-8").rstrip("\n").split("\n")
    except UnicodeDecodeError as error:
        raise Bad("a signed text that is not UTF-8") from error
    fields: Dict[str, List[str]] = {}
    name = ""
    for line in lines:
        need("\r" not in line and line[-1:] not in (" ", "\t"), "white space that is not signed")
        if line[:1] in (" ", "\t") and name:
            fields[name].append(line)
            continue
        match = re.match(r"([!-9;-~]+):", line)
        need(match is not None, f"a line that is no field: {shown(line)[:60]}")
        name = match.group(1).lower() if match else ""
        need(name not in fields, f"a second field {name[:60]}")
        fields[name] = [line[len(name) + 1 :]]
    listed = fields.get("checksums-sha256", [])
    need(len(listed) > 1 and not listed[0], "no files in Checksums-Sha256")
    found: Named = {}
    for line in listed[1:]:
        entry = DSC_FILE.fullmatch(line)
        need(entry is not None and entry.group(3) not in found, f"a malformed or repeated file {shown(line)[:80]}")
        if entry:
            found[entry.group(3)] = (int(entry.group(2)), entry.group(1))
    return found


class Cover(NamedTuple):
    """What was signed in the archive's stead."""

    form: str
    digests: Digests

    @property
    def by_git(self) -> bool:
        return self.form.startswith("git-")

    @property
    def kept(self) -> bool:
        return self.form != "decompressed"


class Git(NamedTuple):
    """The signed object of a repository; `body` is the commit's."""

    algorithm: str
    ref: Optional[str]
    commit: str
    tree: str
    body: bytes


class Delivery(NamedTuple):
    record: Dict[str, Any]
    digest: str
    role: str
    name: str
    archive: Digests
    cover: Optional[Cover]
    components: Named
    derived: Optional[str]
    manifest: str
    opening: str
    files: int
    size: int
    signatures: Tuple[Signed, ...]
    verdict: str
    git: Optional[Git]

    def parts(self) -> Dict[str, str]:
        """sha256 -> what it is, of every file that this delivery is made of."""
        found = {digest: f"the component {name}" for name, (_, digest) in self.components.items()}
        if self.cover and not self.cover.kept:
            found[self.cover.digests.sha256.hex()] = "the decompressed archive"
        return {**found, self.archive.sha256.hex(): "the archive"}


def read_head(record: Dict[str, Any], kind: str, versions: Sequence[int]) -> int:
    """What records share: type (of which the version is returned), release, visibility."""
    names = {f"{BASE}record/{kind}/v{number}": number for number in versions}
    found = text(record, "type", "record")
    need(found in names, "a record of another type")
    slug(record, "vendor", "record")
    if (kind, names[found]) != ("event", 2) or record.get("product", "") is not None:
        slug(record, "product", "record")
    need(text(record, "visibility", "record") in ("open", "restricted"), "an unknown visibility")
    return names[found]


def of_release(record: Dict[str, Any], index: Dict[str, Any]) -> None:
    for key in ("vendor", "product", "release"):
        need(record[key] == index[key], f"a record of another {key}")
    need(index["visibility"] != "public" or record["visibility"] == "open", "a restricted product in a public dossier")


def in_order(names: Sequence[str]) -> None:
    raw = [name.encode() for name in names]
    need(all(a < b for a, b in zip(raw, raw[1:])), "names that are not sorted, or repeated")


def read_file_digests(value: Dict[str, Any], what: str) -> Digests:
    kinds = (("sha256", 64), ("sha512", 128), ("blake2b512", 128))
    raw = [bytes.fromhex(hex_of(value, key, what, digits)) for key, digits in kinds]
    text(value, "name", what)
    return Digests(count(value, "size", what), raw[0], raw[1], raw[2])


def read_delivery(data: bytes) -> Delivery:
    record = obj(read_canonical(data), "record")
    number = read_head(record, "delivery", (1, 2, 3))
    version(record, "release", "record")
    unescape(text(record, "prefix", "record").encode())
    archive, snapshot = obj(record.get("archive"), "archive"), obj(record.get("snapshot"), "snapshot")
    cover, components, derived = read_second(record) if number > 1 else (None, {}, None)
    git = read_git(obj(record.get("git"), "git")) if number > 2 else None
    form = cover.form if cover and cover.by_git else None
    need(form == (("git-tag" if git.ref else "git-commit") if git else None), "a cover that is not the repository's")
    hex_of(snapshot, "gitTree", "snapshot", 40)
    text(snapshot, "swhid", "snapshot")
    optional(text, snapshot, "dirHash", "snapshot")
    count(snapshot, "lines", "snapshot")
    return Delivery(
        record=record,
        digest=sha256(data),
        role=text(record, "role", "record"),
        name=text(archive, "name", "archive"),
        archive=read_file_digests(archive, "archive"),
        cover=cover,
        components=components,
        derived=derived,
        manifest=hex_of(snapshot, "manifest", "snapshot"),
        opening=hex_of(snapshot, "openingRoot", "snapshot"),
        files=count(snapshot, "files", "snapshot"),
        size=count(snapshot, "bytes", "snapshot"),
        signatures=read_signatures(record, "signatures"),
        verdict=read_verdict(record),
        git=git,
    )


def read_git(stated: Dict[str, Any]) -> Git:
    """What version 3 has more: the one signed object, the commit, the tree."""
    algorithm = text(stated, "objectFormat", "git")
    need(algorithm in ("sha1", "sha256"), "an unknown kind of repository")
    names = [hex_of(stated, key, "git", 40 if algorithm == "sha1" else 64) for key in ("object", "commit", "tree")]
    ref = optional(text, stated, "ref", "git")
    need(ref is None or GIT_REF.fullmatch(ref) is not None, "no name of a tag")
    need(ref is None or not GIT_REF_NEVER.search(ref[10:]), "no name of a tag")
    return Git(algorithm, ref, names[1], names[2], base64_of(text(stated, "commitObject", "git")))


GIT_REF = re.compile(r"refs/tags/[!-~]{1,200}")
GIT_REF_NEVER = re.compile(r"[~^:?*[\\\x7f]|\.\.|@\{|//|/\.|\.lock(/|$)|^[./@-]|[./]$")
GIT_PERSON = re.compile(rb"[^<>\n\0]* ?<[^<>\n\0]*> [0-9]{1,12} [+-][0-9]{4}")
GIT_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9:._-]* .*", re.DOTALL)
GIT_BEGIN = re.compile(rb"^-----BEGIN (PGP SIGNATURE|PGP MESSAGE|SSH SIGNATURE|SIGNED MESSAGE)-----", re.MULTILINE)
GIT_ENDS = {
    b"-----BEGIN " + kind + b"-----": b"-----END " + kind + b"-----"
    for kind in (b"PGP SIGNATURE", b"SSH SIGNATURE", b"SIGNED MESSAGE")
}


def git_commit(git: Git) -> Tuple[bytes, str]:
    """What a commit's signature covers, and its tree."""
    need(len(git.body) <= MAX_TEXT and b"\0" not in git.body, "a commit that is too long, or no text")
    head, divider, rest = git.body.partition(b"\n\n")
    need(bool(divider), "a commit without a message")
    headers = re.split(rb"\n(?! )", head)
    need(all(GIT_HEADER.fullmatch(header) for header in headers), "a header of a commit without a name or a value")
    names = [header.split(b" ", 1)[0] for header in headers]
    parents = names.count(b"parent")
    order = [b"tree", *([b"parent"] * parents), b"author", b"committer"]
    need(names[: len(order)] == order, "headers of a commit out of order")
    more = names[len(order) :]
    need(more.count(b"encoding") < 2 and not {b"tree", b"author", b"committer"} & {*more}, "a header of a commit twice")
    objects = [header.split(b" ", 1)[1] for header in headers[: 1 + parents]]
    wanted = rb"[0-9a-f]{40}" if git.algorithm == "sha1" else rb"[0-9a-f]{64}"
    need(all(re.fullmatch(wanted, name) for name in objects), "a commit that names no object")
    for person in headers[1 + parents : 3 + parents]:
        need(GIT_PERSON.fullmatch(person.split(b" ", 1)[1]) is not None, "a commit without an author or a committer")
    signed_by = [header for header in headers if header.startswith(b"gpgsig")]
    own = b"gpgsig " if git.algorithm == "sha1" else b"gpgsig-sha256 "
    need(
        len(signed_by) < 2 and all(header.startswith(own) for header in signed_by),
        "a signature that git would not write",
    )
    for header in signed_by:
        block = header[len(own) :].replace(b"\n ", b"\n").split(b"\n")
        while block and not block[-1]:
            block.pop()
        end = GIT_ENDS.get(block[0]) if block else None
        need(end is not None and block[-1] == end and block.count(end) == 1, "something besides a signature")
        need(len(GIT_BEGIN.findall(b"\n".join(block))) == 1, "several signatures in one")
    kept = [header for header in headers if header not in signed_by]
    return b"\n".join(kept) + divider + rest, objects[0].decode()


def git_tag(git: Git, data: bytes) -> None:
    """The signed bytes are a tag of the commit that says its own name."""
    need(
        len(data) <= MAX_TEXT and b"\0" not in data and not GIT_BEGIN.search(data.partition(b"\n\n")[2]),
        "no signed tag",
    )
    lines = data.partition(b"\n\n")[0].split(b"\n")
    need(b"\n\n" in data and len(lines) == 4, "not the headers of a tag")
    expected = [b"object " + git.commit.encode(), b"type commit", b"tag " + (git.ref or "")[10:].encode()]
    need(lines[:3] == expected, "a tag of something else, or of another name")
    need(lines[3][:7] == b"tagger " and GIT_PERSON.fullmatch(lines[3][7:]) is not None, "a tag without a tagger")


def check_git(delivery: Delivery, git: Git, data: bytes) -> None:
    """From the signed bytes to the tree, by the names of objects."""
    covered, tree = git_commit(git)
    if git.ref:
        git_tag(git, data)
    else:
        need(covered == data, "another commit than the signed one")
        need(delivery.record["git"]["object"] == git.commit, "two names for one commit")
    named = hashlib.new(git.algorithm, b"commit %d\0" % len(git.body) + git.body).hexdigest()
    need(named == git.commit, "another commit than the named one")
    need(tree == git.tree, "a commit of another tree")
    need(git.algorithm != "sha1" or tree == delivery.record["snapshot"]["gitTree"], "a tree that is not the snapshot's")


def read_second(record: Dict[str, Any]) -> Tuple[Optional[Cover], Named, Optional[str]]:
    """What versions 2 and 3 have more: cover, components, the tree that this one was made from."""
    cover, stated = None, optional(field, record, "cover", "record")
    if stated is not None:
        form = text(stated, "form", "cover")
        need(form in ("checksums", "dsc", "decompressed", "git-tag", "git-commit"), "a cover of an unknown form")
        cover = Cover(form, read_file_digests(stated, "cover"))
    names, components = [], {}
    for item in array(record, "components", "record"):
        entry = obj(item, "component")
        names.append(text(entry, "name", "component"))
        components[names[-1]] = (count(entry, "size", "component"), hex_of(entry, "sha256", "component"))
    in_order(names)
    derived = optional(hex_of, record, "derivedFrom", "record")
    need(bool(cover or components or derived), "version 2 of what version 1 can say")
    need(not components or (cover is not None and cover.form in ("checksums", "dsc")), "components that no list names")
    return cover, components, derived


def check_cover(delivery: Delivery, data: Optional[bytes], file: Optional[Digests]) -> None:
    """The member `list` is the record's cover, and names the archive (as it is in hand) and the components."""
    cover = delivery.cover
    need((data is not None) == (cover is not None and cover.kept), "a list that the record does not know, or none")
    if cover is None or data is None:
        return
    need(digests_of(data)[:4] == cover.digests[:4], "another list than the record's")
    if cover.form == "checksums":
        algorithm, listed = read_list(data)
        archive = file or delivery.archive
        expected = (archive.sha256 if algorithm == "sha256" else archive.sha512).hex()
        need(listed.get(delivery.name) == expected, "the list does not name the archive with its digest")
        need(algorithm == "sha256" or not delivery.components, "components in a list of another algorithm than SHA-256")
        for name, (_, digest) in delivery.components.items():
            need(listed.get(name) == digest, f"the list does not name {shown(name)[:60]} with its digest")
        return
    if delivery.git is not None:
        check_git(delivery, delivery.git, data)
        return
    named = dsc_names(data)
    if delivery.role in ("distribution", "patched"):
        need(named == delivery.components, "the text names other files than the components")
        need(delivery.name not in named, "the text names its own file")
        if file is not None:
            need(file.size <= 2 * MAX_TEXT and dsc_text(file.whole()) == data, "the .dsc has another text")
        return
    expected_files = {**delivery.components, delivery.name: (delivery.archive.size, delivery.archive.sha256.hex())}
    for name, entry in expected_files.items():
        need(named.get(name) == entry, f"the text does not name {shown(name)[:60]} with its size and digest")


class Builds(NamedTuple):
    manifest: Optional[str]
    list_sha256: Optional[str]
    list_size: int
    signatures: Tuple[Signed, ...]
    verdict: str
    artifacts: Tuple[Tuple[str, Optional[str], Optional[str], str], ...]


def read_builds(data: bytes, index: Dict[str, Any]) -> Builds:
    record = obj(read_canonical(data), "record")
    read_head(record, "builds", (1,))
    version(record, "release", "record")
    of_release(record, index)
    listing = optional(field, record, "list", "record")
    if listing is not None:
        text(listing, "name", "list")
    artifacts = []
    for item in array(record, "artifacts", "record"):
        entry = obj(item, "artifact")
        size, found = optional(count, entry, "size", "artifact"), optional(hex_of, entry, "sha256", "artifact")
        need((size is None) == (found is None), "an artifact with a size and no digest, or the other way round")
        name, listing_word = text(entry, "name", "artifact"), text(entry, "listing", "artifact")
        artifacts.append((name, found, optional(hex_of, entry, "listed", "artifact"), listing_word))
    in_order([name for name, *_ in artifacts])
    return Builds(
        manifest=optional(hex_of, record, "manifest", "record"),
        list_sha256=hex_of(listing, "sha256", "list") if listing else None,
        list_size=count(listing, "size", "list") if listing else 0,
        signatures=read_signatures(record, "listSignatures"),
        verdict=read_verdict(record),
        artifacts=tuple(artifacts),
    )


def check_listings(builds: Builds, data: Optional[bytes]) -> None:
    listed: Dict[str, str] = {}
    if data is not None:
        need(sha256(data) == builds.list_sha256 and len(data) == builds.list_size, "another list than the record's")
        algorithm, listed = read_list(data)
        need(algorithm == "sha256", "a list of another algorithm than SHA-256")
    need(set(listed) <= {name for name, *_ in builds.artifacts}, "a listed file that the record leaves out")
    for name, found, stated, listing in builds.artifacts:
        need(stated == listed.get(name), f"{shown(name)[:60]}: the list says otherwise")
        if stated is None:
            expected = "not-listed"
        elif found is None:
            expected = "listed-and-missing"
        else:
            expected = "listed-and-equal" if found == stated else "listed-and-different"
        need(
            listing == expected and not (stated is None and found is None),
            f"{shown(name)[:60]}: expected {expected}, found {shown(listing)[:40]}",
        )


class Event(NamedTuple):
    """What happened to a delivery or a key."""

    record: Dict[str, Any]
    kind: str
    delivery: Optional[str]
    manifest: Optional[str]
    after: str


EVENTS = ("admitted", "withdrawn", "verdict-changed", "key-enrolled", "key-rotated", "key-revoked")


def read_event(data: bytes) -> Event:
    record = obj(read_canonical(data, 4 << 20), "record")
    version_found = read_head(record, "event", (1, 2))
    kind, before, after = (text(record, key, "record") for key in ("event", "before", "after"))
    need(max(len(before), len(after)) <= 200 and len(text(record, "reason", "record")) <= 4000, "too many words")
    optional(text, record, "key", "record")
    slug(record, "org", "record")
    time_of(record, "time", "record")
    hex_of(record, "nonce", "record", 32)
    if version_found == 2:
        read_key_event(record, kind)
        return Event(record, kind, None, None, after)
    need(len(record) == 16 and len(data) <= 64 * 1024, "an unknown key in an event, or too long a one")
    optional(version, record, "release", "record")
    need(kind in EVENTS, "an event of an unknown kind")
    need(kind != "verdict-changed" or {before, after} <= set(OUTCOMES), "a verdict that is none")
    optional(hex_of, record, "archive", "record")
    return Event(
        record,
        kind,
        delivery=optional(hex_of, record, "delivery", "record"),
        manifest=optional(hex_of, record, "manifest", "record"),
        after=after,
    )


def read_key_event(record: Dict[str, Any], kind: str) -> None:
    """What only version 2 says: keys of all of a vendor's products, or a certificate that came again with other bytes."""
    need(len(record) == 13, "an unknown key in an event")
    keyring = optional(field, record, "keyring", "record")
    need((kind == "keyring-imported") == (keyring is not None) == (record["key"] is None), "a keyring or a key")
    if record["product"] is not None:
        need(kind == "key-updated", "an event of an unknown kind")
        need(hex_of(record, "before", "record") != hex_of(record, "after", "record"), "an update to the same")
        return
    need(kind in ("key-revoked", "keyring-imported") and record["visibility"] == "open", "an event of an unknown kind")
    if keyring is None:
        return
    need(len(keyring) == 8 and len(text(keyring, "name", "keyring")) <= 255, "an unknown key, or too long a name")
    hex_of(keyring, "sha256", "keyring")
    known = {key: count(keyring, key, "keyring") for key in ("size", "enrolled", "updated", "known", "skipped")}
    names, new = [], 0
    for item in array(keyring, "changes", "keyring"):
        change = obj(item, "change")
        names.append(text(change, "key", "change"))
        before = optional(hex_of, change, "before", "change")
        need(len(change) == 3 and before != hex_of(change, "after", "change"), "a change that is none")
        new += before is None
    in_order(names)
    need((known["enrolled"], known["updated"]) == (new, len(names) - new), "counts other than the changes'")


def standing(delivery: Delivery, events: Sequence[Event]) -> Tuple[bool, str]:
    """Whether it is withdrawn, and its last verdict, after events in the order of the log."""
    withdrawn, verdict = False, "valid"
    for event in events:
        if event.delivery == delivery.digest:
            withdrawn = event.kind == "withdrawn" if event.kind in ("withdrawn", "admitted") else withdrawn
            verdict = event.after if event.kind == "verdict-changed" else verdict
    return withdrawn, verdict


# --- trust ----------------------------------------------------------------------------------------------------------------------


class Ring(NamedTuple):
    origin: str
    vkey: Tuple[str, bytes, bytes]
    vendors: Dict[str, Tuple[Key, ...]]
    authorities: Dict[str, Tuple[Key, ...]]


def read_ring(value: Dict[str, Any], strict: bool) -> Ring:
    log = obj(value.get("log"), "log")
    if strict:
        only(log, {"origin", "vkey"}, "log")
    origin, vkey = text(log, "origin", "log"), read_vkey(text(log, "vkey", "log"))
    need(vkey[0] == origin, "the log's key has another name than the origin")
    holders = []
    for kind in ("vendors", "authorities"):
        found: Dict[str, Tuple[Key, ...]] = {}
        for item in array(value, kind, "keys"):
            holder = obj(item, kind)
            if strict:
                only(holder, {"name", "keys"}, kind)
            name = slug(holder, "name", kind)
            need(name not in found, f"{name} stands twice")
            found[name] = tuple(read_key(key, strict) for key in array(holder, "keys", kind))
        need(sum(map(len, found.values())) <= 256, "too many keys")
        holders.append(found)
    return Ring(origin, vkey, holders[0], holders[1])


REQUIREMENTS = (
    "signedSource",
    "signedBuilds",
    "attestations",
    "authorities",
    "shareReadPercent",
    "rebuilds",
    "maxAgeDays",
)


def read_trust(data: bytes) -> Tuple[Ring, Dict[str, Any]]:
    value = obj(read_json(data, 16 * 1024**2), "trust")
    only(value, {"type", "log", "vendors", "authorities", "require"}, "trust")
    need(text(value, "type", "trust") == f"{BASE}trust/v1", "a trust file of another type")
    ring = read_ring(value, strict=True)
    stated = obj(value.get("require"), "require")
    only(stated, set(REQUIREMENTS), "require")
    require: Dict[str, Any] = {"signedSource": True, "signedBuilds": None, "maxAgeDays": None}
    for key in REQUIREMENTS:
        if key in ("signedSource", "signedBuilds"):
            require[key] = get(stated, key, bool, "require") if key in stated else require[key]
        elif key == "maxAgeDays":
            require[key] = optional(count, stated, key, "require") if key in stated else None
        else:
            require[key] = count(stated, key, "require") if key in stated else 0
    need(require["shareReadPercent"] <= 100, "a share of more than 100 percent")
    return ring, require


# --- attestations -----------------------------------------------------------------------------------------------------------------


class Review(NamedTuple):
    """What an attestation says, before and beside the question who signed it."""

    payload: bytes
    org: str
    keyid: str
    conclusion: str
    in_scope: int
    read: int
    until: Optional[datetime]
    sentences: Tuple[str, ...]


def read_envelope(data: bytes) -> Tuple[bytes, List[bytes]]:
    envelope = obj(read_json(data, MAX_ENVELOPE), "envelope")
    need(text(envelope, "payloadType", "envelope") == "application/vnd.in-toto+json", "another payload type")
    signatures = [
        base64_of(text(obj(item, "signature"), "sig", "signature"))
        for item in array(envelope, "signatures", "envelope")
    ]
    need(1 <= len(signatures) <= 16, "an envelope without signatures, or with too many")
    return base64_of(text(envelope, "payload", "envelope")), signatures


def read_review(payload: bytes, manifest: str, origin: str) -> Review:
    statement = obj(read_json(payload, 512 * 1024), "statement")
    need(text(statement, "_type", "statement") == "https://in-toto.io/Statement/v1", "not an in-toto Statement v1")
    predicate_type = f"{BASE}attestation/source-review/v0.1"
    need(text(statement, "predicateType", "statement") == predicate_type, "another predicate type")
    subjects = [obj(item, "subject") for item in array(statement, "subject", "statement")]
    manifests = [item for item in subjects if text(item, "name", "subject") == "manifest"]
    named = [field(item, "digest", "subject").get("sha256") for item in manifests]
    need(1 <= len(subjects) <= 64 and named == [manifest], "the statement is about another snapshot")
    predicate = obj(statement.get("predicate"), "predicate")
    check_predicate(predicate, origin)
    reviewer, coverage = obj(predicate["reviewer"], "reviewer"), obj(predicate["coverage"], "coverage")
    return Review(
        payload=payload,
        org=text(reviewer, "org", "reviewer"),
        keyid=text(reviewer, "keyid", "reviewer"),
        conclusion=text(predicate, "conclusion", "predicate"),
        in_scope=count(coverage, "inScope", "coverage"),
        read=count(coverage, "read", "coverage"),
        until=optional(time_of, predicate, "validUntil", "predicate"),
        sentences=(*(text(predicate, key, "predicate") for key in ("machinesFound", "peopleState")), NOT_SHOWN),
    )


def check_predicate(predicate: Dict[str, Any], origin: str) -> None:
    """Every field that a reader needs (section 8)."""
    review, reviewer = obj(predicate.get("review"), "review"), obj(predicate.get("reviewer"), "reviewer")
    text(review, "id", "review")
    hex_of(obj(review.get("engagementDigest"), "engagementDigest"), "sha256", "engagementDigest")
    need(text(review, "origin", "review") == origin, "a statement for another log")
    for key in ("id", "org", "role", "keyid", "independence"):
        text(reviewer, key, "reviewer")
    for key in ("method", "limitations"):
        need(all(isinstance(item, str) for item in array(predicate, key, "predicate")), f"{key} are texts")
    need(text(predicate, "depth", "predicate") in ("blue", "red", "black"), "an unknown depth")
    scope, coverage = obj(predicate.get("scope"), "scope"), obj(predicate.get("coverage"), "coverage")
    need(all(isinstance(item, str) for item in array(scope, "include", "scope")), "globs are texts")
    for item in array(scope, "exclude", "scope"):
        text(obj(item, "exclude"), "glob", "exclude")
        text(obj(item, "exclude"), "reason", "exclude")
    for key in ("files", "bytes"):
        count(obj(scope.get("withheld"), "withheld"), key, "withheld")
    need(text(coverage, "unit", "coverage") == "line", "an unknown unit")
    numbers = {key: count(coverage, key, "coverage") for key in ("inScope", "read", "readTwice", "opaqueBytes")}
    need(max(numbers["read"], numbers["readTwice"]) <= numbers["inScope"], "more lines read than are in scope")
    hex_of(obj(coverage.get("marksRoot"), "marksRoot"), "sha256", "marksRoot")
    for key in ("thoroughness", "understanding", "machinesFound", "peopleState"):
        text(predicate, key, "predicate")
    conclusion = text(predicate, "conclusion", "predicate")
    need(conclusion in ("no-unexplained", "concerns", "violation", "abstain"), "an unknown conclusion")
    count(obj(predicate.get("findings"), "findings"), "open", "findings")
    time_of(predicate, "startedAt", "predicate")
    time_of(predicate, "finishedAt", "predicate")
    optional(time_of, predicate, "validUntil", "predicate")
    need(text(predicate, "notShown", "predicate") == NOT_SHOWN, "another sentence in notShown")


def check_statement(signature: bytes, payload: bytes, key: Key, origin: str, moment: datetime) -> None:
    kind = b"application/vnd.in-toto+json"
    pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    if key.format == "pem":
        pem_check(pem_der(key.public), signature, pae)
    elif key.format == "ssh":
        check_sshsig(signature, digests_of(pae), key, (f"source-review@{origin}",))
    elif key.format == "minisign":
        check_minisign(signature, digests_of(pae), key)
    else:
        need(key.format == "openpgp", f"{key.format} keys sign no statements")
        need(len(openpgp_signatures(signature)) == 1, "several OpenPGP signatures in one")
        check_openpgp(signature, digests_of(pae), key, moment)


# --- the walk ---------------------------------------------------------------------------------------------------------------------

FIXED = {
    "README.txt",
    "keys.json",
    "log/checkpoint",
    "log/head/leaf.json",
    "log/head/proof.tlog-proof",
    "manifest.txt",
    "verify.py",
}
IN_FOLDER = {
    "deliveries": r"record\.json|leaf\.json|proof\.tlog-proof|opening\.json|list|signature\.[1-9][0-9]*",
    "builds": r"record\.json|leaf\.json|proof\.tlog-proof|opening\.json|list|signature\.[1-9][0-9]*",
    "attestations": r"record\.json|leaf\.json|proof\.tlog-proof|opening\.json",
    "events": r"record\.json|leaf\.json|proof\.tlog-proof|opening\.json",
}


class Walk:
    """Checks one dossier link by link and remembers what each said."""

    def __init__(self, now: datetime, trust: Optional[Tuple[Ring, Dict[str, Any]]], file: Optional[Digests]) -> None:
        self.now, self.trust, self.file = now, trust, file
        self.links: List[Tuple[str, str, str]] = []
        self.current = "container"
        self.unmet: List[str] = []
        self.checkpoint: Optional[Tuple[str, int, datetime]] = None
        self.said: List[Tuple[str, Tuple[str, ...]]] = []
        self.counted: List[Review] = []
        self.source_parts: List[Delivery] = []
        self.members: Dict[str, bytes] = {}
        self.index: Dict[str, Any] = {}

    def run(self, data: bytes) -> None:
        try:
            self.members = read_zip(data)
            self.current = "index"
            self.check_index()
            self.ok("index", f"{self.index['product']} {self.index['release']}, {len(self.members)} members")
            self.check_members()
            self.current = "container"
            need(canonical_zip(self.members) == data, "another container of the same content")
            self.ok("container", "the one spelling of these members")
            self.check_rest()
        except Bad as error:
            self.links.append((self.current, "failed", str(error)))
        except Exception as error:  # noqa: BLE001 - a bug of ours must never pass for an answer
            self.links.append((self.current, "failed", f"internal error: {type(error).__name__}"))

    def ok(self, name: str, detail: str) -> None:
        self.links.append((name, "ok", detail))

    def check_index(self) -> None:
        need("dossier.json" in self.members, "dossier.json is missing")
        index = obj(read_canonical(self.members["dossier.json"]), "dossier")
        need(text(index, "type", "dossier") == f"{BASE}dossier/v1", "an index of another type")
        need(text(index, "visibility", "dossier") in ("public", "restricted"), "an unknown visibility")
        slug(index, "vendor", "dossier")
        slug(index, "product", "dossier")
        version(index, "release", "dossier")
        hex_of(index, "subject", "dossier")
        files = get(index, "files", dict, "dossier")
        for name in files:
            hex_of(files, name, "files")
        need(set(files) == set(self.members) - {"dossier.json"}, "the index lists other members than there are")
        need(set(files) >= FIXED, f"missing: {', '.join(sorted(FIXED - set(files)))}")
        for name in set(files) - FIXED:
            room, _, rest = name.partition("/")
            folder, _, leaf = rest.partition("/")
            good = (
                room in IN_FOLDER
                and re.fullmatch(IN_FOLDER[room], leaf)
                and re.fullmatch(r"0[1-9]|[1-9][0-9]+", folder)
            )
            need(bool(good), f"an unexpected member {name}")
        self.index = index
        need(bool(self.folders("deliveries")), "no delivery")
        for room in IN_FOLDER:
            for folder in self.folders(room):
                for name in ("record.json", "leaf.json", "proof.tlog-proof"):
                    need(f"{folder}/{name}" in files, f"{folder}/{name} is missing")
                self.signature_files(folder)

    def folders(self, room: str) -> List[str]:
        """`room/01` and so on, which must count without gaps."""
        numbers = sorted({int(name.split("/")[1]) for name in self.members if name.startswith(room + "/")})
        need(numbers == list(range(1, len(numbers) + 1)), f"gaps in {room}")
        return [f"{room}/{number:02}" for number in numbers]

    def signature_files(self, folder: str) -> List[bytes]:
        start = f"{folder}/signature."
        numbers = sorted(int(name[len(start) :]) for name in self.members if name.startswith(start))
        need(numbers == list(range(1, len(numbers) + 1)), f"gaps in the signatures of {folder}")
        return [self.members[f"{start}{number}"] for number in numbers]

    def check_members(self) -> None:
        for name, digest in self.index["files"].items():
            room = name.split("/")[0]
            place = {
                "manifest.txt": "manifest",
                "keys.json": "keys",
                "README.txt": "documents",
                "verify.py": "documents",
            }.get(name, room)
            self.current = "/".join(name.split("/")[:2]) if room in IN_FOLDER else place
            need(sha256(self.members[name]) == digest, f"{name} has another digest than the index states")

    def check_rest(self) -> None:
        if self.trust:
            self.ring = self.trust[0]
        else:
            self.current = "keys"
            self.ring = read_ring(obj(read_canonical(self.members["keys.json"], 16 * 1024**2), "keys"), strict=False)
        self.check_log()
        self.current = "manifest"
        manifest = self.members["manifest.txt"]
        self.files, self.bytes = read_manifest(manifest)
        need(sha256(manifest) == self.index["subject"], "the manifest is not the subject")
        self.ok("manifest", f"{self.files} files")
        self.check_deliveries()
        self.check_events()
        self.builds = [self.check_builds(folder) for folder in self.folders("builds")]
        if not self.builds:
            self.links.append(("builds", "not claimed", "no published builds"))
        self.check_file()
        self.links.append(("rebuild", "not claimed", "no rebuild is stated in this version"))
        folders = self.folders("attestations")
        for folder in folders:
            self.check_attestation(folder)
        if not folders:
            self.links.append(("attestations", "not claimed", "nobody attests to have read this release"))
        if self.trust:
            self.check_requirements(self.trust[1])

    def check_log(self) -> None:
        self.current = "log"
        note = self.members["log/checkpoint"]
        self.size, self.root = open_checkpoint(note, self.ring.vkey, self.ring.origin)
        leaf = self.members["log/head/leaf.json"]
        index = check_proof(self.members["log/head/proof.tlog-proof"], leaf, note, self.size, self.root)
        need(index == self.size - 1, "the head is not the newest entry")
        moment = read_leaf(leaf).time
        self.checkpoint = (self.ring.origin, self.size, moment)
        self.ok("log", f"{self.ring.origin}, {self.size} entries")

    def logged(self, folder: str, kind: str, subjects: Sequence[Tuple[str, str]], org: str) -> Tuple[Leaf, int]:
        """The leaf of a folder, which commits to its record, and its index in the log."""
        leaf_bytes = self.members[f"{folder}/leaf.json"]
        leaf = read_leaf(leaf_bytes)
        opening = self.members.get(f"{folder}/opening.json")
        check_leaf(leaf, opening, kind, sha256(self.members[f"{folder}/record.json"]), subjects, org)
        proof = self.members[f"{folder}/proof.tlog-proof"]
        return leaf, check_proof(proof, leaf_bytes, self.members["log/checkpoint"], self.size, self.root)

    def check_deliveries(self) -> None:
        """All records are read before the first is checked: one may say from which other its tree was made."""
        self.deliveries = []
        for folder in self.folders("deliveries"):
            self.current = folder
            self.deliveries.append(read_delivery(self.members[f"{folder}/record.json"]))
        for place, (folder, record) in enumerate(zip(self.folders("deliveries"), self.deliveries)):
            others = [other.manifest for number, other in enumerate(self.deliveries) if number != place]
            self.check_delivery(folder, record, others)

    def check_delivery(self, folder: str, record: Delivery, others: Sequence[str]) -> None:
        self.current = folder
        of_release(record.record, self.index)
        if folder == "deliveries/01":
            need(record.manifest == self.index["subject"], "it does not deliver the subject")
            need((record.files, record.size) == (self.files, self.bytes), "counts other than the manifest's")
        need(record.derived is None or record.derived in others, "made from a tree that is not delivered here")
        listed, in_hand = self.members.get(f"{folder}/list"), self.in_hand(record.archive)
        check_cover(record, listed, in_hand)
        leaf, _ = self.logged(
            folder, "delivery", (("manifest", record.manifest), ("opening", record.opening)), self.index["vendor"]
        )
        self.ok(folder, f"archive {record.archive.sha256.hex()}")
        digests = record.cover.digests if record.cover else record.archive
        digests = self.in_hand(digests) or digests
        if record.cover and listed is not None:
            digests = digests_of(listed, text=record.cover.form == "dsc", by_git=record.cover.by_git)
        self.check_signatures(folder, record.signatures, record.verdict, digests, leaf.time)
        name, status, _ = self.links[-1]
        if status == "ok" and in_hand and record.cover and not record.cover.kept:
            self.links[-1] = (name, "not checked", "the decompressed tar is signed: give that as FILE")

    def in_hand(self, wanted: Digests) -> Optional[Digests]:
        """FILE, where it is the file of these digests: then its own count."""
        return self.file if self.file is not None and self.file.sha256 == wanted.sha256 else None

    def check_events(self) -> None:
        self.events: List[Event] = []
        last = -1
        for folder in self.folders("events"):
            self.current = folder
            event = read_event(self.members[f"{folder}/record.json"])
            unsaid = {key: self.index[key] for key in ("product", "release") if event.record.get(key) is None}
            of_release({**event.record, **unsaid}, self.index)
            for delivery in self.deliveries:
                stated = (event.record.get("archive"), event.manifest)
                same = stated == (delivery.archive.sha256.hex(), delivery.manifest)
                need(delivery.digest != event.delivery or same, "another archive or manifest than its delivery's")
            subjects = (("manifest", event.manifest),) if event.manifest else ()
            _, place = self.logged(folder, "event", subjects, event.record["org"])
            need(place > last, "an event that is not later in the log than the one before")
            last = place
            self.events.append(event)
            self.ok(folder, f"{event.kind} by {event.record['org']}: {event.record['reason']}")

    def check_builds(self, folder: str) -> Builds:
        self.current = folder
        record = read_builds(self.members[f"{folder}/record.json"], self.index)
        need(record.manifest in (None, self.index["subject"]), "builds of another snapshot")
        data = self.members.get(f"{folder}/list")
        need((data is None) == (record.list_sha256 is None), "a list that the record does not know, or none")
        check_listings(record, data)
        subjects = (("manifest", record.manifest),) if record.manifest else ()
        leaf, _ = self.logged(folder, "builds", subjects, self.index["vendor"])
        self.ok(folder, f"{len(record.artifacts)} files compared with the list")
        if data is None:
            self.current = f"{folder}/signature"
            need(not record.signatures and not self.signature_files(folder), "signatures over no list")
            self.links.append((f"{folder}/signature", "not claimed", "no checksum list"))
        else:
            self.check_signatures(folder, record.signatures, record.verdict, digests_of(data), leaf.time)
        return record

    def check_signatures(
        self, folder: str, signed: Sequence[Signed], verdict: str, digests: Digests, moment: datetime
    ) -> None:
        self.current = name = f"{folder}/signature"
        files = self.signature_files(folder)
        need(len(files) == len(signed), "another number of signature files than recorded")
        for data, item in zip(files, signed):
            need(sha256(data) == item.sha256, "a signature file with another digest than recorded")
        answers = [
            self.one_signature(data, item, digests, moment)
            for data, item in zip(files, signed)
            if item.outcome == "valid"
        ]
        good = [answer for answer in answers if answer is None]
        if verdict != "valid":
            self.links.append((name, "not claimed", f"the centre's verdict was {verdict}"))
        elif good:
            self.ok(name, f"{len(good)} by a key of {self.index['vendor']}")
        else:
            need(bool(answers), "recorded as valid without a valid signature")
            self.links.append((name, "not checked", next(answer for answer in answers if answer)))

    def one_signature(self, data: bytes, item: Signed, digests: Digests, moment: datetime) -> Optional[str]:
        """None when it verifies; the reason when it could not be checked; Bad when it is wrong."""
        keys = self.ring.vendors.get(self.index["vendor"], ())
        missing, wrong = "", "the key was not valid then"
        for key in keys:
            try:
                if key.covers(moment) or key.format == "x509":
                    check_detached(data, digests, key, moment)
                    return None
            except NotChecked as error:
                missing = str(error) if key.fingerprint == item.key else missing
            except Bad as error:
                wrong = str(error) if key.fingerprint == item.key else wrong
        need(bool(missing) or item.key not in [key.fingerprint for key in keys], wrong)
        return missing or "key not in the trust file"

    def check_file(self) -> None:
        if self.file is None:
            return
        self.current = "file"
        digest = self.file.sha256.hex()
        listed = any(
            found == digest and listing == "listed-and-equal"
            for record in self.builds
            for _, found, _, listing in record.artifacts
        )
        parts = [record for record in self.deliveries if digest in record.parts()]
        need(listed or bool(parts), f"{digest} is unknown here")
        self.source_parts = [] if listed else parts
        self.ok("file", "a published build" if listed else f"{parts[0].parts()[digest]} of a source delivery")

    def check_attestation(self, folder: str) -> None:
        self.current = folder
        payload, signatures = read_envelope(self.members[f"{folder}/record.json"])
        review = read_review(payload, self.index["subject"], self.ring.origin)
        leaf, _ = self.logged(folder, "attestation", (("manifest", self.index["subject"]),), review.org)
        reason = self.signed_by(review, signatures, leaf.time)
        if reason is None and review.until and review.until < self.now:
            reason = "its validity has ended"
        if reason is None:
            self.counted.append(review)
            self.said.append((review.org, review.sentences))
            self.ok(
                folder, f"stated by {review.org}: {review.read} of {review.in_scope} lines read, {review.conclusion}"
            )
        else:
            self.links.append((folder, "not checked", reason))

    def signed_by(self, review: Review, signatures: Sequence[bytes], moment: datetime) -> Optional[str]:
        keys = self.ring.authorities.get(review.org, ())
        missing = ""
        for key in keys:
            for signature in signatures if key.covers(moment) else ():
                try:
                    check_statement(signature, review.payload, key, self.ring.origin, moment)
                except NotChecked as error:
                    missing = str(error)
                except Bad:
                    continue
                else:
                    return None
        if missing:
            return missing
        need(review.keyid not in [key.fingerprint for key in keys], "no signature holds under the authority's key")
        return "authority or key not in the trust file"

    def check_requirements(self, require: Dict[str, Any]) -> None:
        states = {name: status for name, status, _ in self.links}
        builds = [status for name, status in states.items() if re.fullmatch(r"builds/[0-9]+/signature", name)]
        signed_builds = require["signedBuilds"] if require["signedBuilds"] is not None else bool(builds)
        distinct = {review.payload: review for review in self.counted}.values()
        head = self.checkpoint[2] if self.checkpoint else self.now
        withdrawn, verdict = standing(self.deliveries[0], self.events)
        gone = [standing(record, self.events)[0] for record in self.source_parts]
        met = {
            "signedSource": not require["signedSource"]
            or (states.get("deliveries/01/signature") == "ok" and verdict == "valid"),
            "signedBuilds": not signed_builds or (bool(builds) and all(status == "ok" for status in builds)),
            "attestations": len(distinct) >= require["attestations"],
            "authorities": len({review.org for review in distinct}) >= require["authorities"],
            "shareReadPercent": require["shareReadPercent"] == 0
            or any(
                review.in_scope and review.read * 100 >= require["shareReadPercent"] * review.in_scope
                for review in distinct
            ),
            "rebuilds": require["rebuilds"] == 0,
            "maxAgeDays": require["maxAgeDays"] is None or self.now - head <= timedelta(days=require["maxAgeDays"]),
            "violation": not any(review.conclusion == "violation" for review in distinct),
            "withdrawn": not withdrawn and not (gone and all(gone)),
        }
        self.unmet = [name for name in met if not met[name]]
        status = "failed" if self.unmet else "ok"
        self.links.append(
            ("requirements", status, f"unmet: {', '.join(self.unmet)}" if self.unmet else "everything required is met")
        )

    @property
    def failed(self) -> Optional[str]:
        return next((name for name, status, _ in self.links if status == "failed" and name != "requirements"), None)

    @property
    def exit_code(self) -> int:
        if self.failed:
            return 1
        return 3 if not self.trust else 4 if self.unmet else 0


# --- the command ------------------------------------------------------------------------------------------------------------------

OUTCOME_LINES = {
    0: "Every link holds, and everything that your trust file requires is met.",
    1: "A link fails. Do not rely on this dossier.",
    3: "Internally consistent, origin not established: give your own trust file with --trust.",
    4: "Every link holds, but your trust file requires more.",
}


def read_dossier(path: str) -> bytes:
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(MAX_DOSSIER + 1)
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from error
    if len(data) > MAX_DOSSIER or (data[:4] != LOCAL and data[-22:-18] != END):
        raise Unusable(f"{path} is no dossier")
    return data


def read_file(path: str) -> Digests:
    """Digests of FILE, read once; signatures that need more than them read it again."""
    hashers = (hashlib.sha256(), hashlib.sha512(), hashlib.blake2b())
    size = 0
    try:
        with Path(path).open("rb") as stream:
            while True:
                chunk = stream.read(1024 * 1024)
                if not chunk:
                    break
                size += len(chunk)
                for hasher in hashers:
                    hasher.update(chunk)
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from error
    return Digests(size, hashers[0].digest(), hashers[1].digest(), hashers[2].digest(), path=path)


def read_trust_file(path: str) -> Tuple[Ring, Dict[str, Any]]:
    try:
        with Path(path).open("rb") as stream:
            return read_trust(stream.read(16 * 1024**2 + 1))
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from error
    except Bad as error:
        raise Unusable(f"trust file: {error}") from error


def report(walk: Walk, as_json: bool) -> None:
    seen = None
    if walk.checkpoint:
        origin, size, moment = walk.checkpoint
        seen = {"origin": origin, "size": size, "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}
    if as_json:
        links = [{"name": name, "status": status, "detail": detail} for name, status, detail in walk.links]
        answer = {
            "exit": walk.exit_code,
            "failed": walk.failed,
            "unmet": walk.unmet,
            "links": links,
            "checkpoint": seen,
        }
        print(json.dumps(answer, sort_keys=True))
        return
    for name, status, detail in walk.links:
        print(f"{status:12} {shown(name)}: {shown(detail)}")
    for org, sentences in walk.said:
        print(f"\nstated by {shown(org)}:")
        for sentence in sentences:
            print(f"  {shown(sentence)}")
    if seen:
        print(f"\nas known at checkpoint {seen['size']} of {seen['time']}; later withdrawals cannot be seen offline")
    print(f"\n{OUTCOME_LINES[walk.exit_code]}" + (f" ({walk.failed})" if walk.failed else ""))


def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dossier", metavar="DOSSIER.zip")
    parser.add_argument("file", nargs="?", metavar="FILE", help="a build or the source archive that you have")
    parser.add_argument("--trust", metavar="FILE", help="your own list of keys and requirements")
    parser.add_argument("--now", metavar="TIME", help="check as at this time, YYYY-MM-DDThh:mm:ssZ")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    try:
        try:
            now = read_time(options.now) if options.now else datetime.now(timezone.utc)
        except Bad as error:
            raise Unusable(f"--now: {error}") from error
        trust = read_trust_file(options.trust) if options.trust else None
        data = read_dossier(options.dossier)
        file = read_file(options.file) if options.file else None
    except Unusable as error:
        if options.json:
            print(json.dumps({"error": {"code": "unusable-input", "expected": "", "found": str(error)}}))
        else:
            print(f"verify.py: {shown(error)}", file=sys.stderr)
        return 2
    walk = Walk(now, trust, file)
    walk.run(data)
    report(walk, options.json)
    return walk.exit_code


if __name__ == "__main__":
    sys.exit(main())
