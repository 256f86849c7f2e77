"""Uploads of the browser: what its script asks while a file goes up in pieces. An upload is seen by its sender, who may still deliver."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from transparency.errors import EvidenceError, NotAllowedError, UnavailableError, UnusableInputError, sentence_for
from transparency.models import Person, Product, Upload
from transparency.permissions import Right, may
from transparency.services.begin_upload import begin_upload
from transparency.services.discard_upload import discard_upload
from transparency.services.finish_upload import finish_upload
from transparency.web.access import product_or_404, refuse, signed_in
from transparency.web.api_errors import as_json
from transparency.web.upload_answers import begin_request, take_chunk, upload_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Concatenate, ParamSpec

    from django.http import HttpRequest

    Parameters = ParamSpec("Parameters")
    View = Callable[Concatenate[HttpRequest, Parameters], HttpResponse]


def for_scripts(view: View[Parameters]) -> View[Parameters]:
    """Signed in, or told so as JSON: a script does not follow its person to the sign-in page."""

    @as_json
    @wraps(view)
    def answer(request: HttpRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponse:
        if not isinstance(request.user, Person):
            raise NotAllowedError("session-ended", expected="somebody who is signed in", found="nobody")
        return view(request, *args, **kwargs)

    return answer


Kind = Literal["archive", "source", "git"]
_PUSHED: dict[Kind, str] = {"archive": "ARCHIVE", "source": "NAME.dsc", "git": "NAME.bundle"}
_PUSHED_WITH: dict[Kind, tuple[str, ...]] = {
    "archive": (" --signature ARCHIVE.sig",),
    "source": (),
    "git": (" --tag TAG",),
}


@require_POST
@for_scripts
def uploads(request: HttpRequest, slug: str) -> HttpResponse:
    product = deliverable_or_404(request, slug)
    identity, name, size = begin_request(request)
    row = begin_upload(product=product, sender=signed_in(request), name=name, size=size, identity=identity)
    return JsonResponse(upload_json(row, head=True), status=201)


@require_http_methods(["GET", "HEAD"])
@for_scripts
def upload(request: HttpRequest, identity: UUID) -> HttpResponse:
    return JsonResponse(upload_json(upload_or_404(request, identity), head=True))


@require_http_methods(["PUT"])
@for_scripts
def chunk(request: HttpRequest, identity: UUID, offset: int) -> HttpResponse:
    return take_chunk(request, upload_or_404(request, identity), offset)


@require_POST
@for_scripts
def finish(request: HttpRequest, identity: UUID) -> HttpResponse:
    return JsonResponse(upload_json(finish_upload(upload=upload_or_404(request, identity))))


@login_required
@require_POST
def discard(request: HttpRequest, identity: UUID) -> HttpResponse:
    row = upload_or_404(request, identity)
    try:
        discard_upload(upload=row)
        messages.success(request, f"Discarded {row.name}.")
    except UnavailableError as error:
        messages.warning(request, sentence_for(error.code))
    return redirect("deliver", row.product.slug)


def deliverable_or_404(request: HttpRequest, slug: str) -> Product:
    """A product that one may deliver; 403 where one may only know of it."""
    product = product_or_404(request, slug)
    if not may(request.user, Right.DELIVER, product):
        refuse("Deliveries of a product come from its vendor and from the operator.")
    return product


def upload_or_404(request: HttpRequest, identity: UUID) -> Upload:
    rows = Upload.objects.select_related("product__vendor")
    row = rows.filter(pk=identity, sender=signed_in(request)).first()
    if row is None or not may(request.user, Right.DELIVER, row.product):
        raise Http404
    return row


def own_upload(product: Product, person: Person, identity: str) -> Upload:
    """The finished upload that a form names (`upload-unknown`)."""
    try:
        row = Upload.objects.filter(pk=UUID(identity), product=product, sender=person).first()
    except ValueError as error:
        raise UnusableInputError("upload-unknown", expected="an id", found=ascii(identity[:40])) from error
    if row is None:
        raise EvidenceError("upload-unknown", expected="an upload of this person for this product", found="none")
    return row


def push_command(request: HttpRequest, product: Product, *, kind: Kind = "archive") -> str:
    """What a vendor's machine is told to do with a token."""
    address = request.build_absolute_uri("/").rstrip("/")
    lines = (
        f"transparency push {_PUSHED[kind]}",
        f" --product {product.slug}",
        " --release VERSION",
        *_PUSHED_WITH[kind],
        f" --url {address}",
    )
    return " \\\n".join(lines)
