"""Targets whose input is put into a sound wrapping first, so that the bytes behind a checksum or an armour are reached.

Blind mutation breaks a tar header's sum, a zip's CRC or a Base64 line almost always; here those are made right and everything else is
left to lie. Where the standard library reads the same format, what both accept must be the same files.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import tarfile
import textwrap
import zipfile as stdlib_zip
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.proofs.sources.tars import PlainStream
from tests.proofs.sources.zips import DEFLATE, STORED, Entry, described, make_zip, take_zip
from transparency.gateways.decompress import open_archive, open_members
from transparency.gateways.openpgp import OpenPgp
from transparency.proofs.errors import UnavailableError
from transparency.proofs.escaping import escape_path, unescape_path
from transparency.proofs.filetable import FileTable
from transparency.proofs.manifest import parse_manifest
from transparency.proofs.signatures.judge import Content, FileDigests, judge_all
from transparency.proofs.signatures.keys import key_from_text
from transparency.proofs.signatures.openpgp import parse_openpgp_signatures
from transparency.proofs.signatures.openpgp_check import check_by_key
from transparency.proofs.signatures.openpgp_key import parse_openpgp_certificate
from transparency.proofs.signatures.pem import parse_pem_key
from transparency.proofs.signatures.sshsig import format_sshsig, parse_ssh_public_key, parse_sshsig
from transparency.proofs.sources.intake import Intake, take_in
from transparency.proofs.sources.membersource import Limits, TarSource
from transparency.proofs.times import format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMITS = Limits(content=1 << 22, members=5_000, member=1 << 21, ratio_from=1 << 20)
MESSAGE = b"message"
DIGESTS = FileDigests(
    len(MESSAGE), hashlib.sha256(MESSAGE).digest(), hashlib.sha512(MESSAGE).digest(), hashlib.blake2b(MESSAGE).digest()
)
NOW = parse_time("2026-11-24T00:00:00Z")
_BLOCK = 512
_MEMBERS = 24


def tar_summed(data: bytes) -> None:
    """The tar reader behind its checksums; what it takes in without a refusal, the standard library reads alike."""
    summed = with_sums(data)
    intake = take_in(TarSource(PlainStream(summed), LIMITS), io.BytesIO(), limits=LIMITS)
    if not intake.refused and (theirs := _read_by(_tar_contents, summed)) is not None:
        assert _contents(intake) == theirs


def zip_entries(data: bytes) -> None:
    """Whole zip files with lies in them; what is taken in without a refusal, the standard library reads alike."""
    made = zip_of(data)
    intake = take_zip(made, LIMITS)
    if not intake.refused and (theirs := _read_by(_zip_contents, made)) is not None:
        assert _contents(intake) == theirs


def streams(data: bytes) -> None:
    """bzip2, zstd, gzip and plain files, from a file as the intake has them: an intake or a coded error, nothing else."""
    magic = (b"BZh9", b"\x28\xb5\x2f\xfd", b"\x1f\x8b\x08", b"PK\x03\x04", b"")[data[0] % 5 if data else 0]
    descriptor = os.memfd_create("archive")
    with os.fdopen(descriptor, "w+b") as source:
        source.write(magic + data[1:])
        source.seek(0)
        with open_members(source, LIMITS) as members:
            take_in(members, io.BytesIO(), limits=LIMITS)


def gzip_members(data: bytes) -> None:
    """Two formats over one stream: whatever the members are, their plain bytes come out once and whole."""
    with open_archive(io.BytesIO(b"\x1f\x8b\x08\x00" + data)) as stream:
        pieces = []
        while piece := stream.read(4096):
            pieces.append(piece)
        stream.finish()
        assert not stream.read(1)
    assert sum(map(len, pieces)) < 1 << 28


def sshsig_blob(data: bytes) -> None:
    blob = base64.b64encode(b"SSHSIG\x00\x00\x00\x01" + data).decode()
    armoured = (
        "-----BEGIN SSH SIGNATURE-----\n" + "\n".join(textwrap.wrap(blob, 70)) + "\n-----END SSH SIGNATURE-----\n"
    )
    signature = parse_sshsig(armoured.encode())
    assert parse_sshsig(format_sshsig(signature)) == signature
    for outcome in judge_all([armoured.encode()], DIGESTS, (), now=NOW, content=None, openpgp=None).findings:
        assert outcome.outcome in {"invalid", "unknown-key"}


def ssh_key_blob(data: bytes) -> None:
    kind = (b"ssh-ed25519", b"ssh-rsa", b"ecdsa-sha2-nistp256", b"sk-ssh-ed25519@openssh.com")[
        data[0] % 4 if data else 0
    ]
    blob = len(kind).to_bytes(4, "big") + kind + data[1:]
    line = f"{kind.decode()} {base64.b64encode(blob).decode()}"
    assert parse_ssh_public_key(line) == blob
    assert key_from_text(line + " comment").public == line


def pem_blob(data: bytes) -> None:
    body = "\n".join(textwrap.wrap(base64.b64encode(data).decode(), 64))
    text = f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"
    key = parse_pem_key(text)
    assert key_from_text(text).fingerprint == key.fingerprint


def openpgp_blob(data: bytes) -> None:
    """A certificate's packets in armour, as they are enrolled."""
    certificate = parse_openpgp_certificate(data)
    body = "\n".join(textwrap.wrap(base64.b64encode(data).decode(), 64))
    text = f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{body}\n-----END PGP PUBLIC KEY BLOCK-----\n"
    assert key_from_text(text).fingerprint == certificate.fingerprint


def openpgp_check(data: bytes) -> None:
    """A certificate and a signature that name each other as they like: our own check by the named key ends in a code."""
    cut = int.from_bytes(data[:2], "big")
    certificate = parse_openpgp_certificate(data[2 : 2 + cut])
    for signature in parse_openpgp_signatures(data[2 + cut :]):
        for key in certificate.keys:
            if key.is_named(signature.issuer):
                check_by_key(signature, key, (MESSAGE,))


def openpgp_library(data: bytes) -> None:
    """The same through the library that has the last word: an outcome or a coded error, never the library's own."""
    cut = int.from_bytes(data[:2], "big")
    raw = data[2 : 2 + cut]
    body = "\n".join(textwrap.wrap(base64.b64encode(raw).decode(), 64))
    key = key_from_text(f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{body}\n-----END PGP PUBLIC KEY BLOCK-----\n")
    for signature in parse_openpgp_signatures(data[2 + cut :]):
        with suppress(UnavailableError):  # a certificate that the library cannot read
            OpenPgp().judge(signature, Content(data=MESSAGE), (key,), now=NOW)


def file_table(data: bytes) -> None:
    table = FileTable(data)
    entries = list(table)
    assert len(entries) == len(table)
    table.listing(b"")
    for entry in entries[:8]:
        table.find(entry.path)
        table.totals(entry.path)


def escaping(data: bytes) -> None:
    assert unescape_path(escape_path(data)) == data
    text = data.decode("utf-8", "replace")
    assert escape_path(unescape_path(text)) == text


def times(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    assert format_time(parse_time(text)) == text


def with_sums(data: bytes) -> bytes:
    """The same blocks, each header's checksum made right; what is a header is told by following the sizes."""
    blocks = bytearray(data + bytes(-len(data) % _BLOCK))
    place = 0
    while place + _BLOCK <= len(blocks):
        header = blocks[place : place + _BLOCK]
        if not any(header):
            break
        header[148:156] = b" " * 8
        blocks[place : place + _BLOCK] = header
        blocks[place + 148 : place + 156] = b"%06o\0 " % sum(header)
        digits = bytes(header[124:136]).strip(b" \0")
        size = int(digits, 8) if digits.isdigit() and b"8" not in digits and b"9" not in digits else 0
        place += _BLOCK + (-(-size // _BLOCK) * _BLOCK if header[156] not in b"12345" else 0)
    return bytes(blocks) + bytes(2 * _BLOCK)


def zip_of(data: bytes) -> bytes:
    """A zip file of the entries that the bytes describe, with at most one lie each."""
    stream = io.BytesIO(data)
    entries = list(_entries(stream))
    rest = stream.read(64)
    if rest[:1] == b"\x01":
        return make_zip(*entries, before=rest[1:])
    return make_zip(*entries, gap=rest[1:]) if rest[:1] == b"\x02" else make_zip(*entries, comment=rest[1:])


_FIELDS = ("flags", "method", "time", "date", "crc", "packed", "size")
_MODES = (0o100644, 0o100755, 0o040755, 0o120777, 0o020644, 0)


def _entries(stream: io.BytesIO) -> Iterator[Entry]:
    for _ in range(_MEMBERS):
        head = stream.read(6)
        if len(head) < 6:
            return
        kind, mode, name_length, content_length, lie, much = head
        name, content = stream.read(name_length % 40), stream.read(content_length)
        entry = Entry(
            name,
            content,
            DEFLATE if kind & 1 else STORED,
            mode=_MODES[mode % len(_MODES)],
            flags=0x800 if kind & 2 else 0,
            made_by=20 if kind & 64 else 3 << 8 | 20,
            extra=stream.read(much % 32) if kind & 4 else b"",
            local_extra=stream.read(much % 32) if kind & 8 else b"",
            gap=stream.read(much % 4) if kind & 128 else b"",
            central={_FIELDS[lie % 7]: much} if kind & 16 and lie & 8 else {},
            local={_FIELDS[lie % 7]: much} if kind & 16 and not lie & 8 else {},
        )
        yield described(entry, signed=bool(lie & 16)) if kind & 32 else entry


def _contents(intake: Intake) -> list[tuple[bytes, bytes]]:
    """(path, SHA-256) of regular files, their common folder put back."""
    prefix = unescape_path(intake.prefix) + b"/" if intake.prefix else b""
    return sorted(
        (prefix + entry.path, bytes.fromhex(entry.digest))
        for entry in parse_manifest(intake.manifest)
        if entry.mode.startswith("100")
    )


def _read_by(read: Callable[[bytes], Iterator[tuple[bytes, bytes]]], data: bytes) -> list[tuple[bytes, bytes]] | None:
    """What the standard library finds in an archive, sorted; None where it refuses it."""
    try:
        return sorted(read(data))
    except (tarfile.TarError, stdlib_zip.BadZipFile, UnicodeError, NotImplementedError, ValueError, KeyError):
        return None


def _tar_contents(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    # `r:`, since it would try the old .lzma format too, whose header is almost anything.
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:", encoding="utf-8", errors="surrogateescape") as archive:
        found: dict[bytes, bytes] = {}
        for member in archive:
            path = _plain(member.name.encode("utf-8", "surrogateescape"))
            if member.isreg():
                stream = archive.extractfile(member)
                assert stream
                found[path] = hashlib.sha256(stream.read()).digest()
            elif member.islnk():
                found[path] = found[_plain(member.linkname.encode("utf-8", "surrogateescape"))]
        yield from found.items()


def _zip_contents(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    with stdlib_zip.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            name = member.orig_filename.encode("utf-8" if member.flag_bits & 0x800 else "cp437")
            kind = member.external_attr >> 28 if member.create_system == 3 else 0
            if kind not in {0o12, 0o4} and not name.endswith(b"/"):
                yield _plain(name), hashlib.sha256(archive.read(member)).digest()


def _plain(path: bytes) -> bytes:
    while path.startswith(b"./"):
        path = path[2:]
    return path
