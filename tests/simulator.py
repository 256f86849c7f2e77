"""A centre in memory: makes complete dossiers with throw-away keys, out of the proof code and other people's signing tools.

    simulator = Simulator(tmp_path)           # an open product; restricted=True for commitments
    simulator.complete()                      # one signed delivery, signed builds, two attestations
    data = simulator.dossier()
    trust = simulator.trust(attestations=2)

For a cheat, log what an honest centre would not (`deliver`, `happen`, `publish`, `attest` take whole records), or change the
parts with `dataclasses.replace` before `build_dossier`. A second Simulator has other keys under the same names: the forger.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.gitrepos import commit_body, tag_body, with_header
from tests.signers import OpenPgpSigner, PemSigner, Signer, SshSigner
from transparency.gateways.decompress import open_archive
from transparency.gateways.openpgp import OpenPgp
from transparency.proofs.attest.dsse import Envelope, EnvelopeSignature, attestation_namespace, format_envelope, pae
from transparency.proofs.attest.predicates import (
    SOURCE_REVIEW_TYPE,
    Coverage,
    Reviewer,
    Scope,
    SourceReview,
    format_source_review,
)
from transparency.proofs.attest.statement import Statement, format_statement, manifest_subject
from transparency.proofs.builds.checksums import compare, parse_checksums
from transparency.proofs.canonical import canonical_json
from transparency.proofs.commitment import opening_root
from transparency.proofs.container import format_container
from transparency.proofs.digest import Digest
from transparency.proofs.dossier import (
    BuildsParts,
    DeliveryParts,
    DossierParts,
    LoggedRecord,
    LogHeadParts,
    build_dossier,
)
from transparency.proofs.events import EventRecord, format_event_record
from transparency.proofs.links.basis import GivenFile
from transparency.proofs.links.dsc import signed_text
from transparency.proofs.log.checkpoint import Checkpoint, sign_checkpoint
from transparency.proofs.log.leaf import committed_leaf, format_leaf, format_opening, open_leaf
from transparency.proofs.log.merkle import inclusion_path, leaf_hash, root_of
from transparency.proofs.log.note import generate_signing_key
from transparency.proofs.log.proof import LogProof, format_log_proof
from transparency.proofs.manifest import manifest_lines
from transparency.proofs.records import (
    ArchiveFile,
    BuildsRecord,
    DeliveryRecord,
    ListFile,
    RecordedArtifact,
    RecordedComponent,
    RecordedCover,
    RecordedGit,
    RecordedSignature,
    RecordedSnapshot,
    RecordedVerdict,
    format_builds_record,
    format_delivery_record,
    parse_delivery_record,
)
from transparency.proofs.signatures.judge import POLICY, FileDigests
from transparency.proofs.signatures.keys import KeyHolder
from transparency.proofs.sources.gitobject import object_name
from transparency.proofs.sources.intake import take_in
from transparency.proofs.sources.membersource import Limits, TarSource
from transparency.proofs.trust import KeyRing, Requirements, TrustFile, format_key_ring
from transparency.proofs.verification import verify_dossier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from transparency.proofs.links.report import Report

ORIGIN = "log.simulated.test/source"
TIME = datetime(2026, 3, 1, 12, tzinfo=UTC)
VENDOR, PRODUCT, RELEASE = "acme", "pump", "1.0"
NORTH, SOUTH = "north", "south"
FILES = {
    "README": b"hello\nworld\n",
    "src/main.c": b"int main(void) {\n    return 42;\n}\n",
    "src/empty": b"",
    "logo.bin": b"\x00\x01\x02binary",
}
BUILDS = {"pump-1.0.bin": b"\x7fELF the program in use", "pump-1.0.txt": b"notes\n"}
VALID = RecordedVerdict("valid", "valid", POLICY)
_SIGNATURE_FORMATS = {
    "ssh": "sshsig",
    "minisign": "minisign",
    "openpgp": "openpgp",
    "signify": "signify",
    "x509": "cms",
    "pem": "cosign",
}
ORIG, DEBIAN, DSC = "pump_1.0.orig.tar.gz", "pump_1.0-1.debian.tar.xz", "pump_1.0-1.dsc"
PATCHES = b"not really an archive: nothing here reads it"


def make_archive(files: Mapping[str, bytes], prefix: str = "pump-1.0") -> bytes:
    """A .tar.gz of the files below one folder, the same bytes every time."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(f"{prefix}/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return gzip.compress(plain.getvalue(), mtime=0)


def digests_of(data: bytes) -> FileDigests:
    return FileDigests(
        len(data), hashlib.sha256(data).digest(), hashlib.sha512(data).digest(), hashlib.blake2b(data).digest()
    )


def given_file(data: bytes) -> GivenFile:
    """A file in the checker's hand, in memory."""
    return GivenFile(digests_of(data), None, lambda: data)


def archive_file(name: str, data: bytes) -> ArchiveFile:
    return ArchiveFile(
        name, len(data), Digest.of(data), hashlib.sha512(data).hexdigest(), hashlib.blake2b(data).hexdigest()
    )


class SimulatedLog:
    """An append-only log with its key."""

    def __init__(self, origin: str = ORIGIN) -> None:
        self.key = generate_signing_key(origin)
        self.leaves: list[bytes] = []

    def append(self, leaf: bytes) -> int:
        self.leaves.append(leaf)
        return len(self.leaves) - 1

    def checkpoint(self) -> bytes:
        root = root_of([leaf_hash(leaf) for leaf in self.leaves])
        return sign_checkpoint(Checkpoint(self.key.name, len(self.leaves), Digest(root)), self.key)

    def proof(self, index: int) -> bytes:
        path = inclusion_path([leaf_hash(leaf) for leaf in self.leaves], index)
        return format_log_proof(LogProof(index, tuple(path), self.checkpoint()))


@dataclass
class Item:
    """A record in the log, and the files that lie beside it in a dossier."""

    record: bytes
    leaf: bytes
    opening: bytes | None
    index: int
    signatures: tuple[bytes, ...] = ()
    list: bytes | None = None


class Simulator:
    """One release of one product in one centre."""

    def __init__(
        self,
        folder: Path,
        *,
        restricted: bool = False,
        vendor: Signer | None = None,
        auditors: Mapping[str, Signer] | None = None,
        files: Mapping[str, bytes] = FILES,
        origin: str = ORIGIN,
        time: datetime = TIME,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.restricted = restricted
        self.vendor = vendor or SshSigner(folder, "vendor")
        self.auditors: dict[str, Signer] = dict(auditors or {})
        if not self.auditors:
            self.auditors = {NORTH: SshSigner(folder, NORTH), SOUTH: PemSigner()}
        self.log = SimulatedLog(origin)
        self.time = time
        self.product_secret = hashlib.sha256(str(folder).encode()).digest()
        self.archive = make_archive(files)
        with open_archive(io.BytesIO(self.archive)) as stream:
            self.intake = take_in(TarSource(stream, Limits()), io.BytesIO())
        self.manifest = self.intake.manifest
        self.deliveries: list[Item] = []
        self.builds: list[Item] = []
        self.attestations: list[Item] = []
        self.events: list[Item] = []
        for number in range(3):
            self.log_other(number)

    @property
    def subject(self) -> Digest:
        return Digest.of(self.manifest)

    def complete(self) -> Simulator:
        """One signed delivery, one import of signed builds, one attestation of each authority; then somebody else's entry."""
        self.deliver()
        self.publish()
        for authority in self.auditors:
            self.attest(authority)
        self.log_other(99)
        return self

    def log_other(self, number: int) -> int:
        """An entry that has nothing to do with this release."""
        digest = hashlib.sha256(str(number).encode())
        leaf = open_leaf(kind="delivery", digest=Digest(digest.digest()), subjects=(), org="somebody", time=self.time)
        return self.log.append(format_leaf(leaf))

    def log_record(
        self,
        record: bytes,
        *,
        kind: str,
        subjects: Sequence[tuple[str, Digest]],
        org: str,
        time: datetime | None = None,
    ) -> Item:
        """Log a record as an honest centre does: openly, or committed for a restricted product."""
        common: dict[str, Any] = {
            "kind": kind,
            "digest": Digest.of(record),
            "subjects": subjects,
            "org": org,
            "time": time or self.time,
        }
        if not self.restricted:
            leaf = format_leaf(open_leaf(**common))
            return Item(record, leaf, None, self.log.append(leaf))
        committed, opening = committed_leaf(self.product_secret, **common)
        leaf = format_leaf(committed)
        return Item(record, leaf, format_opening(opening), self.log.append(leaf))

    def recorded(self, signatures: Sequence[bytes], *, outcome: str = "valid", signer: Signer | None = None) -> Any:
        """What a record says of signature files by one signer."""
        key = (signer or self.vendor).key
        kind = _SIGNATURE_FORMATS[key.format]
        return tuple(RecordedSignature(Digest.of(data), kind, key.fingerprint, outcome, outcome) for data in signatures)

    def delivery_record(self, signatures: Sequence[bytes], *, archive: bytes | None = None) -> DeliveryRecord:
        data = self.archive if archive is None else archive
        found = self.intake
        assert found.git_tree
        return DeliveryRecord(
            vendor=VENDOR,
            product=PRODUCT,
            release=RELEASE,
            visibility="restricted" if self.restricted else "open",
            role="release-archive",
            archive=archive_file("pump-1.0.tar.gz", data),
            prefix=found.prefix,
            snapshot=RecordedSnapshot(
                manifest=self.subject,
                opening_root=opening_root(bytes(32), manifest_lines(found.manifest)),
                git_tree=found.git_tree,
                swhid=found.swhid or "",
                dir_hash=found.dir_hash,
                files=found.files,
                bytes=found.bytes,
                lines=found.lines,
            ),
            signatures=self.recorded(signatures),
            verdict=VALID,
        )

    def deliver(
        self,
        record: DeliveryRecord | None = None,
        *,
        signatures: Sequence[bytes] | None = None,
        listing: bytes | None = None,
        org: str | None = None,
        time: datetime | None = None,
    ) -> Item:
        files = [self.vendor.sign(self.archive)] if signatures is None else signatures
        record = record or self.delivery_record(files)
        snapshot = record.snapshot
        item = self.log_record(
            format_delivery_record(record),
            kind="delivery",
            subjects=(("manifest", snapshot.manifest), ("opening", snapshot.opening_root)),
            org=org or record.vendor,
            time=time,
        )
        item.signatures, item.list = tuple(files), listing
        self.deliveries.append(item)
        return item

    def covered_record(self, listing: bytes, signatures: Sequence[bytes], **changes: Any) -> DeliveryRecord:
        """A delivery whose signatures are over a list or a text, or over the decompressed tar."""
        changes = {"form": "checksums", "name": "SHA256SUMS"} | changes
        cover = RecordedCover(changes.pop("form"), archive_file(changes.pop("name"), listing))
        return replace(self.delivery_record(signatures), cover=cover, **changes)

    def deliver_listed(self, listing: bytes | None = None, **changes: Any) -> Item:
        """A delivery whose archive is named by a signed checksum list."""
        listing = checksum_list({"pump-1.0.tar.gz": self.archive}) if listing is None else listing
        signatures = [self.vendor.sign(listing)]
        return self.deliver(self.covered_record(listing, signatures, **changes), signatures=signatures, listing=listing)

    def dsc(self, names: Mapping[str, bytes] | None = None) -> bytes:
        """A .dsc file, signed as Debian's are, that names the archive as upstream's and its own patches."""
        files = {DEBIAN: PATCHES, ORIG: self.archive} if names is None else names
        lines = [f" {Digest.of(data)} {len(data)} {name}" for name, data in files.items()]
        text = "\n".join(["Format: 3.0 (quilt)", "Source: pump", "Checksums-Sha256:", *lines, "Homepage: none", ""])
        assert isinstance(self.vendor, OpenPgpSigner)
        return self.vendor.clearsign(text.encode())

    def deliver_dsc(self, dsc: bytes | None = None, *, role: str = "distribution", **changes: Any) -> Item:
        """A delivery whose files are named by a .dsc: the .dsc itself is its archive, or (another role) upstream's archive."""
        dsc = self.dsc() if dsc is None else dsc
        text = signed_text(dsc)
        signatures = [dsc[dsc.index(b"-----BEGIN PGP SIGNATURE-----") :]]
        is_dsc = role in {"distribution", "patched"}
        made_of = {DEBIAN: PATCHES, ORIG: self.archive} if is_dsc else {}
        components = tuple(RecordedComponent(name, len(data), Digest.of(data)) for name, data in made_of.items())
        archive = archive_file(DSC, dsc) if is_dsc else archive_file(ORIG, self.archive)
        values = {"form": "dsc", "name": DSC, "role": role, "archive": archive, "components": components} | changes
        record = self.covered_record(text, signatures, **values)
        return self.deliver(record, signatures=signatures, listing=text)

    def git(
        self, *, signer: Signer | None = None, ref: str | None = "refs/tags/v1.0"
    ) -> tuple[RecordedGit, bytes, bytes]:
        """A commit of this release's tree, and the signed tag of it (or the commit itself): what a record says, what was signed, by what."""
        tree, by = self.intake.git_tree or "", signer or self.vendor
        body = commit_body(tree)
        if ref is None:
            signature = by.sign(body, "git")
            whole = with_header(body, "gpgsig", signature)
            name = object_name("sha1", "commit", whole)
            return RecordedGit("sha1", None, name, name, tree, whole), body, signature
        commit = object_name("sha1", "commit", body)
        payload = tag_body(ref.removeprefix("refs/tags/"), commit)
        signature = by.sign(payload, "git")
        name = object_name("sha1", "tag", payload + signature)
        return RecordedGit("sha1", ref, name, commit, tree, body), payload, signature

    def deliver_git(
        self, found: tuple[RecordedGit, bytes, bytes] | None = None, *, form: str = "", **changes: Any
    ) -> Item:
        """A delivery of a repository, by a signed tag unless `found` is another object."""
        git, payload, signature = found or self.git()
        form = form or ("git-tag" if git.ref else "git-commit")
        values = {"form": form, "name": "v1.0.tag", "role": "signed-tag", "git": git, "prefix": ""} | changes
        record = self.covered_record(payload, [signature], **values)
        return self.deliver(record, signatures=[signature], listing=payload)

    def happen(self, event: str, item: Item | None = None, **changes: Any) -> Item:
        """Log an event about a delivery, the first one if none is given."""
        item = item or self.deliveries[0]
        delivery = parse_delivery_record(item.record)
        states = {"withdrawn": ("admitted", "withdrawn"), "admitted": ("withdrawn", "admitted")}
        before, after = states.get(event, ("valid", "revoked"))
        record = EventRecord(
            vendor=VENDOR,
            product=PRODUCT,
            release=RELEASE,
            visibility="restricted" if self.restricted else "open",
            event=event,
            delivery=Digest.of(item.record),
            archive=delivery.archive.sha256,
            manifest=delivery.snapshot.manifest,
            key=None,
            before=before,
            after=after,
            reason="it was the wrong one",
            org=VENDOR,
            time=self.time,
            nonce=f"{len(self.log.leaves):032x}",
        )
        return self.log_event(replace(record, **changes))

    def log_event(self, record: EventRecord, *, org: str | None = None) -> Item:
        item = self.log_record(
            format_event_record(record),
            kind="event",
            subjects=(("manifest", record.manifest),) if record.manifest else (),
            org=org or record.org,
        )
        self.events.append(item)
        return item

    def key_event(self, event: str, **changes: Any) -> EventRecord:
        """What happened to keys: of all products of the vendor, or (`product`) a certificate of one."""
        record = EventRecord(
            vendor=VENDOR,
            product=None,
            release=None,
            visibility="open",
            event=event,
            delivery=None,
            archive=None,
            manifest=None,
            key=self.vendor.key.fingerprint,
            before="in use",
            after="compromised",
            reason="a laptop was stolen",
            org="centre",
            time=self.time,
            nonce=f"{len(self.log.leaves):032x}",
        )
        return replace(record, **changes)

    def builds_record(
        self, sums: bytes | None, signatures: Sequence[bytes], files: Mapping[str, bytes]
    ) -> BuildsRecord:
        given = {name: Digest.of(data).hex for name, data in files.items()}
        found = compare(parse_checksums(sums), given) if sums is not None else ()
        artifacts = [
            RecordedArtifact(
                item.name,
                len(files[item.name]) if item.name in files else None,
                Digest.parse(item.found) if item.found else None,
                Digest.parse(item.listed) if item.listed else None,
                item.listing,
            )
            for item in found
        ]
        if sums is None:
            artifacts = [
                RecordedArtifact(name, len(data), Digest.of(data), None, "not-listed")
                for name, data in sorted(files.items())
            ]
        return BuildsRecord(
            vendor=VENDOR,
            product=PRODUCT,
            release=RELEASE,
            visibility="restricted" if self.restricted else "open",
            manifest=self.subject,
            list=ListFile("SHA256SUMS", len(sums), Digest.of(sums)) if sums is not None else None,
            list_signatures=self.recorded(signatures),
            verdict=VALID if signatures else RecordedVerdict("unsigned", "unsigned", POLICY),
            artifacts=tuple(artifacts),
        )

    def publish(
        self,
        record: BuildsRecord | None = None,
        *,
        files: Mapping[str, bytes] = BUILDS,
        sums: bytes | None = b"",
        signatures: Sequence[bytes] | None = None,
    ) -> Item:
        """Log an import of builds; `sums` b"" makes the list, None leaves it out."""
        if sums == b"":
            sums = checksum_list(files)
        if signatures is None:
            signatures = [self.vendor.sign(sums)] if sums is not None else []
        record = record or self.builds_record(sums, signatures, files)
        item = self.log_record(
            format_builds_record(record),
            kind="builds",
            subjects=(("manifest", record.manifest),) if record.manifest else (),
            org=record.vendor,
        )
        item.signatures, item.list = tuple(signatures), sums
        self.builds.append(item)
        return item

    def review(self, authority: str, **changes: Any) -> SourceReview:
        """What an auditor of this authority states: 40 of 50 lines read."""
        review = SourceReview(
            review_id=f"{authority}-1",
            engagement=Digest(bytes(32)),
            origin=self.log.key.name,
            reviewer=Reviewer("person-1", authority, "auditor", self.auditors[authority].key.fingerprint, "government"),
            method=("reading",),
            depth="red",
            scope=Scope(("**",), ()),
            coverage=Coverage(50, 40, 10, 9, Digest(bytes(32))),
            thoroughness="medium",
            understanding="good",
            conclusion="no-unexplained",
            open_findings=0,
            started_at=self.time - timedelta(days=20),
            finished_at=self.time - timedelta(days=1),
            limitations=("no binaries were read",),
            machines_found="4 files, 5 lines; the archive is signed by the vendor.",
            people_state=f"One person of {authority} states to have read 40 of 50 lines; 10 lines nobody read.",
        )
        return replace(review, **changes)

    def envelope(self, review: SourceReview, *, signer: Signer, subject: Digest | None = None, **changes: Any) -> bytes:
        statement = Statement(
            (manifest_subject(subject or self.subject, self.intake.git_tree or ""),),
            SOURCE_REVIEW_TYPE,
            format_source_review(review),
        )
        payload = format_statement(replace(statement, **changes))
        signature = signer.sign_statement(pae(payload), attestation_namespace(review.origin))
        item = EnvelopeSignature(review.reviewer.keyid, signature)
        return format_envelope(Envelope(payload, "application/vnd.in-toto+json", (item,)))

    def attest(
        self,
        authority: str = NORTH,
        *,
        review: SourceReview | None = None,
        envelope: bytes | None = None,
        org: str | None = None,
        subject: Digest | None = None,
        time: datetime | None = None,
    ) -> Item:
        if envelope is None:
            envelope = self.envelope(review or self.review(authority), signer=self.auditors[authority], subject=subject)
        item = self.log_record(
            envelope,
            kind="attestation",
            subjects=(("manifest", subject or self.subject),),
            org=org or authority,
            time=time,
        )
        self.attestations.append(item)
        return item

    def ring(self) -> KeyRing:
        vendors = (KeyHolder(VENDOR, (self.vendor.key,)),)
        authorities = tuple(KeyHolder(name, (signer.key,)) for name, signer in self.auditors.items())
        return KeyRing(self.log.key.name, self.log.key.verifier, vendors, authorities)

    def trust(self, **require: Any) -> TrustFile:
        return TrustFile(self.ring(), Requirements(**require))

    def logged(self, item: Item) -> LoggedRecord:
        return LoggedRecord(item.record, item.leaf, self.log.proof(item.index), item.opening)

    def parts(self) -> DossierParts:
        newest = len(self.log.leaves) - 1
        return DossierParts(
            visibility="restricted" if self.restricted else "public",
            vendor=VENDOR,
            product=PRODUCT,
            release=RELEASE,
            manifest=self.manifest,
            deliveries=tuple(DeliveryParts(self.logged(item), item.signatures, item.list) for item in self.deliveries),
            builds=tuple(BuildsParts(self.logged(item), item.list, item.signatures) for item in self.builds),
            attestations=tuple(self.logged(item) for item in self.attestations),
            log=LogHeadParts(self.log.checkpoint(), self.log.leaves[newest], self.log.proof(newest)),
            keys=format_key_ring(self.ring()),
            readme=b"How to check this: docs/verify-without-us.md\n",
            verifier=b"print('a copy for convenience')\n",
            events=tuple(self.logged(item) for item in self.events),
        )

    def dossier(self) -> bytes:
        return build_dossier(self.parts())


def checksum_list(files: Mapping[str, bytes]) -> bytes:
    return "".join(f"{Digest.of(data)}  {name}\n" for name, data in sorted(files.items())).encode()


def check(
    world: Simulator,
    parts: DossierParts | None = None,
    *,
    trust: TrustFile | None = None,
    file: GivenFile | None = None,
    now: datetime = TIME,
    **require: Any,
) -> Report:
    """Verify with the world's own trust file, unless another is given."""
    data = build_dossier(parts or world.parts())
    return verify_dossier(data, now=now, trust=trust or world.trust(**require), file=file, openpgp=OpenPgp())


def status_of(report: Report, name: str) -> str:
    link = report.link(name)
    assert link, f"{name} was not reached: {report.links[-1]}"
    return link.status


def repacked(members: Mapping[str, bytes]) -> bytes:
    """What a forger does: changed members with an index that lists them as they are, in a canonical container."""
    index = json.loads(members["dossier.json"])
    index["files"] = {name: Digest.of(data).hex for name, data in members.items() if name != "dossier.json"}
    return format_container({**members, "dossier.json": canonical_json(index)})
