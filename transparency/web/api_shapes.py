"""What the machine interface answers, as OpenAPI schemas with an example each. Members are camelCase; none is ever left out or added."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict, WithJsonSchema
from pydantic.alias_generators import to_camel

from transparency import models
from transparency.proofs.packages.declared import KINDS
from transparency.proofs.sbom.document import FORMS

MOST_A_PAGE = 100
Hex32 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", examples=["9f" * 32])]


def one_of(*values: str) -> WithJsonSchema:
    """Text that is one of these, as the document says it; the rows hold nothing else."""
    return WithJsonSchema({"type": "string", "enum": list(values)})


Outcome = Annotated[
    str, one_of("valid", "invalid", "unsigned", "unknown-key", "expired", "revoked", "weak", "unavailable")
]
DeliveryState = Annotated[str, one_of(*models.Delivery.State.values)]
SbomForm = Annotated[str, one_of(*FORMS)]
PackageKind = Annotated[str, one_of(*KINDS)]
Listing = Annotated[str, one_of(*models.Artifact.Listing.values)]


class Shape(Schema):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class ErrorSaid(Shape):
    """Why something was refused. Programs look at the code; it never changes."""

    code: str = Field(examples=["not-found"])
    expected: str = Field(examples=["something that you may know of"])
    found: str = Field(examples=[""])


class ErrorAnswer(Shape):
    """Every refusal has this shape, whatever its status."""

    error: ErrorSaid


class AsOf(Shape):
    """The checkpoint that this answer is as of. What is withdrawn later cannot be seen in a copy that is kept."""

    origin: str = Field(examples=["log.centre.example/source"])
    size: int = Field(ge=0, examples=[42])
    root: Hex32
    checkpoint: str = Field(description="Address of the signed checkpoint.", examples=["/api/v1/log"])


class Answer(Shape):
    as_of: AsOf


class PageAnswer(Answer):
    next: str | None = Field(
        description="Address of the following page, null on the last.",
        examples=["/api/v1/products?after=widget&limit=50"],
    )


class PageAsked(Schema):
    """Which page is asked for."""

    limit: int = Field(50, ge=1, le=MOST_A_PAGE, description="At most so many items.")


class AfterNumber(PageAsked):
    after: int | None = Field(None, ge=0, le=2**63 - 1, description="Items after this one, as `next` gives it.")


class AfterName(PageAsked):
    after: str = Field("", max_length=1024, description="Items after this one, as `next` gives it.")


class Organisation(Shape):
    slug: str = Field(examples=["acme"])
    name: str = Field(examples=["Acme"])


class Product(Shape):
    slug: str = Field(examples=["widget"])
    name: str = Field(examples=["Widget"])
    vendor: Organisation
    visibility: Literal["open", "restricted"]
    page: str = Field(description="The page for people.", examples=["/products/widget/"])


class ProductAnswer(Answer):
    product: Product


class ProductsAnswer(PageAnswer):
    products: list[Product]


class Subject(Shape):
    """The source that people read and attest, named by its content."""

    manifest: Hex32
    git_tree: str = Field(examples=["5d" * 20])
    dir_hash: str | None = Field(examples=["h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="])
    files: int = Field(examples=[465])
    bytes: int = Field(examples=[1048576])
    lines: int = Field(examples=[5131])


class Release(Shape):
    product: str = Field(examples=["widget"])
    version: str = Field(examples=["1.0"])
    subject: Subject | None = Field(description="Null until a delivery was admitted, or after it was withdrawn.")
    created_at: datetime
    page: str = Field(examples=["/products/widget/1.0/"])


class ReleaseAnswer(Answer):
    release: Release


class ReleasesAnswer(PageAnswer):
    releases: list[Release]


class Logged(Shape):
    """Where the record of it stands in the log."""

    index: int = Field(ge=0, examples=[17])
    entry: str = Field(examples=["/api/v1/log/entries/17"])


class Verdict(Shape):
    """A machine's outcome of one check, never a person's opinion."""

    outcome: Outcome
    code: str = Field(examples=["ok"])
    policy: str = Field(examples=["2026-1"])


class Step(Shape):
    name: str = Field(examples=["signature 0: key is enrolled"])
    status: str = Field(examples=["done"])
    expected: str
    found: str


class Finding(Shape):
    """A member of a delivery and the rule that it breaks or is flagged by."""

    path: str = Field(description="Escaped as in the manifest.", examples=["src/back%5Cslash"])
    rule: str = Field(examples=["backslash"])
    detail: str


class Archive(Shape):
    name: str = Field(examples=["widget-1.0.tar.gz"])
    size: int = Field(examples=[20480])
    sha256: Hex32
    sha512: str = Field(examples=["9f" * 64])
    blake2b512: str = Field(examples=["9f" * 64])


class Package(Shape):
    """What a package of a known kind says about itself in its metadata: declared, never proved. Empty where it says nothing."""

    kind: PackageKind
    file: str = Field(description="Where it says so, escaped as in the manifest.", examples=["PKG-INFO"])
    name: str = Field(examples=["widget"])
    version: str = Field(examples=["1.0"])
    purl: str = Field(examples=["pkg:pypi/widget@1.0"])
    licence: str = Field(examples=["MIT"])
    repository: str = Field(examples=["https://code.example/widget"])


class Delivery(Shape):
    """How a source reached a release, and each step of what was checked about it."""

    id: int = Field(examples=[3])
    product: str = Field(examples=["widget"])
    release: str = Field(examples=["1.0"])
    role: str = Field(examples=["release-archive"])
    state: DeliveryState
    archive: Archive
    subject: Subject | None = Field(description="What was read from it; null while it lies in quarantine.")
    is_subject: bool = Field(description="Whether this is the source that the release's attestations are about.")
    swhid: str | None = Field(examples=["swh:1:dir:" + "5d" * 20])
    package: Package | None = Field(description="Null for a plain archive, and where you may not be told.")
    verdict: Verdict
    steps: list[Step]
    refused: list[Finding]
    flagged: list[Finding]
    more: int = Field(description="How many more refused and flagged members there are than are listed.")
    untold: int = Field(description="How many refused and flagged members you may not be told.")
    logged: Logged | None
    created_at: datetime
    page: str = Field(examples=["/deliveries/3/"])


class DeliveryAnswer(Answer):
    delivery: Delivery


class DeliveriesAnswer(PageAnswer):
    deliveries: list[Delivery]


class DeclaredPart(Shape):
    """A package as a bill of materials declares it."""

    name: str = Field(examples=["widget"])
    version: str = Field(examples=["1.0"])
    purl: str = Field(examples=["pkg:pypi/widget@1.0"])
    licence: str = Field(examples=["MIT"])


class OtherDigest(Shape):
    path: str = Field(description="Escaped as in the manifest.", examples=["src/main.c"])
    algorithm: str = Field(examples=["sha256"])
    declared: str = Field(examples=["9f" * 32])
    found: str = Field(examples=["5d" * 32])


class SbomFiles(Shape):
    """Declared files beside those of the source: counts of all, and at most 500 of each list."""

    declared: int = Field(examples=[120])
    same: int = Field(examples=[117])
    weakly: int = Field(description="Of those the same: compared by SHA-1 or MD5 alone.", examples=[0])
    unchecked: int = Field(description="There, without a digest that could be compared.", examples=[0])
    differing: int = Field(examples=[1])
    absent: int = Field(description="Declared, and not in the source.", examples=[2])
    undeclared: int = Field(description="In the source, and not declared; 0 where no file is.", examples=[4])
    twice: int = Field(description="Declared more than once.", examples=[0])
    differences: list[OtherDigest]
    absent_paths: list[str]
    undeclared_paths: list[str]


class Oddity(Shape):
    rule: str = Field(examples=["sbom-version"])
    detail: str = Field(examples=["expected 1.1, found 1.0"])


class Sbom(Shape):
    """A bill of materials and how it compares with the source. No signature on it was checked, and nothing here is a verdict."""

    id: int = Field(examples=[1])
    product: str = Field(examples=["widget"])
    release: str = Field(examples=["1.0"])
    delivery: int = Field(description="Whose source it was compared with.", examples=[3])
    manifest: Hex32
    file_name: str = Field(examples=["widget.spdx.json"])
    sha256: Hex32
    form: SbomForm
    title: str = Field(description="What it calls itself; empty where you may not be told.", examples=["widget 1.0"])
    files: SbomFiles
    subjects: list[DeclaredPart] = Field(description="What it says to be about.")
    packages_declared: int = Field(examples=[12])
    packages: list[DeclaredPart] = Field(description="The first 200.")
    findings: list[Oddity]
    untold: int = Field(description="How many of the listed paths you may not be told.")
    created_at: datetime
    page: str = Field(examples=["/sboms/1/"])


class SbomAnswer(Answer):
    sbom: Sbom


class SbomsAnswer(PageAnswer):
    sboms: list[Sbom]


class SignedList(Shape):
    name: str = Field(examples=["SHA256SUMS"])
    sha256: Hex32


class BuildList(Shape):
    """One import of published builds, with the signed checksum list that names them."""

    id: int = Field(examples=[2])
    product: str = Field(examples=["widget"])
    release: str = Field(examples=["1.0"])
    manifest: Hex32 | None = Field(description="Subject of the release when they were imported.")
    signed_list: SignedList | None
    verdict: Verdict
    steps: list[Step]
    artifacts: str = Field(description="Address of its files.", examples=["/api/v1/builds/2/artifacts"])
    logged: Logged | None
    created_at: datetime
    page: str = Field(examples=["/builds/2/"])


class BuildListAnswer(Answer):
    builds: BuildList


class BuildListsAnswer(PageAnswer):
    builds: list[BuildList]


class Artifact(Shape):
    """One published build file. `listing` says whether what we have is what the signed list names."""

    name: str = Field(examples=["widget-1.0-amd64.deb"])
    size: int | None = Field(examples=[1048576])
    sha256: Hex32 | None = Field(description="Of the file that we were given.")
    listed: str | None = Field(description="The digest in the signed list.", examples=["9f" * 32])
    listing: Listing
    product: str = Field(examples=["widget"])
    release: str = Field(examples=["1.0"])
    builds: str = Field(examples=["/api/v1/builds/2"])


class ArtifactsAnswer(PageAnswer):
    artifacts: list[Artifact]


class LogSubject(Shape):
    name: str = Field(examples=["manifest"])
    value: Hex32 = Field(description="A digest, or a commitment where the entry is committed.")


class LogEntry(Shape):
    """One leaf. A committed one stands for something that you may not know of; only its opening tells what."""

    index: int = Field(ge=0, examples=[17])
    kind: str = Field(examples=["delivery"])
    committed: bool
    value: Hex32 = Field(description="Digest of the record, or a commitment to it.")
    subjects: list[LogSubject]
    organisation: str = Field(description="A slug, or a commitment.", examples=["acme"])
    time: datetime
    leaf: str = Field(description="The leaf's bytes in base64.")
    leaf_hash: Hex32 = Field(description="RFC 6962 hash of the leaf.")


class LogEntriesAnswer(PageAnswer):
    entries: list[LogEntry]


class LogEntryAnswer(Answer):
    entry: LogEntry
    hashes: list[Hex32] = Field(description="Inclusion proof against the root of `asOf`, from the leaf upwards.")
    proof: str = Field(description="The same as a C2SP tlog-proof, with the signed checkpoint.")


class LogAnswer(Answer):
    checkpoint: str = Field(
        description="The signed note (C2SP tlog-checkpoint), to be checked with a key got elsewhere."
    )
    verifier_key: str = Field(
        description="The log's key as this portal says it: compare it with the one that you got elsewhere.",
        examples=["log.centre.example/source+0a1b2c3d+ATEy..."],
    )
    tiles: str = Field(description="Where its tiles lie (C2SP tlog-tiles).", examples=["/log/tile/"])


class Begins(Shape):
    bytes: int = Field(examples=[8388608])
    sha256: Hex32


class Upload(Shape):
    """A file on its way in."""

    id: UUID
    product: str = Field(examples=["widget"])
    name: str = Field(examples=["widget-2.0.tar.xz"])
    size: int = Field(examples=[20480])
    received: int = Field(description="Bytes that are safely here: the next piece begins there.", examples=[8192])
    state: Literal["receiving", "stored"]
    chunk_bytes: int = Field(description="Largest piece that is taken.", examples=[8388608])
    begins: Begins | None = Field(description="What has arrived, by the digest of its beginning.")
    sha256: Hex32 | None = Field(description="Of the whole, once it is stored.")


class Job(Shape):
    """Work on a delivery. Ask again until its state is done, failed or cancelled."""

    job: UUID
    kind: str = Field(examples=["import-delivery"])
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: dict[str, Any]
    log: list[dict[str, Any]]
    error: dict[str, Any] | None
    page: str = Field(examples=["https://centre.example/jobs/0b9c6ab4-31f0-4a7a-9e0e-3a6f4a7c2f11/"])
    report: dict[str, Any] | None = Field(description="What was found, as `transparency push --json` prints it.")
