"""Write down this installation's enrolments as a trust file: a start for somebody who then compares it by another channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviews.services.collect_keys import collect_keys
from transparency.models import Organisation, Product, TrustAnchor
from transparency.proofs.log.note import format_vkey
from transparency.proofs.trust import Requirements, TrustFile, format_trust_file, parse_trust_file
from transparency.queries import product_anchors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transparency.proofs.signatures.keys import KeyHolder

WARNING = (
    "A trust file is only as good as the way it reached its reader. Whoever gets this one must compare the log key and "
    "every fingerprint by another channel (by telephone, on paper, on the holder's own pages) before relying on it."
)
RESTRICTED_WARNING = (
    "It names the vendors of restricted products. Give it only to people who may know of them, or leave them out with "
    "--open-only."
)
DEMO_WARNING = "It holds throw-away keys of the demonstration, which prove nothing."


@dataclass(frozen=True, slots=True)
class ExportedTrust:
    """The file's bytes, what to compare (`holder: format fingerprint`), and what to warn of."""

    data: bytes
    fingerprints: tuple[str, ...]
    warnings: tuple[str, ...]


def export_trust(*, open_only: bool = False, require: Requirements | None = None) -> ExportedTrust:
    """Return the trust file; `open_only` leaves out the keys that count for restricted products alone."""
    products = Product.objects.select_related("vendor").order_by("pk")
    if open_only:
        products = products.filter(visibility=Product.Visibility.OPEN)
    of_products = {product: list(product_anchors(product)) for product in products}
    of_people = TrustAnchor.objects.filter(person__isnull=False, organisation__kind=Organisation.Kind.AUTHORITY)
    ring = collect_keys(vendors=of_products.values(), authorities=of_people.select_related("organisation"))
    data = format_trust_file(TrustFile(ring, require or Requirements()))
    parse_trust_file(data)  # a file that its own reader would refuse is never handed out
    warnings = [WARNING]
    if any(anchors and product.is_restricted for product, anchors in of_products.items()):
        warnings.append(RESTRICTED_WARNING)
    if of_people.filter(demo=True).exists() or any(row.demo for rows in of_products.values() for row in rows):
        warnings.append(DEMO_WARNING)
    return ExportedTrust(
        data=data,
        fingerprints=(f"log: {format_vkey(ring.vkey)}", *_compared(ring.vendors), *_compared(ring.authorities)),
        warnings=tuple(warnings),
    )


def _compared(holders: tuple[KeyHolder, ...]) -> Iterator[str]:
    for holder in holders:
        for key in holder.keys:
            yield f"{holder.name}: {key.format} {key.fingerprint}"
