"""The public log: C2SP files as they are, and pages about entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_safe

from transparency.errors import EvidenceError, UnavailableError
from transparency.models import LogEntry
from transparency.proofs.log.leaf import parse_leaf
from transparency.proofs.log.proof import format_log_proof
from transparency.proofs.log.tiles import TILE_WIDTH, parse_tile_path
from transparency.queries import installation, log_head, prove_entry
from transparency.services.stores import log_store

if TYPE_CHECKING:
    from django.http import HttpRequest

ENTRIES_A_PAGE = 50
FOREVER = "public, max-age=31536000, immutable"
SOON = "public, max-age=5"


@require_GET
def log(request: HttpRequest) -> HttpResponse:
    head = log_head()
    rows = LogEntry.objects.filter(index__lt=head.size).order_by("-index")
    page = Paginator(rows, ENTRIES_A_PAGE).get_page(request.GET.get("page"))
    entries = [{"index": row.index, "leaf": parse_leaf(bytes(row.leaf))} for row in page]
    context = {"head": head, "checkpoint": bytes(head.checkpoint).decode(), "entries": entries, "page": page}
    return render(request, "transparency/log.html", context | {"installation": installation()})


@require_GET
def entry(request: HttpRequest, index: int) -> HttpResponse:
    head = log_head()
    row = LogEntry.objects.filter(index=index).first()
    if row is None or index >= head.size:
        raise Http404
    proof = prove_entry(row, head)
    context = {
        "index": index,
        "leaf": parse_leaf(bytes(row.leaf)),
        "leaf_bytes": bytes(row.leaf).decode(),
        "proof": proof,
        "hashes": [item.hex() for item in proof.hashes],
        "head": head,
        "installation": installation(),
    }
    return render(request, "transparency/log_entry.html", context)


@require_safe
def proof_file(_request: HttpRequest, index: int) -> HttpResponse:
    head = log_head()
    row = LogEntry.objects.filter(index=index, index__lt=head.size).first()
    if row is None:
        raise Http404
    return HttpResponse(format_log_proof(prove_entry(row, head)), content_type="text/plain; charset=utf-8")


@require_safe
def checkpoint(_request: HttpRequest) -> HttpResponse:
    response = HttpResponse(bytes(log_head().checkpoint), content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = SOON
    return response


@require_safe
def tile(_request: HttpRequest, path: str) -> HttpResponse:
    """A tile or bundle that the checkpoint covers; nothing beyond it, even where a file is there already."""
    try:
        found = parse_tile_path(f"tile/{path}")
        level = getattr(found, "level", 0)
        if found.index * TILE_WIDTH + found.width > log_head().size >> (8 * level):
            raise Http404
        data = log_store().read(found.path)
    except (EvidenceError, UnavailableError) as error:
        raise Http404 from error
    response = HttpResponse(data, content_type="application/octet-stream")
    response.headers["Cache-Control"] = FOREVER if found.width == TILE_WIDTH else "public, max-age=3600"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
