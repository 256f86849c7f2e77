"""The log as files: the checkpoint, tiles and bundles of C2SP tlog-tiles, and the proof and the bytes of one entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from transparency.errors import EvidenceError, UnavailableError
from transparency.models import LogEntry
from transparency.proofs.log.proof import format_log_proof
from transparency.proofs.log.tiles import TILE_WIDTH, Tile, parse_tile_path
from transparency.queries import log_head, prove_entry
from transparency.services.stores import log_store

if TYPE_CHECKING:
    from django.http import HttpRequest

    from transparency.models import LogHead

FOREVER = "public, max-age=31536000, immutable"
AN_HOUR = "public, max-age=3600"
SOON = "public, max-age=5"
TEXT = "text/plain; charset=utf-8"


def entry_or_404(index: int, head: LogHead) -> LogEntry:
    """An entry that the checkpoint covers."""
    row = LogEntry.objects.filter(index=index).first() if index < head.size else None
    if row is None:
        raise Http404
    return row


@require_safe
def checkpoint(_request: HttpRequest) -> HttpResponse:
    return _public(HttpResponse(bytes(log_head().checkpoint), content_type=TEXT), SOON)


@require_safe
def proof_file(_request: HttpRequest, index: int) -> HttpResponse:
    head = log_head()
    return HttpResponse(format_log_proof(prove_entry(entry_or_404(index, head), head)), content_type=TEXT)


@require_safe
def leaf_file(_request: HttpRequest, index: int) -> HttpResponse:
    """The bytes that are hashed, with nothing before and nothing after them."""
    row = entry_or_404(index, log_head())
    return _public(HttpResponse(bytes(row.leaf), content_type="application/octet-stream"), FOREVER)


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


def _public(response: HttpResponse, keep: str) -> HttpResponse:
    """For monitors in whatever program, browsers on other sites among them."""
    response.headers["Cache-Control"] = keep
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
