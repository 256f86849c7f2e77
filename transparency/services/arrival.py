"""What arrived, as a job's payload tells it: the one description that judging, reading and keeping share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from transparency.models import Delivery, Product, Release
from transparency.proofs.signatures.keys import EnrolledKey, key_from_text
from transparency.services.imagine_release import imagine_release
from transparency.services.stored_files import StoredFile

if TYPE_CHECKING:
    from transparency.proofs.signatures.judge import Verdict
    from transparency.services.claim_job import Claim


@dataclass(frozen=True, slots=True)
class Cover:
    """What was signed in the archive's stead: a checksum list, a .dsc's text, a git tag or commit, or the decompressed tar (not kept)."""

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
    # The signed object of a repository, as the delivery's row keeps it (services/git_source.py).
    git: dict[str, Any] | None = None
    dry_run: bool = False
    # Keys that count for this dry run as if they were enrolled.
    as_if: tuple[EnrolledKey, ...] = ()

    @property
    def admissible(self) -> frozenset[str]:
        """Outcomes of the verdict with which it is let in."""
        return frozenset({"valid", self.admission.outcome} if self.admission else {"valid"})

    def is_read(self, verdict: Verdict) -> bool:
        """A dry run is read whatever its verdict, so that it lists every refusal at once; nothing of what is read is kept."""
        return self.dry_run or verdict.outcome in self.admissible


def arrival_of(claim: Claim, *, dry_run: bool = False) -> Arrival:
    """What the payload of an import of one archive describes."""
    payload = claim.payload
    cover = payload.get("cover")
    return Arrival(
        release=release_of(payload),
        role=payload["role"],
        archive=StoredFile.from_json(payload["archive"]),
        signatures=tuple(payload["signatures"]),
        over=payload.get("over", Delivery.Over.ARCHIVE),
        cover=Cover(cover["form"], StoredFile.from_json(cover)) if cover else None,
        sender=payload["sender"],
        again=payload.get("again"),
        admission=admission_of(payload),
        dry_run=dry_run,
        as_if=as_if_of(payload) if dry_run else (),
    )


def release_of(payload: dict[str, Any]) -> Release:
    """The release that a job is about; only a dry run's may be one that is not there, nor its product, and that nobody saves."""
    if payload["release"]:
        return Release.objects.select_related("product__vendor").get(pk=payload["release"])
    if imagined := payload.get("imagined"):
        return imagine_release(**imagined)
    product = Product.objects.select_related("vendor").get(pk=payload["product"])
    found = Release.objects.filter(product=product, version=payload["version"]).first()
    return found or Release(product=product, version=payload["version"])


def as_if_of(payload: dict[str, Any]) -> tuple[EnrolledKey, ...]:
    return tuple(key_from_text(text) for text in payload.get("keys", ()))


def admission_of(payload: dict[str, Any]) -> Admission | None:
    found = cast("dict[str, Any] | None", payload.get("admission"))
    return Admission(found["outcome"], found["reason"], found["by"]) if found else None
