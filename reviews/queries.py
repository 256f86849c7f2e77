"""Reads: what was read of a release, and what people wrote and marked on a file, for those who may know.

Reading detail and notes belong to the authority whose people made them. Every function that gives them away takes the
person who asks and refuses (or finds nothing) for anybody else, the vendor and the operator among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from django.utils import timezone

from reviews.evidence_state import evidence_state
from reviews.models import Attestation, Engagement, Note, ReadMark, Statement
from reviews.permissions import authority_of, may_read_notes, require_reading
from reviews.services.check_attestation import OPEN, CheckedAttestation, check_attestation
from reviews.services.collect_parts import collect_parts
from reviews.services.export_trust import ExportedTrust, export_trust
from reviews.services.load_reading import load_marks, load_scope, load_tree
from reviews.threads import threads_on
from transparency.errors import NotAllowedError
from transparency.models import Product, Release
from transparency.permissions import Right, may
from transparency.proofs.attest.predicates import SourceReview, parse_source_review
from transparency.proofs.attest.statement import parse_statement
from transparency.proofs.digest import Digest
from transparency.proofs.dossier import members_of
from transparency.proofs.escaping import unescape_path
from transparency.proofs.verification import verify_members
from transparency.queries import log_head, open_file_table
from transparency.services.judge_files import openpgp_checker

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from reviews.evidence_state import State
    from reviews.rules.coverage import Reading
    from transparency.models import Organisation, Person, Snapshot
    from transparency.permissions import Someone
    from transparency.proofs.links.report import Report

OPEN_REPORTS = 64
OPEN_CHECKS = 256


def engagements_of(person: Person) -> list[Engagement]:
    """The engagements that a person works in and still has the right to."""
    own = Engagement.objects.filter(auditors=person, authority=person.organisation)
    rows = own.select_related("authority", "release__product__vendor", "release__subject")
    return [row for row in rows if may(person, Right.REVIEW, row.release)]


def engagements_fact(person: Person) -> tuple[str, str]:
    """How many a person was ever on the team of; neither which, nor what was read."""
    return "Engagements", str(Engagement.objects.filter(auditors=person).count())


def engagements_of_authority(person: Person) -> list[Engagement]:
    """The engagements of the person's authority on releases that the person may review, newest first."""
    rows = Engagement.objects.filter(authority=person.organisation)
    rows = rows.select_related("authority", "release__product__vendor", "release__subject")
    return [row for row in rows if may_read_notes(person, row)]


def reading_of(*, asked_by: Person, engagement: Engagement, person: Person | None = None) -> Reading:
    """What the authority (or one of its people) read of the engagement's scope: ask it by folder and by file.

    Raises `reading-private` for everybody outside the authority, `release-without-subject`.
    """
    snapshot = require_reading(asked_by, engagement)
    marks = load_marks(authority=engagement.authority, product=engagement.release.product, person=person)
    return load_tree(snapshot, load_scope(engagement)).reading(marks)


def marks_on(*, asked_by: Someone, release: Release, snapshot: Snapshot, path: str) -> list[ReadMark]:
    """The marks of the asking person's authority on a file's content, whichever release they were made in."""
    found = _content_for(asked_by, release, snapshot, path)
    if found is None:
        return []
    rows = ReadMark.objects.filter(product=release.product, blob=found.blob, engagement__authority=found.authority)
    return list(rows.select_related("author").order_by("start", "pk"))


def notes_on(*, asked_by: Someone, release: Release, snapshot: Snapshot, path: str) -> list[Note]:
    """All notes that the person may read on a file's content, thread by thread. One on a place that the person may not read is left out."""
    threads = threads_on(asked_by=asked_by, release=release, snapshot=snapshot, path=path)
    return [note for thread in threads for note in thread.notes]


def statements_waiting(person: Person) -> QuerySet[Statement]:
    """Statements handed out to this person that have not come back signed, and were not abandoned."""
    rows = Statement.objects.filter(reviewer=person, attestation__isnull=True, abandoned_at__isnull=True)
    return rows.select_related("engagement__authority", "engagement__release__product", "anchor")


def review_of(statement: Statement) -> SourceReview:
    """What the frozen bytes of a statement say."""
    return parse_source_review(parse_statement(bytes(statement.payload)).predicate)


def release_report(*, asked_by: Someone, release: Release) -> Report:
    """The chain of a release link by link, as its dossier would answer without a trust file; `release-unknown` for who may not know.

    Raises `release-without-subject`, `not-published-yet`, and what reading the stores raises.
    """
    _require_known(asked_by, release)
    return _report(release.pk, (*evidence_state(), release.subject_id))


def checked_attestation(attestation: Attestation) -> CheckedAttestation:
    """The check of an attestation, made anew when what it depends on changed. What could not be looked at is looked at the next time."""
    entry = attestation.entry
    stored = (attestation.digest, attestation.envelope, entry.leaf, entry.opening or b"")
    digests = tuple(Digest.of(part.encode() if isinstance(part, str) else bytes(part)).hex for part in stored)
    state = (*evidence_state(), *digests, entry.index, attestation.statement.snapshot.manifest)
    checked = _checked(attestation.pk, state)
    if checked.outcome == OPEN:
        _checked.cache_clear()
    return checked


def open_trust() -> ExportedTrust:
    """The trust file that everybody may have, made anew when keys changed or a product was opened or closed."""
    opened = Product.objects.filter(visibility=Product.Visibility.OPEN).order_by("pk").values_list("pk", flat=True)
    return _open_trust((*evidence_state(), *opened))


def attestations_of(*, asked_by: Someone, release: Release) -> list[Attestation]:
    """The accepted attestations of a release, oldest first; `release-unknown` for who may not know of it."""
    _require_known(asked_by, release)
    rows = Attestation.objects.filter(release=release).order_by("pk")
    return list(rows.select_related("entry", "statement__engagement__authority", "statement__snapshot"))


def attestation_digests(product: Product) -> QuerySet[Attestation, str]:
    """Under which digests the statements about a product are logged. Who may know of them is the caller's question."""
    return Attestation.objects.filter(release__product=product).values_list("digest", flat=True)


def later_by_reviewer(attestation: Attestation) -> Attestation | None:
    """The newest attestation that the same reviewer made later about the same release."""
    rows = Attestation.objects.filter(release=attestation.release_id, pk__gt=attestation.pk)
    return rows.filter(statement__reviewer=attestation.statement.reviewer_id).order_by("-pk").first()


@lru_cache(maxsize=OPEN_REPORTS)
def _report(release: int, _state: State) -> Report:
    row = Release.objects.select_related("product__vendor", "subject").get(pk=release)
    members = members_of(collect_parts(release=row, head=log_head()))
    return verify_members(members, now=timezone.now(), openpgp=openpgp_checker())


@lru_cache(maxsize=OPEN_CHECKS)
def _checked(attestation: int, _state: State) -> CheckedAttestation:
    rows = Attestation.objects.select_related("entry", "statement__engagement__authority", "statement__snapshot")
    return check_attestation(attestation=rows.get(pk=attestation))


@lru_cache(maxsize=1)
def _open_trust(_state: State) -> ExportedTrust:
    return export_trust(open_only=True)


def _require_known(asked_by: Someone, release: Release) -> None:
    if not may(asked_by, Right.KNOW, release):
        raise NotAllowedError("release-unknown", expected="a release of this installation", found="nothing")


@dataclass(frozen=True, slots=True)
class _Content:
    blob: str
    authority: Organisation


def _content_for(asked_by: Someone, release: Release, snapshot: Snapshot, path: str) -> _Content | None:
    """The file's content and whose notes on it the person may see; None: nobody's."""
    authority = authority_of(asked_by)
    if authority is None or snapshot.product_id != release.product_id:
        return None
    if not may(asked_by, Right.REVIEW, release, path=path):
        return None
    entry = open_file_table(snapshot).find(unescape_path(path))
    return _Content(entry.sha256.hex, authority) if entry else None
