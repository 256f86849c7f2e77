"""The public log as pages: the list of entries, one entry with its proof, the checkpoint, and how to watch it. Its files: log_files.py."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from transparency.models import BuildList, Delivery, Event, LogEntry, Organisation, Product, Release
from transparency.permissions import Right, known_products, known_releases, may
from transparency.proofs.log.leaf import parse_leaf
from transparency.proofs.log.merkle import climb, leaf_hash
from transparency.queries import installation, log_head, prove_entry
from transparency.web.log_by_hand import checkpoint_commands, entry_commands, fetch_entry, watch_command
from transparency.web.log_drawing import drawing_of
from transparency.web.log_files import TEXT, entry_or_404
from transparency.web.log_filter import LogFilter
from transparency.web.note_lines import signature_lines

if TYPE_CHECKING:
    from typing import Any

    from django.http import HttpRequest

    from transparency.proofs.log.leaf import Leaf

ENTRIES_A_PAGE = 50
RELEASES_NAMED = 5  # of one source; several releases may have the same


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    head = log_head()
    asked = LogFilter(request.GET)
    rows = asked.entries(LogEntry.objects.filter(index__lt=head.size)).order_by("-index")
    page = Paginator(rows, ENTRIES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "head": head,
        "checkpoint": bytes(head.checkpoint).decode(),
        "entries": [{"index": row.index, "leaf": parse_leaf(bytes(row.leaf))} for row in page],
        "page": page,
        "form": asked,
        "is_asked": asked.is_asked(),
        "installation": installation(),
    }
    return render(request, "transparency/log.html", context)


@require_safe
def entry(request: HttpRequest, index: int) -> HttpResponse:
    head = log_head()
    row = entry_or_404(index, head)
    data, record = bytes(row.leaf), _record(request, row)
    steps = climb(index, head.size, leaf_hash(data), prove_entry(row, head).hashes)
    context = {
        "index": index,
        "leaf": parse_leaf(data),
        "leaf_bytes": data.decode(),
        "leaf_hash": leaf_hash(data).hex(),
        "steps": [
            {"beside": step.beside.hex(), "is_left": step.beside_is_left, "joined": step.joined.hex()} for step in steps
        ],
        "drawing": drawing_of(leaf_hash(data), steps),
        "fetch": fetch_entry(request.build_absolute_uri(reverse("log-entry", args=[index]))),
        "by_hand": entry_commands(steps),
        "head": head,
        "last": head.size - 1,
        "attested": _attested(request, parse_leaf(data)),
        "record": record,
        "record_bytes": bytes(record.record).decode() if isinstance(record, Event) else "",
    }
    return render(request, "transparency/log_entry.html", context)


@require_safe
def checkpoint_page(request: HttpRequest) -> HttpResponse:
    head, identity = log_head(), installation()
    note = bytes(head.checkpoint).decode()
    address = request.build_absolute_uri(reverse("log-checkpoint"))
    context = {
        "head": head,
        "note": note,
        "signatures": signature_lines(note, identity.vkey),
        "installation": identity,
        "by_hand": checkpoint_commands(address, identity.vkey),
    }
    return render(request, "transparency/log_checkpoint.html", context)


@require_safe
def monitor(request: HttpRequest) -> HttpResponse:
    identity, base = installation(), request.build_absolute_uri(reverse("log"))
    program = request.build_absolute_uri(reverse("log-watch-program"))
    context = {
        "base": base,
        "installation": identity,
        "run": f"curl -sS -O {program}\n{watch_command(base, identity.vkey)}",
        "keep": f'curl -sS -o "checkpoint-$(date -u +%Y%m%dT%H%M%SZ)" {base}checkpoint',
    }
    return render(request, "transparency/log_monitor.html", context)


@require_safe
def watch_program(_request: HttpRequest) -> HttpResponse:
    """For reading, and for a start; whoever doubts the log takes it from the project."""
    return HttpResponse((files("transparency.verifier") / "watch_log.py").read_bytes(), content_type=TEXT)


def _attested(request: HttpRequest, leaf: Leaf) -> dict[str, Any]:
    """Whose statement an attestation is and about which release, where the leaf says it openly."""
    if leaf.kind != "attestation" or leaf.committed:
        return {}
    manifests = [subject.value.hex for subject in leaf.subjects if subject.name == "manifest"]
    releases = Release.objects.filter(known_releases(request.user), subject__manifest__in=manifests)
    return {
        "organisation": Organisation.objects.filter(slug=leaf.org).first(),
        "releases": releases.select_related("product")[:RELEASES_NAMED],
    }


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
