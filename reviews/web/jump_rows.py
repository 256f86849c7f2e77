"""What rows tell the jump box: products, releases, snapshots, deliveries, builds, attestations, keys, log entries, people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.db.models import Q
from django.urls import reverse

from reviews.models import Attestation
from reviews.web.jump_hit import Hit
from reviews.web.places import release_address
from transparency.models import (
    Artifact,
    BuildList,
    Delivery,
    LogHead,
    Organisation,
    Person,
    Product,
    Release,
    Snapshot,
    TrustAnchor,
)
from transparency.permissions import Right, known_products, known_releases, may

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

    from transparency.permissions import Someone

MOST = 21  # one more than is shown of a kind
_ENTRY = re.compile(r"(?:#|log |entry |log entry )?([0-9]{1,15})\Z", re.IGNORECASE | re.ASCII)
_SEPARATORS = re.compile(r"[ /@]")
_TREE_DIGITS, _DIGEST_DIGITS = 40, 64


def find_rows(person: Someone, wanted: str) -> Iterator[Hit]:
    """Everything that rows say, kind by kind."""
    known = Product.objects.filter(known_products(person))
    yield from _products(known, wanted)
    releases = Release.objects.filter(known_releases(person))
    yield from _releases(releases, wanted)
    if digest := hex_digest(wanted):
        yield from _digests(person, releases, digest)
    yield from _keys(person, wanted)
    yield from _entries(wanted)
    if may(person, Right.OPERATE, None):
        yield from _organisations(wanted)
        yield from _people(wanted)


def hex_digest(wanted: str) -> str:
    """The digest that the text is, in lower case; empty when it is none."""
    text = wanted.removeprefix("sha256:").removeprefix("sha1:").lower()
    return text if len(text) in {_TREE_DIGITS, _DIGEST_DIGITS} and re.fullmatch("[0-9a-f]+", text) else ""


def _products(known: QuerySet[Product], wanted: str) -> Iterator[Hit]:
    rows = known.filter(Q(slug__icontains=wanted) | Q(name__icontains=wanted)).select_related("vendor")
    for row in rows[:MOST]:
        exact = wanted.lower() in {row.slug, row.name.lower()}
        yield Hit("Products", row.name, f"by {row.vendor.name}", reverse("product", args=[row.slug]), exact)


def _releases(known: QuerySet[Release], wanted: str) -> Iterator[Hit]:
    """`product version`, with a blank, `/` or `@` between, or a version alone."""
    parts = _SEPARATORS.split(wanted, maxsplit=1)
    version = parts[-1]
    rows = known.filter(version__istartswith=version).select_related("product__vendor")
    if len(parts) > 1:
        rows = rows.filter(Q(product__slug__iexact=parts[0]) | Q(product__name__iexact=parts[0]))
    for row in rows.order_by("product__slug", "-created_at")[:MOST]:
        title = f"{row.product.name} {row.version}"
        exact = row.version.lower() == version.lower()
        yield Hit("Releases", title, f"by {row.product.vendor.name}", release_address("release", row), exact)


def _digests(person: Someone, releases: QuerySet[Release], digest: str) -> Iterator[Hit]:
    snapshots = Snapshot.objects.filter(Q(manifest=digest) | Q(git_tree=digest))
    for release in releases.filter(subject__in=snapshots).select_related("product")[:MOST]:
        title = f"Source of {release.product.name} {release.version}"
        yield Hit("Sources", title, "by its manifest or git tree", release_address("release", release), exact=True)
    deliveries = Delivery.objects.filter(release__in=releases).select_related("release__product")
    for row in deliveries.filter(Q(archive_sha256=digest) | Q(record_digest=digest))[:MOST]:
        if may(person, Right.KNOW, row):
            title = f"{row.archive_name} for {row.release.product.name} {row.release.version}"
            yield Hit("Deliveries", title, "by the file as delivered", reverse("delivery", args=[row.pk]), exact=True)
    artifacts = Artifact.objects.filter(Q(sha256=digest) | Q(listed=digest), build_list__release__in=releases)
    for build in artifacts.select_related("build_list__release__product")[:MOST]:
        release = build.build_list.release
        title = f"{build.name} of {release.product.name} {release.version}"
        yield Hit("Builds", title, "a published build", reverse("builds", args=[build.build_list_id]), exact=True)
    lists = BuildList.objects.filter(Q(sha256=digest) | Q(record_digest=digest), release__in=releases)
    for listing in lists.select_related("release__product")[:MOST]:
        title = f"{listing.name or 'Builds'} of {listing.release.product.name} {listing.release.version}"
        yield Hit("Builds", title, "a list of builds", reverse("builds", args=[listing.pk]), exact=True)
    stated = Attestation.objects.filter(Q(digest=digest) | Q(statement__digest=digest), release__in=releases)
    for attestation in stated.select_related("release__product", "statement__engagement__authority")[:MOST]:
        release, authority = attestation.release, attestation.statement.engagement.authority
        title = f"{authority.name} on {release.product.name} {release.version}"
        yield Hit("Attestations", title, "by envelope or statement", _attestation(attestation), exact=True)


def _attestation(row: Attestation) -> str:
    return reverse("attestation", args=[row.digest])


def _keys(person: Someone, wanted: str) -> Iterator[Hit]:
    """A key by its whole fingerprint, OpenPGP's also in groups of four."""
    spellings = {wanted, wanted.replace(" ", "").upper(), wanted.replace(" ", "").lower()}
    rows = TrustAnchor.objects.filter(fingerprint__in=spellings).select_related("product", "organisation", "person")
    for row in rows[:MOST]:
        if address := _key_address(person, row):
            about = row.product or row.person or row.organisation
            yield Hit("Keys", row.fingerprint, f"{row.get_format_display()} key of {about}", address, exact=True)


def _key_address(person: Someone, row: TrustAnchor) -> str:
    """Where the person may see the key; empty: nowhere."""
    if row.person_id is not None:
        return reverse("keys") if row.person_id == person.pk else ""
    if row.product is None:
        return reverse("vendor-keys", args=[row.organisation.slug]) if may(person, Right.OPERATE, None) else ""
    if may(person, Right.DELIVER, row.product):
        return reverse("anchors", args=[row.product.slug])
    return reverse("product", args=[row.product.slug]) if may(person, Right.KNOW, row.product) else ""


def _entries(wanted: str) -> Iterator[Hit]:
    match = _ENTRY.match(wanted)
    head = LogHead.objects.first() if match else None
    if match and head and int(match[1]) < head.size:
        number = int(match[1])
        yield Hit("Log", f"Entry {number:,}", "of the log", reverse("log-entry", args=[number]), exact=True)


def _organisations(wanted: str) -> Iterator[Hit]:
    for row in Organisation.objects.filter(Q(slug__icontains=wanted) | Q(name__icontains=wanted))[:MOST]:
        exact = wanted.lower() in {row.slug, row.name.lower()}
        address = reverse("organisation", args=[row.slug])
        yield Hit("Organisations", row.name, row.get_kind_display().lower(), address, exact)


def _people(wanted: str) -> Iterator[Hit]:
    first, _, last = wanted.partition(" ")
    named = Q(username__icontains=wanted) | Q(first_name__icontains=wanted) | Q(last_name__icontains=wanted)
    named |= Q(first_name__iexact=first, last_name__iexact=last)
    for row in Person.objects.filter(named).select_related("organisation")[:MOST]:
        exact = wanted.lower() in {row.username.lower(), row.display_name.lower()}
        address = reverse("person", args=[row.username])
        yield Hit("People", row.display_name, str(row.organisation or "of no organisation"), address, exact)
