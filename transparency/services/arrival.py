"""What arrived, as a job's payload tells it: the one description that judging, reading and keeping share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from transparency.models import Delivery, Product, Release
from transparency.services.stored_files import StoredFile

if TYPE_CHECKING:
    from transparency.services.claim_job import Claim


@dataclass(frozen=True, slots=True)
class Cover:
    """What was signed in the archive's stead: a checksum list, a .dsc's text, or the decompressed tar (which is not kept)."""

    form: str
    file: StoredFile

    def as_json(self) -> dict[str, Any]:
        return {"form": self.form, **self.file.as_json()}


@dataclass(frozen=True, slots=True)
class Beside:
    """A signature (digest of its stored file) over one file that a signed description names: `x.asc` beside `x`, listed there or not."""

    signature: str
    file: StoredFile
    is_listed: bool


@dataclass(frozen=True, slots=True)
class Admission:
    """An operator's decision to let a delivery in although its verdict is not `valid`, as exactly that."""

    outcome: str
    reason: str
    by: int | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery on its way in. `signatures` are digests of stored files; `again` is the row that this import decides anew."""

    release: Release
    role: str
    archive: StoredFile
    signatures: tuple[str, ...]
    over: str = Delivery.Over.ARCHIVE
    cover: Cover | None = None
    components: tuple[StoredFile, ...] = ()
    beside: tuple[Beside, ...] = ()
    derived_from: Delivery | None = None
    sender: int | None = None
    again: int | None = None
    admission: Admission | None = None
    may_be_subject: bool = field(default=True)

    @property
    def admissible(self) -> frozenset[str]:
        """Outcomes of the verdict with which it is let in."""
        return frozenset({"valid", self.admission.outcome} if self.admission else {"valid"})


def arrival_of(claim: Claim) -> Arrival:
    """What the payload of an import of one archive describes."""
    payload = claim.payload
    cover = payload.get("cover")
    return Arrival(
        release=_release_of(payload),
        role=payload["role"],
        archive=StoredFile.from_json(payload["archive"]),
        signatures=tuple(payload["signatures"]),
        over=payload.get("over", Delivery.Over.ARCHIVE),
        cover=Cover(cover["form"], StoredFile.from_json(cover)) if cover else None,
        sender=payload["sender"],
        again=payload.get("again"),
        admission=admission_of(payload),
    )


def _release_of(payload: dict[str, Any]) -> Release:
    if payload["release"]:
        return Release.objects.select_related("product__vendor").get(pk=payload["release"])
    product = Product.objects.select_related("vendor").get(pk=payload["product"])
    return Release(product=product, version=payload["version"])  # a dry run's; saved by nobody


def admission_of(payload: dict[str, Any]) -> Admission | None:
    found = cast("dict[str, Any] | None", payload.get("admission"))
    return Admission(found["outcome"], found["reason"], found["by"]) if found else None
