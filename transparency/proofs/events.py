"""Event records: what happened to a delivery or a key after it was logged (docs/formats.md section 4). Canonical JSON.

>>> from datetime import UTC, datetime
>>> event = EventRecord("acme", "pump", "1.0", "open", "withdrawn", None, None, None, None, "admitted", "withdrawn",
...                     "the wrong archive", "acme", datetime(2026, 11, 24, tzinfo=UTC), 32 * "0")
>>> parse_event_record(format_event_record(event)) == event
True
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from transparency.proofs.canonical import Fields, canonical_json, parse_canonical
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.records import BASE, RecordedOutcome, Visibility, check_slug, check_version
from transparency.proofs.times import format_time, parse_time

if TYPE_CHECKING:
    from datetime import datetime

EVENT_TYPE = f"{BASE}record/event/v1"
EventKind = Literal["admitted", "withdrawn", "verdict-changed", "key-enrolled", "key-rotated", "key-revoked"]
ADMITTED, WITHDRAWN, VERDICT_CHANGED = "admitted", "withdrawn", "verdict-changed"
MAX_RECORD_BYTES = 64 * 1024
MAX_REASON_CHARACTERS = 4000
MAX_STATE_CHARACTERS = 200
NONCE_BYTES = 16
_NONCE = re.compile(r"[0-9a-f]{32}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class EventRecord:
    """What happened, to which delivery (digest of its record, of its archive, of its manifest) or key, why, and who acted.

    `org` is the slug of the organisation that acted: names of people are in no record.
    """

    vendor: str
    product: str
    release: str | None
    visibility: str
    event: str
    delivery: Digest | None
    archive: Digest | None
    manifest: Digest | None
    key: str | None
    before: str
    after: str
    reason: str
    org: str
    time: datetime
    nonce: str


def format_event_record(record: EventRecord) -> bytes:
    """Return the canonical JSON of section 4."""
    return canonical_json(
        {
            "type": EVENT_TYPE,
            "vendor": record.vendor,
            "product": record.product,
            "release": record.release,
            "visibility": record.visibility,
            "event": record.event,
            "delivery": record.delivery.hex if record.delivery else None,
            "archive": record.archive.hex if record.archive else None,
            "manifest": record.manifest.hex if record.manifest else None,
            "key": record.key,
            "before": record.before,
            "after": record.after,
            "reason": record.reason,
            "org": record.org,
            "time": format_time(record.time),
            "nonce": record.nonce,
        }
    )


def parse_event_record(data: bytes) -> EventRecord:
    """Return the record of canonical JSON (`record-type`, `record-event`, `json-…`); every field is there, and no other."""
    fields = Fields(parse_canonical(data, limit=MAX_RECORD_BYTES), "record")
    if fields.text("type") != EVENT_TYPE:
        raise EvidenceError("record-type", expected="…record/event/v1", found=fields.text("type")[:100])
    release = fields.optional_text("release")
    record = EventRecord(
        vendor=check_slug(fields.text("vendor"), "record.vendor"),
        product=check_slug(fields.text("product"), "record.product"),
        release=None if release is None else check_version(release, "record.release"),
        visibility=fields.text("visibility"),
        event=fields.text("event"),
        delivery=_digest(fields, "delivery"),
        archive=_digest(fields, "archive"),
        manifest=_digest(fields, "manifest"),
        key=fields.optional_text("key"),
        before=fields.text("before"),
        after=fields.text("after"),
        reason=fields.text("reason"),
        org=check_slug(fields.text("org"), "record.org"),
        time=parse_time(fields.text("time")),
        nonce=fields.text("nonce"),
    )
    if (
        record.visibility not in get_args(Visibility)
        or record.event not in get_args(EventKind)
        or len(record.reason) > MAX_REASON_CHARACTERS
        or max(len(record.before), len(record.after)) > MAX_STATE_CHARACTERS
        or (record.event == VERDICT_CHANGED and not {record.before, record.after} <= set(get_args(RecordedOutcome)))
        or not _NONCE.match(record.nonce)
        or format_event_record(record) != data
    ):
        raise EvidenceError("record-event", expected="the fields of docs/formats.md section 4", found="others")
    return record


def _digest(fields: Fields, key: str) -> Digest | None:
    text = fields.optional_text(key)
    return None if text is None else Digest.parse(text)
