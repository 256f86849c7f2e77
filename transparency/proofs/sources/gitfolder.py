r"""A repository as a folder of files (gitrepository-layout): which of them are taken, and which make it another repository than it seems.

Only objects and references count. Configuration, hooks, logs and whatever else lies there is passed over unread; what would have git show
other objects or less history than there is, is refused.

| rule | when |
|---|---|
| git-alternates, git-promisor | objects lie elsewhere, or are to be fetched later |
| git-grafts, git-shallow | commits have other parents, or history ends early |
| git-folder-malformed | no repository, two in one, references or packs of another shape, a loose object that is none |
| git-pack-damaged | a pack whose own checksum does not fit |

>>> role_of(b"pump.git/objects/pack/pack-%s.pack" % (40 * b"a"))
Part(kind='pack', root=b'pump.git/', name=b'')
>>> role_of(b"pump.git/hooks/post-update") is None
True
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Literal

from transparency.proofs.errors import EvidenceError
from transparency.proofs.sources.gitbundle import MAX_REFS, BundleHead
from transparency.proofs.sources.gitobject import DIGITS, FORMATS, ObjectFormat
from transparency.proofs.sources.packfile import LEVEL, deflate, object_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Kind = Literal["pack", "index", "loose", "packed-refs", "ref", "alternates", "grafts", "shallow", "promisor"]
MAX_REF_BYTES = 4096
MAX_PACKED_REFS_BYTES = 64 * 1024 * 1024
MAX_INDEXED = 5_000_000
MAX_HEADER_BYTES = 64
CHUNK_BYTES = 1024 * 1024
_ROOT = rb"(?P<root>(?:[^/]+/){0,2}?)"
_PATTERNS: dict[Kind, bytes] = {
    "pack": rb"objects/pack/pack-(?:[0-9a-f]{40}|[0-9a-f]{64})\.pack",
    "index": rb"objects/pack/pack-(?:[0-9a-f]{40}|[0-9a-f]{64})\.idx",
    "promisor": rb"objects/pack/[^/]+\.promisor",
    "loose": rb"objects/(?P<name>[0-9a-f]{2}/(?:[0-9a-f]{38}|[0-9a-f]{62}))",
    "alternates": rb"objects/info/(?:http-)?alternates",
    "packed-refs": rb"packed-refs",
    "ref": rb"(?P<name>refs/[^\0]+)",
    "grafts": rb"info/grafts",
    "shallow": rb"shallow",
}
_PARTS = {kind: re.compile(_ROOT + pattern + rb"\Z") for kind, pattern in _PATTERNS.items()}
_REFUSED = {
    "alternates": "objects of this repository alone",
    "grafts": "commits with their own parents",
    "shallow": "the whole history",
    "promisor": "every object",
}
_PACKED = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64}) (refs/[^\0-\x20\x7f]{1,1000})\Z")
_LOOSE = re.compile(rb"(commit|tree|blob|tag) (0|[1-9][0-9]{0,15})\0")
_NUMBERS = {b"commit": 1, b"tree": 2, b"blob": 3, b"tag": 4}


@dataclass(frozen=True, slots=True)
class Part:
    """What a file is in a repository; `root` is the folder of the repository, `name` that of a reference or a loose object."""

    kind: Kind
    root: bytes
    name: bytes = b""


def role_of(path: bytes) -> Part | None:
    """Which part a file is, or None for one that is passed over."""
    for kind, pattern in _PARTS.items():
        if match := pattern.match(path):
            return Part(kind, match["root"], match.groupdict().get("name") or b"")
    return None


@dataclass(slots=True)
class FolderHead:
    """References and names of packed objects, gathered file by file; `close` gives them as a bundle's head gives them."""

    root: bytes | None = None
    refs: dict[str, str] = field(default_factory=dict)
    packed: dict[str, str] = field(default_factory=dict)
    indexed: set[bytes] = field(default_factory=set)

    def add(self, part: Part, content: bytes) -> None:
        """A small file (`git-…` as above)."""
        if part.kind in _REFUSED:
            raise EvidenceError(f"git-{part.kind}", expected=_REFUSED[part.kind], found=ascii(part.root)[2:-1][:80])
        if self.root not in {None, part.root}:
            raise EvidenceError("git-folder-malformed", expected="one repository", found="two")
        self.root = part.root
        if part.kind == "ref":
            self._add_ref(part.name, content)
        elif part.kind == "packed-refs":
            self._add_packed(content)
        elif part.kind == "index":
            self._add_index(content)

    def close(self) -> BundleHead:
        """Loose references count more than packed ones, as in git."""
        refs = {**self.packed, **self.refs}
        widths = {len(name) for name in refs.values()}
        formats = [each for each in FORMATS if {DIGITS[each]} == widths]
        if self.root is None or len(formats) != 1:
            raise EvidenceError(
                "git-folder-malformed", expected="a repository with references", found="none, or of two kinds"
            )
        return BundleHead(formats[0], refs, 0)

    def _add_ref(self, name: bytes, content: bytes) -> None:
        if content.startswith(b"ref: "):
            return  # one that stands for another: only whole names of tags are asked for
        match = _PACKED.match(content.rstrip(b"\n") + b" " + name)
        if not match or len(content) > MAX_REF_BYTES or len(self.refs) >= MAX_REFS:
            raise EvidenceError("git-folder-malformed", expected="a reference", found=ascii(name[:80])[2:-1])
        self.refs[name.decode("utf-8", "backslashreplace")] = match[1].decode()

    def _add_packed(self, content: bytes) -> None:
        for line in content.split(b"\n"):
            if not line or line.startswith((b"#", b"^")):
                continue
            match = _PACKED.match(line)
            name = match[2].decode("utf-8", "backslashreplace") if match else ""
            if not match or name in self.packed or len(self.packed) >= MAX_REFS:
                raise EvidenceError("git-folder-malformed", expected="references, each once", found=ascii(line[:80]))
            self.packed[name] = match[1].decode()

    def _add_index(self, content: bytes) -> None:
        """Names that a pack has, by its index: only a hint, so that what lies there twice is not taken twice."""
        head, fanout = content[:8], content[8 : 8 + 1024]
        if head != b"\xfftOc\0\0\0\x02" or len(fanout) != 1024:  # noqa: PLR2004 - 256 counts
            return
        count = struct.unpack(">I", fanout[-4:])[0]
        width = next((width for width in (20, 32) if _fits(len(content), count, width)), 0)
        if width and len(self.indexed) + count <= MAX_INDEXED:
            start = 8 + 1024
            self.indexed.update(content[start + width * at : start + width * (at + 1)] for at in range(count))


def _fits(size: int, count: int, width: int) -> bool:
    """Whether an index of so many objects has this size, up to its table of large offsets."""
    least = 8 + 1024 + count * (width + 8) + 2 * width
    return least <= size <= least + 8 * count and (size - least) % 8 == 0


class JoinedPack:
    """One pack out of several and of loose objects: entries are copied as they are, since deltas say how far back their base lies."""

    def __init__(self, stream: BinaryIO, object_format: ObjectFormat) -> None:
        self._stream, self._format = stream, object_format
        self._width = DIGITS[object_format] // 2
        self._count = 0
        stream.write(_head(0))

    def add_pack(self, pieces: Iterable[bytes]) -> None:
        """A pack as it lies there (`git-pack-damaged`)."""
        hasher = hashlib.new(self._format, usedforsecurity=False)
        held, count = b"", None
        for piece in pieces:
            held += piece
            if count is None and len(held) >= len(_head(0)):
                magic, version, count = struct.unpack(">4sII", held[:12])
                if magic != b"PACK" or version not in {2, 3}:
                    raise EvidenceError("git-pack-damaged", expected="a pack", found=ascii(held[:12]))
                hasher.update(held[:12])
                held = held[12:]
            if count is not None and len(held) > self._width:
                hasher.update(held[: -self._width])
                self._stream.write(held[: -self._width])
                held = held[-self._width :]
        if count is None or held != hasher.digest():
            raise EvidenceError("git-pack-damaged", expected=hasher.hexdigest(), found=held.hex()[:80])
        self._count += count

    def add_loose(self, pieces: Iterable[bytes], *, limit: int) -> None:
        """A loose object (`git-folder-malformed`, `limit-member`); its name follows from its content, whatever its file was called."""
        content = _inflated(pieces)
        first = next(content, b"")
        match = _LOOSE.match(first)
        if not match:
            raise EvidenceError("git-folder-malformed", expected="an object", found=ascii(first[:40]))
        size, packer = int(match[2]), deflate.compressobj(LEVEL)
        if size > limit:
            raise EvidenceError("limit-member", expected=f"at most {limit} bytes", found=str(size))
        self._stream.write(object_header(_NUMBERS[match[1]], size))
        seen = len(first) - match.end()
        self._stream.write(packer.compress(first[match.end() :]))
        for piece in content:
            seen += len(piece)
            if seen > size:
                break
            self._stream.write(packer.compress(piece))
        self._stream.write(packer.flush())
        if seen != size:
            raise EvidenceError("git-folder-malformed", expected=f"an object of {size} bytes", found=str(seen))
        self._count += 1

    def finish(self) -> None:
        """Write the number of objects and the checksum."""
        if self._count >= 1 << 32:
            raise EvidenceError("limit-members", expected="fewer objects", found=str(self._count))
        self._stream.seek(0)
        self._stream.write(_head(self._count))
        self._stream.seek(0)
        hasher = hashlib.new(self._format, usedforsecurity=False)
        while chunk := self._stream.read(CHUNK_BYTES):
            hasher.update(chunk)
        self._stream.write(hasher.digest())
        self._stream.flush()


def _head(count: int) -> bytes:
    return struct.pack(">4sII", b"PACK", 2, count)


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The content of a zlib stream, never more than CHUNK_BYTES of it at once."""
    unpacker = zlib.decompressobj()
    try:
        for piece in pieces:
            rest = piece
            while rest and not unpacker.eof:
                if made := unpacker.decompress(rest, CHUNK_BYTES):
                    yield made
                rest = unpacker.unconsumed_tail
    except zlib.error as error:
        raise EvidenceError("git-folder-malformed", expected="an object", found="damaged data") from error
    if not unpacker.eof or unpacker.unused_data:
        raise EvidenceError("git-folder-malformed", expected="one whole object", found="part of one, or more")
