"""What was signed in an archive's stead: that it is what the record says, and names what was delivered (docs/formats.md 4, 12).

A signature over a list says something of an archive only when the list names it with its digest; that is checked here,
whatever the record's verdict. Where the checker has the archive, its own digests count.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from transparency.proofs.builds.checksums import parse_checksums
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.links.dsc import MAX_FILE_BYTES, files_named, signed_text
from transparency.proofs.links.gitobjects import check_git_object
from transparency.proofs.records import CHECKSUMS, DSC, DSC_ROLES, GIT_FORMS
from transparency.proofs.signatures.judge import FileDigests

if TYPE_CHECKING:
    from transparency.proofs.links.basis import GivenFile
    from transparency.proofs.records import ArchiveFile, DeliveryRecord

_NAMES = "cover-names"


def check_cover(record: DeliveryRecord, listing: bytes | None, file: GivenFile | None) -> None:
    """Raise unless the member `list` is the record's cover and names what was delivered.

    Raises `cover-file` for another or none, `cover-names` for one that does not name it so, and what reading it raises
    (`checksums-…`, `dsc-malformed`, `git-…`).
    """
    cover = record.cover
    if (listing is not None) != (cover is not None and cover.is_kept):
        raise EvidenceError("cover-file", expected="a list exactly where the record has one", found="the other")
    if cover is None or listing is None:
        return
    if digests_of(listing) != recorded_digests(cover.file):
        raise EvidenceError("cover-file", expected=cover.file.sha256.hex, found=Digest.of(listing).hex)
    in_hand = file if file is not None and file.is_named(record.archive.sha256) else None
    if cover.form == CHECKSUMS:
        _check_list(record, listing, in_hand)
    elif cover.form == DSC:
        _check_dsc(record, listing, in_hand)
    elif cover.form in GIT_FORMS:
        check_git_object(record, listing)


def digests_of(data: bytes) -> FileDigests:
    """What signatures over these bytes are judged by."""
    return FileDigests(
        size=len(data),
        sha256=hashlib.sha256(data).digest(),
        sha512=hashlib.sha512(data).digest(),
        blake2b512=hashlib.blake2b(data).digest(),
    )


def recorded_digests(file: ArchiveFile) -> FileDigests:
    """What signatures over a file are judged by that only the record knows."""
    return FileDigests(
        size=file.size,
        sha256=file.sha256.raw,
        sha512=bytes.fromhex(file.sha512),
        blake2b512=bytes.fromhex(file.blake2b512),
    )


def _check_list(record: DeliveryRecord, listing: bytes, in_hand: GivenFile | None) -> None:
    listed = parse_checksums(listing)
    digests = in_hand.digests if in_hand else recorded_digests(record.archive)
    archive = digests.sha256 if listed.algorithm == "sha256" else digests.sha512
    expected = {record.archive.name: archive.hex()}
    if record.components and listed.algorithm != "sha256":
        raise EvidenceError(_NAMES, expected="a SHA-256 list where there are components", found=listed.algorithm)
    expected |= {item.name: item.sha256.hex for item in record.components}
    for name, digest in expected.items():
        if listed.digests.get(name) != digest:
            raise EvidenceError(_NAMES, subject=name, expected=digest, found=listed.digests.get(name, "not listed"))


def _check_dsc(record: DeliveryRecord, text: bytes, in_hand: GivenFile | None) -> None:
    named = {name: (item.size, item.sha256) for name, item in files_named(text).items()}
    expected = {item.name: (item.size, item.sha256) for item in record.components}
    archive = record.archive
    if record.role in DSC_ROLES:
        if in_hand and (in_hand.digests.size > MAX_FILE_BYTES or signed_text(in_hand.read()) != text):
            raise EvidenceError(_NAMES, subject=archive.name, expected="the text in the dossier", found="another")
        odd = sorted(name for name in {*named, *expected} if named.get(name) != expected.get(name))
        if archive.name in named:
            odd.append(archive.name)
    else:
        expected[archive.name] = (archive.size, archive.sha256)
        odd = sorted(name for name in expected if named.get(name) != expected[name])
    if odd:
        raise EvidenceError(
            _NAMES, subject=odd[0], expected=_words(expected.get(odd[0])), found=_words(named.get(odd[0]))
        )


def _words(item: tuple[int, Digest] | None) -> str:
    return f"{item[1]}, {item[0]} bytes" if item else "not named"
