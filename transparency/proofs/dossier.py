"""What lies in a dossier and under which name (docs/formats.md section 10); container.py is the zip around it.

`build_dossier` and `parse_dossier` are a pair: what was parsed builds the same bytes again. Parsing shows that it
is whole and is what its index says; whether it is *true* is decided by verification.py, which takes the same steps.

>>> place_of("deliveries/02/signature.1"), place_of("log/head/leaf.json"), place_of("verify.py")
('deliveries/02', 'log', 'documents')
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

from transparency.proofs.canonical import Fields, canonical_json, parse_canonical
from transparency.proofs.container import check_container, check_member_name, format_container, read_members
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.records import BASE, check_slug, check_version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DOSSIER_TYPE = f"{BASE}dossier/v1"
# 65,534 members of at most 255 + 64 characters each, with room for the quotes.
MAX_INDEX_BYTES = 32 * 1024**2
INDEX = "dossier.json"

DossierVisibility = Literal["public", "restricted"]

_Part = TypeVar("_Part")
_LOOSE = {"README.txt": "documents", "verify.py": "documents", "keys.json": "keys", "manifest.txt": "manifest"}


@dataclass(frozen=True, slots=True)
class LoggedRecord:
    """A record beside its leaf, the leaf's tlog-proof and, where the leaf holds commitments, what opens them."""

    record: bytes
    leaf: bytes
    proof: bytes
    opening: bytes | None = None


@dataclass(frozen=True, slots=True)
class DeliveryParts:
    """A delivery, its signature files in the order of the record's `signatures`, and the list or text that they cover, if any."""

    logged: LoggedRecord
    signatures: tuple[bytes, ...]
    list: bytes | None = None


@dataclass(frozen=True, slots=True)
class BuildsParts:
    """An import of builds, its checksum list, and the list's signature files in the order of `listSignatures`."""

    logged: LoggedRecord
    list: bytes | None
    signatures: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class LogHeadParts:
    """The checkpoint and its newest entry, whose time dates the dossier."""

    checkpoint: bytes
    leaf: bytes
    proof: bytes


@dataclass(frozen=True, slots=True)
class DossierParts:
    """Everything that a dossier is built from; each `bytes` is a member.

    `deliveries[0]` delivers the subject; `events` are in the order of the log.
    """

    visibility: str
    vendor: str
    product: str
    release: str
    manifest: bytes
    deliveries: tuple[DeliveryParts, ...]
    builds: tuple[BuildsParts, ...]
    attestations: tuple[LoggedRecord, ...]
    log: LogHeadParts
    keys: bytes
    readme: bytes
    verifier: bytes
    events: tuple[LoggedRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class DossierIndex:
    """`dossier.json`: which release this is about, and the digest of every other member."""

    visibility: str
    vendor: str
    product: str
    release: str
    subject: Digest
    files: Mapping[str, Digest]


@dataclass(frozen=True, slots=True)
class Dossier:
    """A whole dossier: its index and the members, each in its place."""

    index: DossierIndex
    parts: DossierParts


def build_dossier(parts: DossierParts) -> bytes:
    """Return the dossier's bytes; raise `dossier-layout`, `slug-malformed`, `version-malformed`, `container-…`."""
    return format_container(members_of(parts))


def members_of(parts: DossierParts) -> dict[str, bytes]:
    """Return every member by name, the index among them."""
    if not parts.deliveries:
        raise EvidenceError("dossier-layout", subject="deliveries", expected="at least one delivery", found="none")
    members = {
        "README.txt": parts.readme,
        "verify.py": parts.verifier,
        "keys.json": parts.keys,
        "manifest.txt": parts.manifest,
        "log/checkpoint": parts.log.checkpoint,
        "log/head/leaf.json": parts.log.leaf,
        "log/head/proof.tlog-proof": parts.log.proof,
    }
    for number, delivery in enumerate(parts.deliveries, start=1):
        members |= _shelf(f"deliveries/{number:02d}/", delivery.logged, delivery.signatures, delivery.list)
    for number, builds in enumerate(parts.builds, start=1):
        members |= _shelf(f"builds/{number:02d}/", builds.logged, builds.signatures, builds.list)
    for room, records in (("attestations", parts.attestations), ("events", parts.events)):
        for number, logged in enumerate(records, start=1):
            members |= _shelf(f"{room}/{number:02d}/", logged)
    files = {name: Digest.of(data) for name, data in members.items()}
    index = DossierIndex(
        visibility=parts.visibility,
        vendor=check_slug(parts.vendor, "vendor"),
        product=check_slug(parts.product, "product"),
        release=check_version(parts.release, "release"),
        subject=Digest.of(parts.manifest),
        files=files,
    )
    return members | {INDEX: format_index(index)}


def parse_dossier(data: bytes) -> Dossier:
    """Return the dossier; raise UnusableInputError `not-a-zip`, EvidenceError for what is not as in section 10."""
    members = read_members(data)
    dossier = arrange(members)
    check_members(dossier.index, members)
    check_container(data, members)
    return dossier


def format_index(index: DossierIndex) -> bytes:
    """Return the canonical JSON of `dossier.json`."""
    return canonical_json(
        {
            "type": DOSSIER_TYPE,
            "visibility": index.visibility,
            "vendor": index.vendor,
            "product": index.product,
            "release": index.release,
            "subject": index.subject.hex,
            "files": {name: digest.hex for name, digest in index.files.items()},
        }
    )


def parse_index(data: bytes) -> DossierIndex:
    """Return the index; raise `dossier-type`, `dossier-visibility`, `json-…`, `slug-malformed` and the like."""
    fields = Fields(parse_canonical(data, limit=MAX_INDEX_BYTES), "dossier")
    if fields.text("type") != DOSSIER_TYPE:
        raise EvidenceError("dossier-type", expected=DOSSIER_TYPE, found=fields.text("type")[:120])
    visibility, files = fields.text("visibility"), fields.object("files")
    if visibility not in get_args(DossierVisibility):
        raise EvidenceError("dossier-visibility", expected="public or restricted", found=visibility[:60])
    return DossierIndex(
        visibility=visibility,
        vendor=check_slug(fields.text("vendor"), "dossier.vendor"),
        product=check_slug(fields.text("product"), "dossier.product"),
        release=check_version(fields.text("release"), "dossier.release"),
        subject=Digest.parse(fields.text("subject")),
        files={check_member_name(name): Digest.parse(files.text(name)) for name in sorted(files.keys())},
    )


def arrange(members: Mapping[str, bytes]) -> Dossier:
    """Put every member in its place by name; raise `dossier-layout` for one missing, unknown or not in the index."""
    rest = dict(members)
    index = parse_index(_take(rest, INDEX))
    if rest.keys() != index.files.keys():
        odd = min(rest.keys() ^ index.files.keys())
        found = "a member that is not listed" if odd in rest else "a listed member that is not there"
        raise EvidenceError("dossier-layout", subject=odd, expected="exactly the members of the index", found=found)
    parts = DossierParts(
        visibility=index.visibility,
        vendor=index.vendor,
        product=index.product,
        release=index.release,
        manifest=_take(rest, "manifest.txt"),
        deliveries=_shelves(rest, "deliveries", _take_delivery),
        builds=_shelves(rest, "builds", _take_builds),
        attestations=_shelves(rest, "attestations", _take_logged),
        log=LogHeadParts(
            checkpoint=_take(rest, "log/checkpoint"),
            leaf=_take(rest, "log/head/leaf.json"),
            proof=_take(rest, "log/head/proof.tlog-proof"),
        ),
        keys=_take(rest, "keys.json"),
        readme=_take(rest, "README.txt"),
        verifier=_take(rest, "verify.py"),
        events=_shelves(rest, "events", _take_logged),
    )
    if rest:
        raise EvidenceError(
            "dossier-layout", subject=min(rest), expected="the names of section 10", found="another name"
        )
    if not parts.deliveries:
        raise EvidenceError("dossier-layout", subject="deliveries", expected="at least one delivery", found="none")
    return Dossier(index, parts)


def check_members(index: DossierIndex, members: Mapping[str, bytes]) -> None:
    """Raise `member-digest` with the member's name as subject unless each one has the digest that the index states."""
    for name, expected in index.files.items():
        found = Digest.of(members[name])
        if found != expected:
            raise EvidenceError("member-digest", subject=name, expected=expected.hex, found=found.hex)


def place_of(name: str) -> str:
    """Return the link that a member's failure is named for (section 12)."""
    if name in _LOOSE:
        return _LOOSE[name]
    first, _, rest = name.partition("/")
    return "log" if first == "log" else f"{first}/{rest.partition('/')[0]}"


def _shelf(
    prefix: str, logged: LoggedRecord, signatures: tuple[bytes, ...] = (), listing: bytes | None = None
) -> dict[str, bytes]:
    shelf = {
        f"{prefix}record.json": logged.record,
        f"{prefix}leaf.json": logged.leaf,
        f"{prefix}proof.tlog-proof": logged.proof,
    }
    if logged.opening is not None:
        shelf[f"{prefix}opening.json"] = logged.opening
    if listing is not None:
        shelf[f"{prefix}list"] = listing
    return shelf | {f"{prefix}signature.{number}": data for number, data in enumerate(signatures, start=1)}


def _shelves(rest: dict[str, bytes], kind: str, take: Callable[[dict[str, bytes], str], _Part]) -> tuple[_Part, ...]:
    found: list[_Part] = []
    while f"{kind}/{len(found) + 1:02d}/record.json" in rest:
        found.append(take(rest, f"{kind}/{len(found) + 1:02d}/"))
    return tuple(found)


def _take(rest: dict[str, bytes], name: str) -> bytes:
    if name not in rest:
        raise EvidenceError("dossier-layout", subject=name, expected="a member of this name", found="none")
    return rest.pop(name)


def _take_logged(rest: dict[str, bytes], prefix: str) -> LoggedRecord:
    return LoggedRecord(
        record=_take(rest, f"{prefix}record.json"),
        leaf=_take(rest, f"{prefix}leaf.json"),
        proof=_take(rest, f"{prefix}proof.tlog-proof"),
        opening=rest.pop(f"{prefix}opening.json", None),
    )


def _take_signatures(rest: dict[str, bytes], prefix: str) -> tuple[bytes, ...]:
    found: list[bytes] = []
    while (name := f"{prefix}signature.{len(found) + 1}") in rest:
        found.append(rest.pop(name))
    return tuple(found)


def _take_delivery(rest: dict[str, bytes], prefix: str) -> DeliveryParts:
    return DeliveryParts(_take_logged(rest, prefix), _take_signatures(rest, prefix), rest.pop(f"{prefix}list", None))


def _take_builds(rest: dict[str, bytes], prefix: str) -> BuildsParts:
    logged = _take_logged(rest, prefix)
    return BuildsParts(logged, rest.pop(f"{prefix}list", None), _take_signatures(rest, prefix))
