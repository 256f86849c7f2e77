"""Uploads for machines: begin, look, send a piece, finish, discard. Only its sender's tokens for its product see an upload."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import Router

from transparency.errors import UnusableInputError
from transparency.models import ApiToken, Upload
from transparency.proofs.digest import Digest
from transparency.services.begin_upload import begin_upload
from transparency.services.discard_upload import discard_upload
from transparency.services.finish_upload import finish_upload
from transparency.web import api_bodies, api_shapes
from transparency.web.api_access import token_of
from transparency.web.api_doors import delivers
from transparency.web.upload_answers import begin_request, request_json, take_chunk, upload_json

router = Router()


@delivers(router, "POST", "/products/{slug:slug}/uploads", {201: api_shapes.Upload}, requestBody=api_bodies.BEGIN)
def begin(request: HttpRequest, slug: str) -> HttpResponse:
    """Announce a file. Who chooses its `id` can ask again after a lost answer: it is the same upload."""
    token = token_of(request)
    check_product(token, slug)
    require_kind(request, "application/json")
    identity, name, size = begin_request(request)
    row = begin_upload(product=token.product, sender=token.owner, name=name, size=size, identity=identity)
    return JsonResponse(upload_json(row, head=True), status=201)


@delivers(router, "GET", "/uploads/{uuid:identity}", {200: api_shapes.Upload})
def upload(request: HttpRequest, identity: UUID) -> HttpResponse:
    """Where an upload stands."""
    return JsonResponse(upload_json(upload_of(token_of(request), identity), head=True))


@delivers(router, "DELETE", "/uploads/{uuid:identity}", {204: None})
def discard(request: HttpRequest, identity: UUID) -> HttpResponse:
    """Throw an upload away."""
    discard_upload(upload=upload_of(token_of(request), identity))
    return HttpResponse(status=204)


@delivers(
    router,
    "PUT",
    "/uploads/{uuid:identity}/chunks/{int:offset}",
    {200: api_shapes.Upload},
    requestBody=api_bodies.CHUNK,
    parameters=[api_bodies.CONTENT_DIGEST],
)
def chunk(request: HttpRequest, identity: UUID, offset: int) -> HttpResponse:
    """Send a piece, with its digest, to where the upload stands."""
    row = upload_of(token_of(request), identity)
    require_kind(request, "application/octet-stream")
    return take_chunk(request, row, offset)


@delivers(router, "POST", "/uploads/{uuid:identity}/finish", {200: api_shapes.Upload}, requestBody=api_bodies.FINISH)
def finish(request: HttpRequest, identity: UUID) -> HttpResponse:
    """All is sent. `sha256` of the whole, where you say it, is compared before anything becomes an object."""
    token = token_of(request)
    asked = asked_json(request, "sha256")
    sha256 = Digest.parse(str(asked["sha256"])) if "sha256" in asked else None
    return JsonResponse(upload_json(finish_upload(upload=upload_of(token, identity), sha256=sha256)))


def asked_json(request: HttpRequest, *known: str) -> dict[str, Any]:
    """`request_json` of what says that it is JSON (`media-type`); a body that is not there says nothing."""
    require_kind(request, "application/json")
    return request_json(request, *known)


def require_kind(request: HttpRequest, kind: str) -> None:
    """Raise `media-type` for a body of another kind."""
    if request.content_type != kind and request.META.get("CONTENT_LENGTH"):
        raise UnusableInputError("media-type", expected=kind, found=ascii(request.content_type)[:80])


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
