"""Rows only. What they mean is said in DESIGN's words; what may be done with them lives in services/."""

from transparency.models.account_change import AccountChange
from transparency.models.anchor import AnchorKeyId, TrustAnchor
from transparency.models.builds import Artifact, BuildList
from transparency.models.comparison import Comparison
from transparency.models.delivery import Delivery, SignatureFile
from transparency.models.event import Event
from transparency.models.grant import Grant
from transparency.models.invitation import Invitation
from transparency.models.job import Job
from transparency.models.known_file import KnownFile
from transparency.models.log import Installation, LogEntry, LogHead
from transparency.models.organisation import Organisation, Person
from transparency.models.product import Product, Release
from transparency.models.sbom import Sbom
from transparency.models.snapshot import Snapshot, SnapshotPack
from transparency.models.token import ApiToken
from transparency.models.upload import Upload

__all__ = [
    "AccountChange",
    "AnchorKeyId",
    "ApiToken",
    "Artifact",
    "BuildList",
    "Comparison",
    "Delivery",
    "Event",
    "Grant",
    "Installation",
    "Invitation",
    "Job",
    "KnownFile",
    "LogEntry",
    "LogHead",
    "Organisation",
    "Person",
    "Product",
    "Release",
    "Sbom",
    "SignatureFile",
    "Snapshot",
    "SnapshotPack",
    "TrustAnchor",
    "Upload",
]
