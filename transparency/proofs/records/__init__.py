"""Delivery and builds records: what the log's leaves are digests of (docs/formats.md section 4). Canonical JSON.

Events have a record too: proofs/events.py.

>>> verdict = RecordedVerdict("unsigned", "no-signature", "1")
>>> record = BuildsRecord("acme", "pump", "1.0", "open", None, None, (), verdict, ())
>>> parse_builds_record(format_builds_record(record)) == record
True
>>> parse_delivery_record(format_builds_record(record))
Traceback (most recent call last):
    ...
transparency.proofs.errors.EvidenceError: record-type: expected …record/delivery/v1, v2 or v3, found …record/builds/v1
"""

from transparency.proofs.records.builds import (
    BUILDS_TYPE,
    BuildsRecord,
    ListFile,
    RecordedArtifact,
    RecordedListing,
    format_builds_record,
    parse_builds_record,
)
from transparency.proofs.records.delivery import (
    CHECKSUMS,
    DECOMPRESSED,
    DELIVERY_TYPE,
    DELIVERY_TYPE_2,
    DELIVERY_TYPE_3,
    DSC,
    DSC_ROLES,
    CoverForm,
    DeliveryRecord,
    RecordedComponent,
    RecordedCover,
    RecordedSnapshot,
    format_delivery_record,
    parse_delivery_record,
)
from transparency.proofs.records.git import GIT_COMMIT, GIT_FORMS, GIT_TAG, RecordedGit
from transparency.proofs.records.parts import (
    BASE,
    MAX_RECORD_BYTES,
    AboutRelease,
    ArchiveFile,
    RecordedFormat,
    RecordedOutcome,
    RecordedSignature,
    RecordedVerdict,
    Visibility,
    check_slug,
    check_version,
)

__all__ = [
    "BASE",
    "BUILDS_TYPE",
    "CHECKSUMS",
    "DECOMPRESSED",
    "DELIVERY_TYPE",
    "DELIVERY_TYPE_2",
    "DELIVERY_TYPE_3",
    "DSC",
    "DSC_ROLES",
    "GIT_COMMIT",
    "GIT_FORMS",
    "GIT_TAG",
    "MAX_RECORD_BYTES",
    "AboutRelease",
    "ArchiveFile",
    "BuildsRecord",
    "CoverForm",
    "DeliveryRecord",
    "ListFile",
    "RecordedArtifact",
    "RecordedComponent",
    "RecordedCover",
    "RecordedFormat",
    "RecordedGit",
    "RecordedListing",
    "RecordedOutcome",
    "RecordedSignature",
    "RecordedSnapshot",
    "RecordedVerdict",
    "Visibility",
    "check_slug",
    "check_version",
    "format_builds_record",
    "format_delivery_record",
    "parse_builds_record",
    "parse_delivery_record",
]
