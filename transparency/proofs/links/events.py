"""The links `events/<nn>`: what happened to deliveries after they were logged, and how they stand now (docs/formats.md 4, 12).

The order of the log decides, and nothing else: the last `withdrawn` or `admitted` says whether a delivery is withdrawn, the
last `verdict-changed` what its signatures are worth now. An event takes away, it never adds: what a record does not claim,
no event makes good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError
from transparency.proofs.events import ADMITTED, VERDICT_CHANGED, WITHDRAWN, EventRecord, parse_event_record
from transparency.proofs.links.deliveries import check_visibility, logged_as
from transparency.proofs.links.logged import check_logged
from transparency.proofs.links.report import LinkReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from transparency.proofs.dossier import LoggedRecord
    from transparency.proofs.links.basis import Basis
    from transparency.proofs.links.deliveries import CheckedDelivery

LEAF_KIND = "event"
NO_INDEX = -1


@dataclass(frozen=True, slots=True)
class CheckedEvent:
    """An event that was logged; `index` is its place in the log."""

    record: EventRecord
    index: int
    report: LinkReport


@dataclass(frozen=True, slots=True)
class Standing:
    """How a delivery stands after all events: whether it is withdrawn, and the verdict if it changed."""

    withdrawn: bool = False
    verdict: str | None = None

    @property
    def is_signed(self) -> bool:
        """Whether no event says that its signatures are worth less than they were."""
        return self.verdict in {None, "valid"}


def check_event(
    link: str, logged: LoggedRecord, basis: Basis, deliveries: Sequence[CheckedDelivery], *, after: int
) -> CheckedEvent:
    """Return the event; `after` is the place of the one before it in the log.

    Raises `record-release`, `record-visibility`, `event-delivery`, `event-order` and what reading and the log raise.
    """
    record = parse_event_record(logged.record)
    index = basis.index
    # What happened to a key of all of the vendor's products names none of them.
    expected, found = (index.vendor, index.product), (record.vendor, record.product or index.product)
    if found != expected or record.release not in {None, index.release}:
        about = f"{' '.join(found)} {record.release or ''}".strip()
        raise EvidenceError("record-release", expected=f"{' '.join(expected)} {index.release}", found=about)
    check_visibility(record, basis)
    about = _about(record, deliveries)
    subjects = (("manifest", record.manifest),) if record.manifest else ()
    leaf, place = check_logged(logged, basis, kind=LEAF_KIND, subjects=subjects, org=record.org)
    if place <= after:
        raise EvidenceError("event-order", expected=f"a later entry than {after}", found=f"entry {place}")
    change = " to ".join(text for text in (record.before, record.after) if text)
    detail = f"{record.event} by {record.org}{f' ({change})' if change else ''}, about {about}"
    reason = f": {record.reason}" if record.reason else ""
    return CheckedEvent(record, place, LinkReport(link, "ok", f"{detail}{reason}; {logged_as(leaf, place)}"))


def standing_of(delivery: CheckedDelivery, events: Iterable[CheckedEvent]) -> Standing:
    """How a delivery stands after these events, which are in the order of the log."""
    withdrawn, verdict = False, None
    for event in events:
        record = event.record
        if record.delivery != delivery.digest:
            continue
        if record.event in {WITHDRAWN, ADMITTED}:
            withdrawn = record.event == WITHDRAWN
        elif record.event == VERDICT_CHANGED:
            verdict = record.after
    return Standing(withdrawn, verdict)


def _about(record: EventRecord, deliveries: Sequence[CheckedDelivery]) -> str:
    """Which delivery of the dossier an event is about; one that names its record names its archive and tree as that does."""
    if record.delivery is None:
        if record.keyring:
            return f"keyring {record.keyring.name} with the SHA-256 {record.keyring.sha256}"
        key_of = f"key {record.key}" + ("" if record.product else f" of all products of {record.vendor}")
        return key_of if record.key else "no delivery that was logged"
    for delivery in deliveries:
        if delivery.digest == record.delivery:
            stated = (delivery.record.archive.sha256, delivery.record.snapshot.manifest)
            if stated != (record.archive, record.manifest):
                raise EvidenceError(
                    "event-delivery",
                    expected=f"archive {stated[0]}, manifest {stated[1]}",
                    found=f"archive {record.archive}, manifest {record.manifest}",
                )
            return delivery.report.name
    return f"a delivery that is not in this dossier, {record.delivery}"
