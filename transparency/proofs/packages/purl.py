"""Package URLs (ECMA-427, https://github.com/package-url/purl-spec): one canonical spelling for a package of any ecosystem.

>>> format_purl(PackageUrl("npm", "@babel", "core", "7.0.0"))
'pkg:npm/%40babel/core@7.0.0'
>>> format_purl(parse_purl("pkg:PYPI/Django_package@1.11"))
'pkg:pypi/django-package@1.11'
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from transparency.proofs.errors import EvidenceError

MAX_PURL = 4096
_TYPE = re.compile(r"[a-z][a-z0-9.+-]*\Z", re.ASCII)
_KEY = re.compile(r"[a-z][a-z0-9._-]*\Z", re.ASCII)
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_~:")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Types whose definitions say that case means nothing in names, and in namespaces.
_LOWER_NAMES = frozenset({"bitbucket", "composer", "github", "golang", "npm", "pypi"})
_LOWER_SPACES = frozenset({"apk", "bitbucket", "composer", "deb", "github", "golang", "npm", "rpm"})


@dataclass(frozen=True, slots=True)
class PackageUrl:
    """The parts of a package URL, decoded; a namespace may have several segments between slashes."""

    type: str
    namespace: str
    name: str
    version: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    subpath: str = ""

    @property
    def without_version(self) -> str:
        return format_purl(PackageUrl(self.type, self.namespace, self.name))


def format_purl(purl: PackageUrl) -> str:
    """The canonical spelling."""
    one = _normal(purl)
    text = "pkg:" + "/".join([one.type, *map(_encode, _segments(one.namespace)), _encode(one.name)])
    text += f"@{_encode(one.version)}" if one.version else ""
    pairs = "&".join(f"{key}={_encode(value, keep='/')}" for key, value in one.qualifiers)
    text += f"?{pairs}" if pairs else ""
    path = "/".join(map(_encode, _segments(one.subpath)))
    return text + (f"#{path}" if path else "")


def parse_purl(text: str) -> PackageUrl:
    """The normal parts of a package URL in any spelling that the specification allows (`purl-malformed`)."""
    if len(text) > MAX_PURL:
        raise _malformed(f"at most {MAX_PURL} characters", text)
    rest, _, subpath = text.partition("#")
    rest, _, query = rest.partition("?")
    scheme, colon, rest = rest.partition(":")
    if not colon or scheme.lower() != "pkg":
        raise _malformed("pkg:", text)
    kind, slash, rest = rest.strip("/").partition("/")
    if not slash:
        raise _malformed("a type and a name", text)
    head, last = rest.rpartition("/")[::2]
    name, _, version = last.partition("@") if not last.startswith("@") else ("", "", "")
    return _normal(
        PackageUrl(
            kind.lower(),
            "/".join(_decode(part, text) for part in _segments(head)),
            _decode(name, text),
            _decode(version, text),
            tuple(_pair(item, text) for item in query.split("&") if item),
            "/".join(_decode(part, text) for part in _segments(subpath) if part not in {".", ".."}),
        )
    )


def _normal(purl: PackageUrl) -> PackageUrl:
    """As its type wants it, or `purl-malformed`."""
    space, name = "/".join(_segments(purl.namespace)), purl.name.strip("/")
    if purl.type in _LOWER_SPACES:
        space = space.lower()
    if purl.type in _LOWER_NAMES:
        name = name.lower()
    if purl.type == "pypi":
        name = name.replace("_", "-")
    pairs = sorted((key.lower(), value) for key, value in purl.qualifiers if value)
    if not _TYPE.match(purl.type) or not name:
        raise _malformed("a type and a name", f"{purl.type}/{name}")
    if any(not _KEY.match(key) for key, _ in pairs) or len({key for key, _ in pairs}) != len(pairs):
        raise _malformed("each qualifier once, by a plain key", repr(pairs))
    return PackageUrl(purl.type, space, name, purl.version, tuple(pairs), "/".join(_segments(purl.subpath)))


def _segments(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _pair(item: str, whole: str) -> tuple[str, str]:
    key, _, value = item.partition("=")
    return key, _decode(value, whole)


def _encode(text: str, *, keep: str = "") -> str:
    plain = _PLAIN | frozenset(keep.encode())
    return "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in text.encode())


def _decode(text: str, whole: str) -> str:
    if _ESCAPE.search(text):
        raise _malformed("two hex digits after each %", whole)
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), text.encode("utf-8", "replace"))
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise _malformed("UTF-8", whole) from error


def _malformed(expected: str, found: str) -> EvidenceError:
    return EvidenceError("purl-malformed", expected=expected, found=found[:80])
