"""The links `builds/<nn>`: which build files the vendor's list names, and which of them were given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.builds.checksums import compare, parse_checksums
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.links.covers import digests_of
from transparency.proofs.links.deliveries import check_release, logged_as
from transparency.proofs.links.logged import check_logged
from transparency.proofs.links.report import LinkReport
from transparency.proofs.links.signatures import Signed, check_signatures
from transparency.proofs.records import BuildsRecord, RecordedArtifact, parse_builds_record
from transparency.proofs.signatures.judge import Content

if TYPE_CHECKING:
    from datetime import datetime

    from transparency.proofs.dossier import BuildsParts
    from transparency.proofs.links.basis import Basis

LEAF_KIND = "builds"
EQUAL = "listed-and-equal"
_Listing = tuple[str, str | None, str]


@dataclass(frozen=True, slots=True)
class CheckedBuilds:
    """An import of builds whose record was logged; `time` is the leaf's."""

    link: str
    record: BuildsRecord
    time: datetime
    report: LinkReport


def check_builds(link: str, parts: BuildsParts, basis: Basis) -> CheckedBuilds:
    """Return the import of builds.

    Raises `record-release`, `record-visibility`, `record-subject`, `list-file`, `listing-differs` and what reading the
    record and the list, and the log, raise.
    """
    record = parse_builds_record(parts.logged.record)
    check_release(record, basis)
    if record.manifest not in {None, basis.index.subject}:
        found = record.manifest.hex if record.manifest else ""
        raise EvidenceError("record-subject", expected=f"{basis.index.subject} or null", found=found)
    _check_list(record, parts.list)
    subjects = (("manifest", record.manifest),) if record.manifest else ()
    leaf, index = check_logged(parts.logged, basis, kind=LEAF_KIND, subjects=subjects, org=record.vendor)
    equal = sum(artifact.listing == EQUAL for artifact in record.artifacts)
    name = record.list.name if record.list else "no list"
    detail = f"{name}: {equal} of {len(record.artifacts)} files are listed and equal; {logged_as(leaf, index)}"
    return CheckedBuilds(link, record, leaf.time, LinkReport(link, "ok", detail))


def check_builds_signatures(link: str, parts: BuildsParts, builds: CheckedBuilds, basis: Basis) -> LinkReport:
    """Return how the signatures over the checksum list end; the list is in the dossier, so nothing else is needed."""
    record, data = builds.record, parts.list
    if record.list is None or data is None:
        if record.list_signatures or parts.signatures:
            raise EvidenceError("signature-file", expected="a list that was signed", found="signatures over no list")
        return LinkReport(link, "not claimed", "these builds came without a signed list")
    signed = Signed(record.list.name, digests_of(data), Content(data=data))
    return check_signatures(
        link, signed, record.list_signatures, parts.signatures, verdict=record.verdict, time=builds.time, basis=basis
    )


def _check_list(record: BuildsRecord, data: bytes | None) -> None:
    """Every listing is computed again, from the list itself and from the digests that the record states."""
    stated = record.list
    if (stated is None) != (data is None):
        raise EvidenceError("list-file", expected="a list exactly where the record has one", found="the other")
    if stated and data is not None and (stated.sha256, stated.size) != (Digest.of(data), len(data)):
        raise EvidenceError("list-file", expected=f"{stated.sha256}, {stated.size} bytes", found=f"{Digest.of(data)}")
    for artifact in record.artifacts:
        if (artifact.size is None) != (artifact.sha256 is None):
            raise EvidenceError(
                "listing-differs", subject=artifact.name, expected="size and sha256, or neither", found="one"
            )
    given = {artifact.name: artifact.sha256.hex for artifact in record.artifacts if artifact.sha256}
    listed = compare(parse_checksums(data), given) if data is not None else ()
    expected: dict[str, _Listing] = {name: (name, None, "not-listed") for name in given}
    expected |= {item.name: (item.name, item.listed, item.listing) for item in listed}
    found = {artifact.name: _listing(artifact) for artifact in record.artifacts}
    if found != expected:
        name = min(key for key in {*found, *expected} if found.get(key) != expected.get(key))
        raise EvidenceError(
            "listing-differs", subject=name, expected=_words(expected.get(name)), found=_words(found.get(name))
        )


def _listing(artifact: RecordedArtifact) -> _Listing:
    return artifact.name, artifact.listed.hex if artifact.listed else None, artifact.listing


def _words(listing: _Listing | None) -> str:
    return "not there" if listing is None else f"{listing[2]} {listing[1] or ''}".strip()
