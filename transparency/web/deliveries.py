"""Verdict pages: one delivery with everything that was found about it, and one import of builds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from transparency.comparisons import difference_from_subject
from transparency.errors import EvidenceError, UnavailableError
from transparency.models import Delivery, Event, LogEntry
from transparency.permissions import Right, may
from transparency.proofs.digest import Digest
from transparency.reports import admission_reason, admitted_as, delivery_steps, signature_steps
from transparency.rule_words import rule_sentence
from transparency.services.enrol_anchor import product_anchors
from transparency.services.receive_delivery import MAX_LIST_BYTES, MAX_SIGNATURE_BYTES
from transparency.services.stores import objects
from transparency.web.access import builds_or_404, delivery_or_404
from transparency.web.caching import kept_as
from transparency.web.members import grouped, told, told_package
from transparency.web.own_checks import cover_name, own_checks, signature_name
from transparency.web.range_words import told_range
from transparency.web.verdict_words import KEPT_COVERS, ROLES, cover_form, meaning_of, package_kind, standing, way_out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest

    from transparency.models import Release

MEMBERS_A_PAGE = 200


@require_safe
def delivery(request: HttpRequest, identity: int) -> HttpResponse:
    row = delivery_or_404(request, identity)
    entry = _entry("delivery", row.record_digest)
    context = {
        "delivery": row,
        "release": row.release,
        "standing": standing(row),
        "role": ROLES.get(row.role, row.role),
        "steps": delivery_steps(row),
        "signatures": row.signatures.all(),
        "quarantined": row.state == Delivery.State.QUARANTINED,
        "withdrawn": row.events.filter(kind=Event.Kind.WITHDRAWN).last(),
        "admitted_as": admitted_as(row),
        "admission_reason": admission_reason(row),
        "entry": entry,
        "meaning": meaning_of(row, logged=entry is not None),
        "recorded": json.loads(bytes(row.record))["verdict"]["outcome"] if row.record else "",
        "events": timeline(row.events.all()),
        "range": told_range(row),
        **_members(request, row),
        "package": told_package(request.user, row),
        "package_kind": package_kind(row),
        **_beside_the_subject(row),
        **_handed_out(request, row),
        **_choices(request, row),
    }
    return kept_as(render(request, "transparency/delivery.html", context), row.release.product)


@require_safe
def members(request: HttpRequest, identity: int, rule: str) -> HttpResponse:
    """All members of a delivery that one rule names."""
    row = delivery_or_404(request, identity)
    found = [finding for finding in (*row.refused, *row.flagged) if finding["rule"] == rule]
    shown = told(request.user, row, found)
    if not shown:
        raise Http404
    page = Paginator(shown, MEMBERS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "delivery": row,
        "release": row.release,
        "rule": rule,
        "sentence": rule_sentence(rule),
        "refused": any(finding in row.refused for finding in found[:1]),
        "page": page,
        "count": len(shown),
    }
    return kept_as(render(request, "transparency/delivery_members.html", context), row.release.product)


@require_safe
def signature_file(request: HttpRequest, identity: int, position: int) -> HttpResponse:
    """A signature as it was handed in, for those who may have the release's dossier: it is in there too."""
    row = _with_files_or_404(request, identity)
    signature = row.signatures.filter(position=position).first()
    if signature is None:
        raise Http404
    return _file(row, signature.sha256, signature_name(row, signature), MAX_SIGNATURE_BYTES + 1)


@require_safe
def cover_file(request: HttpRequest, identity: int) -> HttpResponse:
    """The checksum list, the signed text, the tag or commit that stands between signature and archive."""
    row = _with_files_or_404(request, identity)
    if cover_form(row) not in KEPT_COVERS or row.cover is None:
        raise Http404
    return _file(row, row.cover["sha256"], cover_name(row), MAX_LIST_BYTES)


@require_safe
def builds(request: HttpRequest, identity: int) -> HttpResponse:
    row = builds_or_404(request, identity)
    signatures = row.signatures.all()
    context = {
        "builds": row,
        "release": row.release,
        "artifacts": row.artifacts.all(),
        "steps": signature_steps(signatures),
        "signatures": signatures,
        "entry": _entry("builds", row.record_digest),
    }
    return kept_as(render(request, "transparency/builds.html", context), row.release.product)


def timeline(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Events with the index of the log entry of each, oldest first."""
    rows = list(events)
    entries = LogEntry.objects.filter(kind="event", digest__in=[row.record_digest for row in rows])
    indices = dict(entries.filter(index__isnull=False).values_list("digest", "index"))
    return [{"event": row, "index": indices.get(row.record_digest)} for row in rows]


def dossier_right(release: Release) -> Right:
    """What it takes to have the files of a release's evidence: those of a restricted one name its source."""
    return Right.DOWNLOAD_SOURCE if release.product.is_restricted else Right.KNOW


def _members(request: HttpRequest, row: Delivery) -> dict[str, Any]:
    refused, flagged = told(request.user, row, row.refused), told(request.user, row, row.flagged)
    return {
        "refused": grouped(refused),
        "flagged": grouped(flagged),
        "untold": len(row.refused) + len(row.flagged) - len(refused) - len(flagged),
    }


def _beside_the_subject(row: Delivery) -> dict[str, Any]:
    """Where the delivery stands among those of its release, and how far its tree is the one that is attested."""
    if row.snapshot_id is None:
        return {}
    same_role = row.release.deliveries.exclude(state=Delivery.State.QUARANTINED).filter(role=row.role)
    told = {
        "is_subject": row.snapshot_id == row.release.subject_id,
        "is_second": same_role.filter(pk__lt=row.pk).exists(),
        "subject_delivery": _subject_delivery(row),
        "derivations": row.derivations.exclude(state=Delivery.State.QUARANTINED),
    }
    try:
        return {**told, "difference": difference_from_subject(row)}
    except (EvidenceError, UnavailableError) as error:
        return {**told, "incomparable": error.code}


def _subject_delivery(row: Delivery) -> int | None:
    """A delivery of what the release attests, to be held beside this one; None where this one is that, or is not admitted."""
    if row.snapshot_id == row.release.subject_id or row.state != Delivery.State.ADMITTED:
        return None
    same = row.release.deliveries.filter(snapshot=row.release.subject_id, state=Delivery.State.ADMITTED)
    return same.order_by("pk").values_list("pk", flat=True).first()


def _handed_out(request: HttpRequest, row: Delivery) -> dict[str, Any]:
    has_files = may(request.user, dossier_right(row.release), row)
    anchors = product_anchors(row.release.product).filter(fingerprint__in=row.signatures.values("key"))
    return {
        "has_files": has_files,
        "has_cover": has_files and cover_form(row) in KEPT_COVERS,
        "checks": own_checks(row, anchors) if has_files else [],
        "anchors": anchors,
    }


def _choices(request: HttpRequest, row: Delivery) -> dict[str, Any]:
    """What the person who looks may do about it."""
    may_deliver = may(request.user, Right.DELIVER, row.release)
    way = way_out(row) if row.state == Delivery.State.QUARANTINED else None
    return {
        "may_see_job": may_deliver,
        "may_review": may(request.user, Right.REVIEW, row.release),
        "may_withdraw": may_deliver and row.state == Delivery.State.ADMITTED,
        "way": way,
        "may_check_again": may_deliver and way is not None and way.check_again,
        "may_enrol": way is not None and way.enrol and may(request.user, Right.DELIVER, row.release.product),
        "may_admit": way is not None and way.by_reason and may(request.user, Right.OPERATE, None),
    }


def _with_files_or_404(request: HttpRequest, identity: int) -> Delivery:
    row = delivery_or_404(request, identity)
    if not may(request.user, dossier_right(row.release), row):
        raise Http404
    return row


def _file(row: Delivery, digest: str, name: str, limit: int) -> HttpResponse:
    data = objects().read(row.release.product.store_key, Digest.parse(digest), limit=limit)
    response = HttpResponse(data, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response


def _entry(kind: str, digest: str) -> LogEntry | None:
    """Where the record is logged; None while it waits for its place, or when nothing of it was logged."""
    return LogEntry.objects.filter(kind=kind, digest=digest, index__isnull=False).first() if digest else None
