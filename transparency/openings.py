"""Who may do what with a release now, and through what: the rules of `permissions.may`, asked the other way round.

Nothing is decided here. Rights by work and by grant are asked of permissions.py, and a test holds that for every person, right and path
the openings together say what `may` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from transparency.models import Organisation
from transparency.permissions import Right, covers_path, live_grants, rights_by_grant, rights_by_work

if TYPE_CHECKING:
    from transparency.models import Grant, Person, Release


class Through(StrEnum):
    OPEN = "the product is open"
    WORK = "where they work"
    GRANT = "a grant"


@dataclass(frozen=True, slots=True)
class Opening:
    """Rights below one folder (empty: all) for an organisation's active people, for one person, or (neither) for whoever signs in."""

    through: Through
    rights: frozenset[Right]
    organisation: Organisation | None = None
    person: Person | None = None
    grant: Grant | None = None

    @property
    def folder(self) -> str:
        return self.grant.folder if self.grant else ""

    def is_for(self, person: Person) -> bool:
        if not person.is_active:
            return False
        if self.person is not None:
            return self.person.pk == person.pk
        return self.organisation is None or self.organisation.pk == person.organisation_id

    def gives(self, right: Right, path: str) -> bool:
        """Knowing of a release has no path."""
        return right in self.rights and (right is Right.KNOW or covers_path(self.folder, path))


def openings_of(release: Release) -> list[Opening]:
    """All of them as of now: visibility, the people of vendor and operator, live grants, oldest first."""
    product, found = release.product, []
    if everybody := rights_by_work(None, product):
        found.append(Opening(Through.OPEN, everybody))
    own = Q(pk=product.vendor_id) | Q(kind=Organisation.Kind.OPERATOR)
    found += [
        Opening(Through.WORK, rights_by_work(organisation, product), organisation)
        for organisation in Organisation.objects.filter(own)
    ]
    here = Q(product=product) | Q(release=release)
    held = Q(person__isnull=True) | Q(person__is_active=True)
    grants = live_grants(timezone.now()).filter(here, held).order_by("pk")
    return found + [
        Opening(Through.GRANT, rights_by_grant(grant), grant.organisation, grant.person, grant)
        for grant in grants.select_related("organisation", "person__organisation", "granted_by")
    ]
