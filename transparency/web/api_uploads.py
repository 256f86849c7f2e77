"""Uploads for machines: begin, look, send a piece, finish, discard. Only its sender's tokens for its product see an upload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse, JsonResponse

from transparency.models import Upload
from transparency.proofs.digest import Digest
from transparency.services.begin_upload import begin_upload
from transparency.services.discard_upload import discard_upload
from transparency.services.finish_upload import finish_upload
from transparency.web.api_access import for_machines
from transparency.web.upload_answers import begin_request, request_json, take_chunk, upload_json

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest

    from transparency.models import ApiToken


@for_machines("POST")
def uploads(request: HttpRequest, token: ApiToken, slug: str) -> HttpResponse:
    check_product(token, slug)
    identity, name, size = begin_request(request)
    row = begin_upload(product=token.product, sender=token.owner, name=name, size=size, identity=identity)
    return JsonResponse(upload_json(row, head=True), status=201)


@for_machines("GET", "DELETE")
def upload(request: HttpRequest, token: ApiToken, identity: UUID) -> HttpResponse:
    row = upload_of(token, identity)
    if request.method == "DELETE":
        discard_upload(upload=row)
        return HttpResponse(status=204)
    return JsonResponse(upload_json(row, head=True))


@for_machines("PUT")
def chunk(request: HttpRequest, token: ApiToken, identity: UUID, offset: int) -> HttpResponse:
    return take_chunk(request, upload_of(token, identity), offset)


@for_machines("POST")
def finish(request: HttpRequest, token: ApiToken, identity: UUID) -> HttpResponse:
    """`sha256` of the whole, where the sender says it, is compared before anything becomes an object."""
    asked = request_json(request, "sha256")
    sha256 = Digest.parse(str(asked["sha256"])) if "sha256" in asked else None
    return JsonResponse(upload_json(finish_upload(upload=upload_of(token, identity), sha256=sha256)))


def check_product(token: ApiToken, slug: str) -> None:
    """Of other products than its own a token learns nothing."""
    if token.product.slug != slug:
        raise Http404


def upload_of(token: ApiToken, identity: UUID) -> Upload:
    rows = Upload.objects.select_related("product")
    row = rows.filter(pk=identity, product=token.product, sender=token.owner).first()
    if row is None:
        raise Http404
    return row
