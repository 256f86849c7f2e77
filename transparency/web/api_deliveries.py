"""Deliveries for machines, under /api/v1/: hand finished uploads in, ask what became of them."""

import base64
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from ninja import Router

from transparency.errors import UnusableInputError
from transparency.models import ApiToken, Delivery, Job, Person, Release
from transparency.permissions import Right, may
from transparency.proofs.sources.gitobject import Wanted
from transparency.reports import delivery_report, source_report
from transparency.services.deliver_git import deliver_git
from transparency.services.deliver_source import deliver_source
from transparency.services.deliver_uploads import deliver_uploads
from transparency.services.receive_debian_source import MAX_FILES
from transparency.services.receive_delivery import Over
from transparency.web import api_bodies, api_shapes
from transparency.web.access import job_subject
from transparency.web.api_access import token_of
from transparency.web.api_doors import delivers
from transparency.web.api_uploads import asked_json, check_product, upload_of
from transparency.web.members import told_package
from transparency.web.upload_answers import parse_identity

router = Router()
_OF_AN_ARCHIVE = ("role", "archive", "signatures", "checksums", "sbom", "over")
_OF_A_SOURCE = ("dsc", "files")
_OF_A_REPOSITORY = ("repository", "tag", "commit")
_MEMBERS = ("release", *_OF_AN_ARCHIVE, *_OF_A_SOURCE, *_OF_A_REPOSITORY, "dryRun")


@delivers(
    router,
    "POST",
    "/products/{slug:slug}/deliveries",
    {202: api_shapes.Job},
    requestBody=api_bodies.DELIVER,
)
def deliver(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand finished uploads in. What is asked is done once: asking again gives the same job."""
    token = token_of(request)
    check_product(token, slug)
    asked = asked_json(request, *_MEMBERS)
    if any(name in asked for name in _OF_A_REPOSITORY):
        work = _deliver_git(token, asked)
    elif any(name in asked for name in _OF_A_SOURCE):
        work = _deliver_source(token, asked)
    else:
        work = _deliver_archive(token, asked)
    return JsonResponse(job_json(request, work, token.owner), status=202)


def _deliver_archive(token: ApiToken, asked: dict[str, Any]) -> Job:
    checksums, sbom = asked.get("checksums"), asked.get("sbom")
    return deliver_uploads(
        product=token.product,
        sender=token.owner,
        version=_text(asked, "release", None),
        archive=upload_of(token, parse_identity(asked.get("archive"))),
        signatures=_signatures(asked.get("signatures", [])),
        checksums=upload_of(token, parse_identity(checksums)) if checksums is not None else None,
        sbom=upload_of(token, parse_identity(sbom)) if sbom is not None else None,
        over=_over(asked.get("over", "archive")),
        role=_text(asked, "role", "release-archive"),
        dry_run=_flag(asked.get("dryRun", False)),
    )


def _deliver_source(token: ApiToken, asked: dict[str, Any]) -> Job:
    """A .dsc and the files that it names; its signature is inside, and it says itself what it is (`dsc-options`)."""
    if other := [name for name in _OF_AN_ARCHIVE if name in asked]:
        raise UnusableInputError("dsc-options", expected="dsc and files alone", found=", ".join(other))
    files = asked.get("files", [])
    if not isinstance(files, list) or len(files) > MAX_FILES:
        raise _malformed(f"files: a list of at most {MAX_FILES} uploads", files)
    return deliver_source(
        product=token.product,
        sender=token.owner,
        version=_text(asked, "release", None),
        dsc=upload_of(token, parse_identity(asked.get("dsc"))),
        files=[upload_of(token, parse_identity(file)) for file in files],
        dry_run=_flag(asked.get("dryRun", False)),
    )


def _deliver_git(token: ApiToken, asked: dict[str, Any]) -> Job:
    """A repository and one tag or commit in it, which carries its own signature (`git-options`)."""
    if other := [name for name in (*_OF_AN_ARCHIVE, *_OF_A_SOURCE) if name in asked]:
        raise UnusableInputError("git-options", expected="repository and tag or commit alone", found=", ".join(other))
    tag, commit = (_text(asked, name, None) if name in asked else None for name in ("tag", "commit"))
    return deliver_git(
        product=token.product,
        sender=token.owner,
        version=_text(asked, "release", None),
        repository=upload_of(token, parse_identity(asked.get("repository"))),
        wanted=Wanted(tag=tag, commit=commit),
        dry_run=_flag(asked.get("dryRun", False)),
    )


@delivers(router, "GET", "/jobs/{uuid:identity}", {200: api_shapes.Job})
def job(request: HttpRequest, identity: UUID) -> HttpResponse:
    """What became of it: the state, and once it is done the report."""
    token = token_of(request)
    row = Job.objects.filter(pk=identity).first()
    about = job_subject(row) if row else None
    product = about.product if isinstance(about, Release) else about
    if row is None or product != token.product:
        raise Http404
    return JsonResponse(job_json(request, row, token.owner))


def job_json(request: HttpRequest, job: Job, person: Person) -> dict[str, Any]:
    """The job, and once it is done the report of what it found."""
    return {
        "job": str(job.pk),
        "kind": job.kind,
        "state": job.state,
        "progress": job.progress,
        "log": job.log,
        "error": job.error,
        "page": request.build_absolute_uri(reverse("job", args=[job.pk])),
        "report": _report(job, person) if job.state == Job.State.DONE else None,
    }


def _report(job: Job, person: Person) -> dict[str, Any] | None:
    result = job.result or {}
    if "report" in result:
        report: dict[str, Any] = result["report"]
        return report
    if not result.get("delivery"):
        return None
    keys = result.get("deliveries") or [result["delivery"]]
    rows = Delivery.objects.select_related("release__product__vendor").in_bulk(keys)
    reports = [_told(job, rows[key], person) for key in keys]
    return source_report(reports) if "deliveries" in result else reports[0]


def _told(job: Job, delivery: Delivery, person: Person) -> dict[str, Any]:
    report = delivery_report(delivery)
    if job.requested_by_id == person.pk:
        return report
    # Somebody else handed it in; flagged members of a restricted source are named to those who may read it.
    hidden = delivery.release.product.is_restricted and delivery.state != Delivery.State.QUARANTINED
    if hidden:
        flagged = report["flagged"]
        told = [item for item in flagged if may(person, Right.READ_SOURCE, delivery.release, path=item["path"])]
        report = {**report, "flagged": told, "package": told_package(person, delivery)}
    return report


def _text(asked: dict[str, Any], name: str, default: str | None) -> str:
    value = asked.get(name, default)
    if not isinstance(value, str):
        raise _malformed(f"{name}: text", value)
    return value


def _flag(value: object) -> bool:
    """Never guessed: what was meant as a dry run must not be delivered."""
    if not isinstance(value, bool):
        raise _malformed("dryRun: true or false", value)
    return value


def _over(value: object) -> Over:
    if value == "archive":
        return "archive"
    if value == "decompressed":
        return "decompressed"
    raise _malformed("over: archive or decompressed", value)


def _signatures(value: object) -> list[bytes]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _malformed("signatures: a list of base64 texts", value)
    try:
        return [base64.b64decode(item, validate=True) for item in value]
    except ValueError as error:
        raise _malformed("signatures: a list of base64 texts", str(error)) from error


def _malformed(expected: str, found: object) -> UnusableInputError:
    return UnusableInputError("request-malformed", expected=expected, found=ascii(found)[:80])
