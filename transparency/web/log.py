"""The public log: C2SP files as they are, and pages about entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from transparency.errors import EvidenceError, UnavailableError
from transparency.models import BuildList, Delivery, Event, LogEntry, LogHead, Product
from transparency.permissions import Right, known_products, may
from transparency.proofs.log.leaf import parse_leaf
from transparency.proofs.log.merkle import leaf_hash
from transparency.proofs.log.proof import format_log_proof
from transparency.proofs.log.tiles import TILE_WIDTH, Tile, parse_tile_path
from transparency.queries import installation, log_head, prove_entry
from transparency.services.stores import log_store

if TYPE_CHECKING:
    from django.http import HttpRequest

ENTRIES_A_PAGE = 50
FOREVER = "public, max-age=31536000, immutable"
AN_HOUR = "public, max-age=3600"
SOON = "public, max-age=5"
TEXT = "text/plain; charset=utf-8"


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    head = log_head()
    rows = LogEntry.objects.filter(index__lt=head.size).order_by("-index")
    page = Paginator(rows, ENTRIES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "head": head,
        "checkpoint": bytes(head.checkpoint).decode(),
        "entries": [{"index": row.index, "leaf": parse_leaf(bytes(row.leaf))} for row in page],
        "page": page,
        "installation": installation(),
    }
    return render(request, "transparency/log.html", context)


@require_safe
def entry(request: HttpRequest, index: int) -> HttpResponse:
    head = log_head()
    row = _entry_or_404(index, head)
    proof, record = prove_entry(row, head), _record(request, row)
    context = {
        "index": index,
        "leaf": parse_leaf(bytes(row.leaf)),
        "leaf_bytes": bytes(row.leaf).decode(),
        "leaf_hash": leaf_hash(bytes(row.leaf)).hex(),
        "hashes": [item.hex() for item in proof.hashes],
        "head": head,
        "last": head.size - 1,
        "record": record,
        "record_bytes": bytes(record.record).decode() if isinstance(record, Event) else "",
    }
    return render(request, "transparency/log_entry.html", context)


@require_safe
def proof_file(_request: HttpRequest, index: int) -> HttpResponse:
    head = log_head()
    return HttpResponse(format_log_proof(prove_entry(_entry_or_404(index, head), head)), content_type=TEXT)


@require_safe
def checkpoint(_request: HttpRequest) -> HttpResponse:
    return _public(HttpResponse(bytes(log_head().checkpoint), content_type=TEXT), SOON)


@require_safe
def tile(_request: HttpRequest, path: str) -> HttpResponse:
    """A tile or bundle that the checkpoint covers; nothing beyond it, even where a file is there already."""
    try:
        found = parse_tile_path(f"tile/{path}")
        level = found.level if isinstance(found, Tile) else 0
        if found.index * TILE_WIDTH + found.width > log_head().size >> (8 * level):
            raise Http404
        data = log_store().read(found.path)
    except (EvidenceError, UnavailableError) as error:
        raise Http404 from error
    response = HttpResponse(data, content_type="application/octet-stream")
    return _public(response, FOREVER if found.width == TILE_WIDTH else AN_HOUR)


def _entry_or_404(index: int, head: LogHead) -> LogEntry:
    row = LogEntry.objects.filter(index=index, index__lt=head.size).first()
    if row is None:
        raise Http404
    return row


def _record(request: HttpRequest, row: LogEntry) -> Delivery | BuildList | Event | None:
    """What the entry is about, for those who may know of it."""
    if row.kind == "event":
        event = (
            Event.objects.filter(record_digest=row.digest)
            .select_related("product__vendor", "vendor", "release")
            .first()
        )
        return event if event and _may_know_of(request, event) else None
    if row.kind == "delivery":
        deliveries = Delivery.objects.filter(record_digest=row.digest).exclude(state=Delivery.State.QUARANTINED)
        delivery = deliveries.select_related("release__product__vendor").first()
        return delivery if delivery and may(request.user, Right.KNOW, delivery) else None
    builds = BuildList.objects.filter(record_digest=row.digest).select_related("release__product__vendor").first()
    return builds if builds and may(request.user, Right.KNOW, builds.release) else None


def _may_know_of(request: HttpRequest, event: Event) -> bool:
    """What happened to keys of all products of a vendor is for whoever knows of one of them, and for the operator."""
    about = event.release or event.product
    if about is not None:
        return may(request.user, Right.KNOW, about)
    products = Product.objects.filter(known_products(request.user), vendor=event.vendor_id)
    return may(request.user, Right.OPERATE, None) or products.exists()


def _public(response: HttpResponse, keep: str) -> HttpResponse:
    """For monitors in whatever program, browsers on other sites among them."""
    response.headers["Cache-Control"] = keep
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
