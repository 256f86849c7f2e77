"""Event records: what happened to a delivery or a key after it was logged (docs/formats.md section 4). Canonical JSON.

Version 1 is about a delivery or a key of one product. Version 2 is about keys only: a keyring that was imported or a key that was
revoked for all products of a vendor, and a certificate of one product that came again with other bytes.

>>> from datetime import UTC, datetime
>>> event = EventRecord("acme", "pump", "1.0", "open", "withdrawn", None, None, None, None, "admitted", "withdrawn",
...                     "the wrong archive", "acme", datetime(2026, 11, 24, tzinfo=UTC), 32 * "0")
>>> parse_event_record(format_event_record(event)) == event
True
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict, get_args

from transparency.proofs.canonical import JSON, Fields, canonical_json, parse_canonical
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.keyringfacts import KeyringFacts, format_keyring_facts, read_keyring_facts
from transparency.proofs.records import BASE, RecordedOutcome, Visibility, check_slug, check_version
from transparency.proofs.times import format_time, parse_time

if TYPE_CHECKING:
    from datetime import datetime


class _Common(TypedDict):
    """The fields that both versions have."""

    visibility: str
    event: str
    key: str | None
    before: str
    after: str
    reason: str
    org: str
    time: datetime
    nonce: str


EVENT_TYPE = f"{BASE}record/event/v1"
EVENT_TYPE_2 = f"{BASE}record/event/v2"
EventKind = Literal["admitted", "withdrawn", "verdict-changed", "key-enrolled", "key-rotated", "key-revoked"]
ADMITTED, WITHDRAWN, VERDICT_CHANGED = "admitted", "withdrawn", "verdict-changed"
# Version 2: events of all products of a vendor, and what can only happen to a key of one product.
VendorEventKind = Literal["key-revoked", "keyring-imported"]
KEY_UPDATED, KEYRING_IMPORTED = "key-updated", "keyring-imported"
MAX_RECORD_BYTES = 64 * 1024
# A keyring of 10,000 certificates names each that it changed, with two digests: some 220 bytes each.
MAX_RECORD_2_BYTES = 4 * 1024**2
MAX_REASON_CHARACTERS = 4000
MAX_STATE_CHARACTERS = 200
NONCE_BYTES = 16
_NONCE = re.compile(r"[0-9a-f]{32}\Z", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class EventRecord:
    """What happened, to which delivery (digest of its record, of its archive, of its manifest) or key, why, and who acted.

    `product` is None for what happened to keys of all of a vendor's products. `org` is the slug of the organisation that acted: names of
    people are in no record.
    """

    vendor: str
    product: str | None
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
    keyring: KeyringFacts | None = None

    @property
    def version(self) -> int:
        """The version that can say it; each thing is said in one version only."""
        return 2 if self.product is None or self.event == KEY_UPDATED else 1


def format_event_record(record: EventRecord) -> bytes:
    """Return the canonical JSON of section 4."""
    common: dict[str, JSON] = {
        "vendor": record.vendor,
        "product": record.product,
        "visibility": record.visibility,
        "event": record.event,
        "key": record.key,
        "before": record.before,
        "after": record.after,
        "reason": record.reason,
        "org": record.org,
        "time": format_time(record.time),
        "nonce": record.nonce,
    }
    if record.version == 2:  # noqa: PLR2004 - the version of the record
        keyring = format_keyring_facts(record.keyring) if record.keyring else None
        return canonical_json({"type": EVENT_TYPE_2, "keyring": keyring, **common})
    return canonical_json(
        {
            "type": EVENT_TYPE,
            "release": record.release,
            "delivery": record.delivery.hex if record.delivery else None,
            "archive": record.archive.hex if record.archive else None,
            "manifest": record.manifest.hex if record.manifest else None,
            **common,
        }
    )


def parse_event_record(data: bytes) -> EventRecord:
    """Return the record of canonical JSON (`record-type`, `record-event`, `keyring-facts`, `json-…`); no other field is there."""
    fields = Fields(parse_canonical(data, limit=MAX_RECORD_2_BYTES), "record")
    record_type = fields.text("type")
    if record_type == EVENT_TYPE_2:
        record = _read_version_2(fields)
    elif record_type == EVENT_TYPE and len(data) <= MAX_RECORD_BYTES:
        record = _read_version_1(fields)
    else:
        raise EvidenceError("record-type", expected="…record/event/v1 or …record/event/v2", found=record_type[:100])
    if (
        record.visibility not in get_args(Visibility)
        or not _agrees(record)
        or len(record.reason) > MAX_REASON_CHARACTERS
        or max(len(record.before), len(record.after)) > MAX_STATE_CHARACTERS
        or not _NONCE.match(record.nonce)
        or format_event_record(record) != data
    ):
        raise EvidenceError("record-event", expected="the fields of docs/formats.md section 4", found="others")
    return record


def _read_version_1(fields: Fields) -> EventRecord:
    release = fields.optional_text("release")
    return EventRecord(
        vendor=check_slug(fields.text("vendor"), "record.vendor"),
        product=check_slug(fields.text("product"), "record.product"),
        release=None if release is None else check_version(release, "record.release"),
        delivery=_digest(fields, "delivery"),
        archive=_digest(fields, "archive"),
        manifest=_digest(fields, "manifest"),
        **_read_common(fields),
    )


def _read_version_2(fields: Fields) -> EventRecord:
    product, keyring = fields.optional_text("product"), fields.optional_object("keyring")
    return EventRecord(
        vendor=check_slug(fields.text("vendor"), "record.vendor"),
        product=None if product is None else check_slug(product, "record.product"),
        release=None,
        delivery=None,
        archive=None,
        manifest=None,
        keyring=read_keyring_facts(keyring) if keyring else None,
        **_read_common(fields),
    )


def _read_common(fields: Fields) -> _Common:
    return {
        "visibility": fields.text("visibility"),
        "event": fields.text("event"),
        "key": fields.optional_text("key"),
        "before": fields.text("before"),
        "after": fields.text("after"),
        "reason": fields.text("reason"),
        "org": check_slug(fields.text("org"), "record.org"),
        "time": parse_time(fields.text("time")),
        "nonce": fields.text("nonce"),
    }


def _agrees(record: EventRecord) -> bool:
    """Whether the fields are those that an event of this kind has."""
    if record.version == 1:
        verdicts = {record.before, record.after} <= set(get_args(RecordedOutcome))
        return record.event in get_args(EventKind) and (record.event != VERDICT_CHANGED or verdicts)
    if (record.event == KEYRING_IMPORTED) != (record.keyring is not None) or (record.key is None) != bool(
        record.keyring
    ):
        return False
    if record.product is None:
        return record.event in get_args(VendorEventKind) and record.visibility == "open"
    return bool(_HEX.match(record.before) and _HEX.match(record.after)) and record.before != record.after


def _digest(fields: Fields, key: str) -> Digest | None:
    text = fields.optional_text(key)
    return None if text is None else Digest.parse(text)
