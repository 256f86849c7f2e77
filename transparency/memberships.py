"""What somebody may see of an organisation and of its people: the operator everything, its own people what they may know of anyway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Q
from django.utils import timezone

from transparency.grant_words import short_words
from transparency.models import Grant, Organisation, Person, Product, TrustAnchor
from transparency.permissions import Right, known_products, may, may_grant
from transparency.proofs.escaping import unescape_path
from transparency.queries import open_file_table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import QuerySet

    from transparency.models import Release


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """A grant with how it stands now."""

    row: Grant
    state: str  # live, future or ended

    @property
    def words(self) -> str:
        return short_words(self.row.rights)

    @property
    def product(self) -> Product:
        return self.row.on_product


@dataclass(frozen=True, slots=True)
class FolderShare:
    """How much of a release lies in a folder."""

    version: str
    files: int
    all_files: int


def folder_share(product: Product, release: Release | None, folder: str) -> FolderShare | None:
    """Of the release, or of the newest that has a source; None where there is none. `folder` is escaped as in the manifest."""
    newest = product.releases.filter(subject__isnull=False).select_related("subject__product").order_by("-created_at")
    row = newest.filter(pk=release.pk).first() if release else newest.first()
    if row is None or row.subject is None:
        return None
    table, path = open_file_table(row.subject), unescape_path(folder)
    files = table.totals(path).files + (table.find(path) is not None)
    return FolderShare(row.version, files, len(table))


def organisations_with_counts() -> QuerySet[Organisation]:
    """Every organisation, with people, open invitations, live grants and keys of its own counted."""
    now = timezone.now()
    live = Q(grants__revoked_at__isnull=True) & (Q(grants__valid_until__isnull=True) | Q(grants__valid_until__gt=now))
    waiting = Q(
        invitations__accepted_at__isnull=True, invitations__withdrawn_at__isnull=True, invitations__valid_until__gt=now
    )
    return Organisation.objects.annotate(
        people_count=Count("people", filter=Q(people__is_active=True), distinct=True),
        waiting_count=Count("invitations", filter=waiting, distinct=True),
        grant_count=Count("grants", filter=live, distinct=True),
        key_count=Count("anchors", filter=Q(anchors__revoked_at__isnull=True), distinct=True),
    ).order_by("kind", "slug")


def may_see_organisation(person: Person, organisation: Organisation) -> bool:
    return may(person, Right.OPERATE, None) or (person.is_active and person.organisation_id == organisation.pk)


def may_see_person(viewer: Person, person: Person) -> bool:
    """The operator everybody, everybody themselves and their colleagues."""
    if may(viewer, Right.OPERATE, None) or viewer.pk == person.pk:
        return True
    return person.organisation is not None and may_see_organisation(viewer, person.organisation)


def grants_of_organisation(viewer: Person, organisation: Organisation) -> list[HeldGrant]:
    """Those it holds itself and those single people of it hold, as far as the viewer may know of what they are about."""
    return _known(viewer, Grant.objects.filter(Q(organisation=organisation) | Q(person__organisation=organisation)))


def grants_of_person(viewer: Person, person: Person) -> list[HeldGrant]:
    """Those of the person's own and those held through the organisation."""
    held = Q(person=person)
    if person.organisation_id:
        held |= Q(organisation_id=person.organisation_id)
    return _known(viewer, Grant.objects.filter(held))


def grants_on_product(product: Product) -> list[HeldGrant]:
    about = Q(product=product) | Q(release__product=product)
    return _standing(_with_names(Grant.objects.filter(about)))


def possible_holders(person: Person, product: Product) -> QuerySet[Organisation]:
    """To which organisations somebody may give rights on the product: a vendor is told of authorities and of publicly known vendors."""
    if not may_grant(person, product):
        return Organisation.objects.none()
    others = Organisation.objects.exclude(people=person)
    if may(person, Right.OPERATE, None):
        return others
    public = Q(kind=Organisation.Kind.VENDOR, products__visibility=Product.Visibility.OPEN)
    return others.filter(public | Q(kind__in=(Organisation.Kind.AUTHORITY, Organisation.Kind.OPERATOR))).distinct()


def products_of(viewer: Person, organisation: Organisation) -> QuerySet[Product]:
    return Product.objects.filter(known_products(viewer), vendor=organisation).order_by("slug")


def keys_of_people(organisation: Organisation) -> QuerySet[TrustAnchor]:
    rows = TrustAnchor.objects.filter(person__organisation=organisation)
    return rows.select_related("person").order_by("revoked_at", "enrolled_at")


def _known(viewer: Person, rows: QuerySet[Grant]) -> list[HeldGrant]:
    everything = may(viewer, Right.OPERATE, None)
    return [
        held
        for held in _standing(_with_names(rows))
        if everything or may(viewer, Right.KNOW, held.row.release or held.product)
    ]


def _with_names(rows: QuerySet[Grant]) -> QuerySet[Grant]:
    named = rows.select_related(
        "organisation",
        "person__organisation",
        "product__vendor",
        "release__product__vendor",
        "granted_by",
        "revoked_by",
    )
    return named.order_by("-created_at", "-pk")


def _standing(rows: Iterable[Grant]) -> list[HeldGrant]:
    now = timezone.now()
    return [HeldGrant(row, _state(row, now)) for row in rows]


def _state(row: Grant, now: datetime) -> str:
    if row.revoked_at or (row.valid_until and row.valid_until <= now):
        return "ended"
    return "future" if row.valid_from and row.valid_from > now else "live"
