"""Check a dossier link by link (docs/formats.md section 12). Pure: keys, the clock and the file in hand are arguments.

1. `container`, `index`, the members' digests, `container` again: the dossier is whole and says what its index says.
2. `log` and `manifest`: the checkpoint is the log's; the manifest is the subject.
3. Each delivery and each import of builds: the record is about this release and was logged; its signatures. Between the
   two what happened to deliveries since: each event was logged, in this order.
4. `file`: the given file stands in the chain. `rebuild`: not claimed by this version.
5. Each attestation: who signed what, and that it was logged.
6. `requirements`: what the trust file asks for.

Checking stops at the first link that fails. What a page shows about a release and what this answers about its dossier are
the same links: give `verify_members` the members and no container.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from transparency.proofs.container import check_container, read_members, refuse_other_files
from transparency.proofs.digest import Digest
from transparency.proofs.dossier import Dossier, arrange, check_members, place_of
from transparency.proofs.errors import EvidenceError
from transparency.proofs.links.attestations import check_attestation
from transparency.proofs.links.basis import Basis, GivenFile
from transparency.proofs.links.builds import check_builds, check_builds_signatures
from transparency.proofs.links.deliveries import check_delivery, check_delivery_signatures
from transparency.proofs.links.events import NO_INDEX, CheckedEvent, check_event, standing_of
from transparency.proofs.links.file import PlacedFile, check_file
from transparency.proofs.links.logged import check_log_head
from transparency.proofs.links.report import CheckpointSeen, LinkReport, Report, StatedReview, failed_link
from transparency.proofs.links.requirements import SourceState, check_requirements
from transparency.proofs.manifest import ManifestEntry, parse_manifest
from transparency.proofs.records import parse_delivery_record
from transparency.proofs.trust import KeyRing, TrustFile, parse_key_ring

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from transparency.proofs.links.builds import CheckedBuilds
    from transparency.proofs.links.deliveries import CheckedDelivery
    from transparency.proofs.signatures.judge import OpenPgpChecker


def verify_dossier(
    data: bytes,
    *,
    now: datetime,
    trust: TrustFile | None = None,
    file: GivenFile | None = None,
    openpgp: OpenPgpChecker | None = None,
) -> Report:
    """Return the report about a dossier's bytes; raise UnusableInputError `not-a-zip` for what is no zip file at all."""
    return _Walk(now=now, trust=trust, file=file, openpgp=openpgp).whole(data)


def verify_members(
    members: Mapping[str, bytes],
    *,
    now: datetime,
    trust: TrustFile | None = None,
    file: GivenFile | None = None,
    openpgp: OpenPgpChecker | None = None,
) -> Report:
    """Return the report about members that lie in no container (yet): the same links without `container`."""
    return _Walk(now=now, trust=trust, file=file, openpgp=openpgp).members(members)


class _Stopped(Exception):  # noqa: N818 - not an error: the failed link is in the list
    """A link failed; nothing after it is looked at."""


class _Walk:
    """One pass over one dossier; what it has found so far."""

    def __init__(
        self,
        *,
        now: datetime,
        trust: TrustFile | None,
        file: GivenFile | None,
        openpgp: OpenPgpChecker | None,
    ) -> None:
        self._now = now
        self._trust = trust
        self._file = file
        self._openpgp = openpgp
        self._links: list[LinkReport] = []
        self._reviews: list[StatedReview] = []
        self._unmet: tuple[str, ...] = ()
        self._source = SourceState()
        self._dossier: Dossier | None = None
        self._checkpoint: CheckpointSeen | None = None

    def whole(self, data: bytes) -> Report:
        refuse_other_files(data)
        with suppress(_Stopped):
            with self._link("container"):
                members = read_members(data)
            dossier = self._open(members)
            with self._link("container"):
                check_container(data, members)
                self._ok("container", f"{len(members)} members in the one spelling that they have")
            self._walk(dossier)
        return self._report()

    def members(self, members: Mapping[str, bytes]) -> Report:
        with suppress(_Stopped):
            self._walk(self._open(members))
        return self._report()

    def _open(self, members: Mapping[str, bytes]) -> Dossier:
        with self._link("index"):
            dossier = arrange(members)
        self._dossier = dossier
        index = dossier.index
        about = f"{index.product} {index.release} by {index.vendor}"
        self._ok("index", f"a {index.visibility} dossier about {about}; {len(index.files)} members, all listed")
        try:
            check_members(index, members)
        except EvidenceError as error:
            self._links.append(failed_link(place_of(error.subject), error))
            raise _Stopped from error
        return dossier

    def _walk(self, dossier: Dossier) -> None:
        basis = self._open_log(dossier)
        with self._link("manifest"):
            entries = _check_manifest(dossier)
            self._ok("manifest", f"{len(entries)} files; it is the subject {dossier.index.subject}")
        deliveries = self._check_deliveries(dossier, basis, entries)
        events = self._check_events(dossier, basis, deliveries)
        builds = self._check_builds(dossier, basis)
        placed = self._check_file(deliveries, builds)
        self._source = _source_state(deliveries, events, placed)
        self._links.append(LinkReport("rebuild", "not claimed", "rebuild statements are a later version"))
        self._check_attestations(dossier, basis)
        if self._trust is not None and self._checkpoint is not None:
            report, self._unmet = check_requirements(
                self._trust.require,
                self._links,
                self._reviews,
                self._source,
                head=self._checkpoint.time,
                now=self._now,
            )
            self._links.append(report)

    def _open_log(self, dossier: Dossier) -> Basis:
        ring = self._ring(dossier)
        head = dossier.parts.log
        with self._link("log"):
            checkpoint, time = check_log_head(head, ring)
            self._checkpoint = CheckpointSeen(checkpoint.origin, checkpoint.size, time)
            basis = Basis(
                index=dossier.index,
                ring=ring,
                trusted=self._trust is not None,
                checkpoint=checkpoint,
                checkpoint_bytes=head.checkpoint,
                file=self._file,
                openpgp=self._openpgp,
            )
            signer = f"signed by the log's key in {basis.key_source}"
            self._ok(
                "log", f"checkpoint {checkpoint.size} of {checkpoint.origin}, {signer}; newest entry {time:%Y-%m-%d}"
            )
        return basis

    def _ring(self, dossier: Dossier) -> KeyRing:
        """The checker's keys; only without any do the dossier's own serve, to see whether it agrees with itself."""
        if self._trust is not None:
            return self._trust.ring
        with self._link("keys"):
            return parse_key_ring(dossier.parts.keys)

    def _check_deliveries(
        self, dossier: Dossier, basis: Basis, entries: tuple[ManifestEntry, ...]
    ) -> list[CheckedDelivery]:
        shelves = [(f"deliveries/{number:02d}", each) for number, each in enumerate(dossier.parts.deliveries, start=1)]
        records = []  # all are read first, because one may say from which other its tree was made
        for name, delivered in shelves:
            with self._link(name):
                records.append(parse_delivery_record(delivered.logged.record))
        deliveries = []
        for number, (name, delivered) in enumerate(shelves):
            others = {record.snapshot.manifest for record in records[:number] + records[number + 1 :]}
            with self._link(name):
                subject = None if number else entries
                delivery = check_delivery(name, delivered, records[number], basis, subject=subject, others=others)
                self._links.append(delivery.report)
            deliveries.append(delivery)
            with self._link(f"{name}/signature"):
                self._links.append(check_delivery_signatures(f"{name}/signature", delivered, delivery, basis))
        return deliveries

    def _check_events(self, dossier: Dossier, basis: Basis, deliveries: list[CheckedDelivery]) -> list[CheckedEvent]:
        events: list[CheckedEvent] = []
        for number, logged in enumerate(dossier.parts.events, start=1):
            name = f"events/{number:02d}"
            with self._link(name):
                after = events[-1].index if events else NO_INDEX
                events.append(check_event(name, logged, basis, deliveries, after=after))
                self._links.append(events[-1].report)
        return events

    def _check_builds(self, dossier: Dossier, basis: Basis) -> list[CheckedBuilds]:
        builds = []
        if not dossier.parts.builds:
            self._links.append(LinkReport("builds", "not claimed", "no published builds in this dossier"))
        for number, built in enumerate(dossier.parts.builds, start=1):
            name = f"builds/{number:02d}"
            with self._link(name):
                checked = check_builds(name, built, basis)
                self._links.append(checked.report)
            builds.append(checked)
            with self._link(f"{name}/signature"):
                self._links.append(check_builds_signatures(f"{name}/signature", built, checked, basis))
        return builds

    def _check_file(self, deliveries: list[CheckedDelivery], builds: list[CheckedBuilds]) -> PlacedFile | None:
        if self._file is None:
            return None
        with self._link("file"):
            placed = check_file(self._file, deliveries, builds)
            self._links.append(placed.report)
        return placed

    def _check_attestations(self, dossier: Dossier, basis: Basis) -> None:
        if not dossier.parts.attestations:
            self._links.append(LinkReport("attestations", "not claimed", "nobody's review is in this dossier"))
        for number, logged in enumerate(dossier.parts.attestations, start=1):
            name = f"attestations/{number:02d}"
            with self._link(name):
                report, review = check_attestation(name, logged, basis, now=self._now)
                self._links.append(report)
                self._reviews.append(review)

    @contextmanager
    def _link(self, name: str) -> Iterator[None]:
        try:
            yield
        except EvidenceError as error:
            self._links.append(failed_link(name, error))
            raise _Stopped from error

    def _ok(self, name: str, detail: str) -> None:
        self._links.append(LinkReport(name, "ok", detail))

    def _report(self) -> Report:
        return Report(
            links=tuple(self._links),
            unmet=self._unmet,
            checkpoint=self._checkpoint,
            trusted=self._trust is not None,
            index=self._dossier.index if self._dossier else None,
            reviews=tuple(self._reviews),
        )


def _check_manifest(dossier: Dossier) -> tuple[ManifestEntry, ...]:
    found = Digest.of(dossier.parts.manifest)
    if found != dossier.index.subject:
        raise EvidenceError("manifest-subject", expected=dossier.index.subject.hex, found=found.hex)
    return parse_manifest(dossier.parts.manifest)


def _source_state(
    deliveries: list[CheckedDelivery], events: list[CheckedEvent], placed: PlacedFile | None
) -> SourceState:
    of_file = placed.deliveries if placed else ()
    return SourceState(
        subject=standing_of(deliveries[0], events),
        file_withdrawn=bool(of_file) and all(standing_of(each, events).withdrawn for each in of_file),
    )
