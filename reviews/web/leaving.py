"""What of a restricted release became public, byte for byte: the leaves of its records, with who decided and what their openings keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from reviews.models import Attestation
from transparency.models import Delivery, Event, LogEntry
from transparency.proofs.digest import Digest
from transparency.proofs.log.leaf import Leaf, committed_leaf, format_leaf, parse_leaf
from transparency.proofs.log.merkle import leaf_hash
from transparency.reports import admitted_as

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transparency.models import Release

_INSIDE = {
    "manifest": "the digest of the source's manifest",
    "opening": "the root over its salted file lines, which lets one file be shown and no other",
}
_SUBJECTS = {
    "delivery": ("manifest", "opening"),
    "builds": ("manifest",),
    "event": ("manifest",),
    "attestation": ("manifest",),
}
_NOBODY = bytes(32)


@dataclass(frozen=True, slots=True)
class LeavingEntry:
    """One leaf. `index` is None while it waits for its place; `about` and `decided` are for those inside alone."""

    about: str
    decided: str
    index: int | None
    leaf: Leaf
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode()

    @property
    def hash(self) -> str:
        """What the public tiles hold of it."""
        return leaf_hash(self.data).hex()

    @property
    def inside(self) -> list[str]:
        """What the opening, which stays in this centre, would reveal."""
        record = "the digest of the signed statement" if self.leaf.kind == "attestation" else "the digest of the record"
        return [
            record,
            *(_INSIDE.get(each.name, each.name) for each in self.leaf.subjects),
            "the organisation's short name",
        ]


def leaving_entries(release: Release) -> list[LeavingEntry]:
    """In the order of the log; what has no place in it yet comes last."""
    told = [*_deliveries(release), *_builds(release), *_events(release), *_attestations(release)]
    rows = {
        (row.kind, row.digest): row for row in LogEntry.objects.filter(digest__in=[digest for _, digest, *_ in told])
    }
    found = {}
    for kind, digest, about, decided in told:
        row = rows.get((kind, digest))
        if row is not None:
            data = bytes(row.leaf)
            found[row.pk] = LeavingEntry(about, decided, row.index, parse_leaf(data), data)
    return sorted(found.values(), key=lambda entry: (entry.index is None, entry.index or 0))


def shape_of(kind: str) -> str:
    """The bytes of a leaf that is still to come, made by the same code from values that mean nothing."""
    subjects = [(name, Digest(_NOBODY)) for name in _SUBJECTS[kind]]
    now = timezone.now()
    leaf, _ = committed_leaf(_NOBODY, kind=kind, digest=Digest(_NOBODY), subjects=subjects, org="example", time=now)
    return format_leaf(leaf).decode()


def _deliveries(release: Release) -> Iterator[tuple[str, str, str, str]]:
    for row in release.deliveries.exclude(state=Delivery.State.QUARANTINED).exclude(record_digest=""):
        by_reason = admitted_as(row)
        decided = (
            f"the operator, who admitted it as {by_reason} for a stated reason"
            if by_reason
            else "whoever delivered it; a signature by an enrolled key admitted it, nobody was asked"
        )
        yield "delivery", row.record_digest, f"the delivery of {row.archive_name}", decided


def _builds(release: Release) -> Iterator[tuple[str, str, str, str]]:
    for row in release.build_lists.all():
        yield "builds", row.record_digest, "an import of builds", "whoever delivered them; nobody else was asked"


def _events(release: Release) -> Iterator[tuple[str, str, str, str]]:
    of_keys = Q(product=release.product, release__isnull=True)
    for row in Event.objects.filter(of_keys | Q(release=release)).select_related("organisation"):
        about = f"{row.get_kind_display().lower()}{'' if row.release_id else ', for the whole product'}"
        yield "event", row.record_digest, about, f"{row.organisation.name}, by doing it"


def _attestations(release: Release) -> Iterator[tuple[str, str, str, str]]:
    rows = Attestation.objects.filter(release=release).select_related("statement__engagement__authority")
    for row in rows:
        authority = row.statement.engagement.authority.name
        yield (
            "attestation",
            row.digest,
            f"a statement of {authority}",
            "the auditor, by handing in what they had signed",
        )
