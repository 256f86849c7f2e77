"""One question, asked everywhere: may this person do this with that? (DESIGN section 4, People)

Rights follow from three things only: a product's visibility, the organisation a person belongs to, and grants. Whoever may not
know of an object gets the same 404 as for one that does not exist (`web` and commands never answer 403 for a hidden object).
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils import timezone

from transparency.errors import NotAllowedError
from transparency.models import Delivery, Grant, Organisation, Person, Product, Release

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

Someone = Person | AnonymousUser
_Target = Product | Release | Delivery


@dataclass(frozen=True, slots=True)
class _Memory:
    """What was asked in one request: live grants by person and product, answers by everything that they follow from."""

    grants: dict[tuple[int, int | None, int], list[Grant]] = field(default_factory=dict)
    answers: dict[tuple[object, ...], bool] = field(default_factory=dict)


_remembered: ContextVar[_Memory | None] = ContextVar("grants", default=None)


class Right(StrEnum):
    KNOW = "know"  # that the product or release exists, and its public pages
    READ_SOURCE = "read-source"
    DOWNLOAD_SOURCE = "download-source"
    REVIEW = "review"  # notes, marks, attestations within an engagement
    DELIVER = "deliver"  # import snapshots and builds, enrol the vendor's keys
    SEE_QUARANTINE = "see-quarantine"
    OPERATE = "operate"  # jobs, log, installation; gives no right to read source


# What a grant of one right brings with it.
_IMPLIES: dict[Right, frozenset[Right]] = {
    Right.REVIEW: frozenset({Right.READ_SOURCE, Right.KNOW}),
    Right.DOWNLOAD_SOURCE: frozenset({Right.READ_SOURCE, Right.KNOW}),
    Right.READ_SOURCE: frozenset({Right.KNOW}),
    Right.DELIVER: frozenset({Right.KNOW}),
}
_VENDOR_RIGHTS = frozenset({Right.KNOW, Right.READ_SOURCE, Right.DOWNLOAD_SOURCE, Right.DELIVER, Right.SEE_QUARANTINE})
_OPERATOR_RIGHTS = frozenset({Right.KNOW, Right.DELIVER, Right.SEE_QUARANTINE, Right.OPERATE})
_SIGNED_IN_OPEN_RIGHTS = frozenset({Right.KNOW, Right.READ_SOURCE})


def may(person: Someone, right: Right, target: _Target | None, *, path: str = "") -> bool:
    """Whether `person` has `right` on `target` (None: the installation); `path` narrows to a file or folder, escaped as in the manifest."""
    if target is None:
        return _kind(person) == Organisation.Kind.OPERATOR and right is Right.OPERATE
    memory = _remembered.get()
    if memory is None or not isinstance(person, Person):
        return _decide(person, right, target, path)
    asked = (person.pk, person.organisation_id, person.is_active, right, type(target), target.pk, path)
    known = memory.answers.get(asked)
    if known is None:
        known = memory.answers[asked] = _decide(person, right, target, path)
    return known


def _decide(person: Someone, right: Right, target: _Target, path: str) -> bool:
    product = _product_of(target)
    quarantined = target if isinstance(target, Delivery) and target.state == Delivery.State.QUARANTINED else None
    if not isinstance(person, Person) or not person.is_active:
        return right is Right.KNOW and not product.is_restricted and not quarantined
    if quarantined:
        return _may_see_quarantined(person, quarantined)
    if right in rights_by_work(person.organisation, product):
        return True
    return _granted(person, right, target, path)


def require_operator(person: Someone) -> None:
    """Raise `not-the-operator` for whoever may not operate the installation."""
    if not may(person, Right.OPERATE, None):
        raise NotAllowedError("not-the-operator", expected="a person of the operator", found="another one")


def works_for(person: Someone, vendor: int | None) -> bool:
    """Whether this is an active person of the vendor with that key."""
    return _kind(person) == Organisation.Kind.VENDOR and person.organisation_id == vendor  # type: ignore[union-attr] # nobody has no kind


def may_grant(person: Someone, product: Product) -> bool:
    """Whether `person` may give rights on `product`: people of its vendor; the operator only where the source is open anyway.

    A vendor's source leaves by its vendor's hand (DESIGN 1.6): who operates cannot let others read what it may not read itself, and who
    holds a right by a grant cannot pass it on.
    """
    if _kind(person) == Organisation.Kind.OPERATOR:
        return not product.is_restricted
    return works_for(person, product.vendor_id)


def may_end_grants(person: Someone, product: Product) -> bool:
    """Whether `person` sees and may end all rights given on `product`: whoever may give them, and the operator; ending lets nothing out."""
    return may_grant(person, product) or may(person, Right.OPERATE, None)


def known_products(person: Someone) -> Q:
    """The filter on Product that equals `may(person, KNOW, product)` for each row."""
    opened = Q(visibility=Product.Visibility.OPEN)
    if not isinstance(person, Person) or not person.is_active:
        return opened
    if _kind(person) == Organisation.Kind.OPERATOR:
        return Q()
    grants = _live_grants(person, timezone.now())
    mine = Q(pk__in=grants.filter(product__isnull=False).values("product"))
    mine |= Q(pk__in=grants.filter(release__isnull=False).values("release__product"))
    if _kind(person) == Organisation.Kind.VENDOR:
        mine |= Q(vendor=person.organisation)
    return opened | mine


def known_releases(person: Someone) -> Q:
    """The filter on Release that equals `may(person, KNOW, release)` for each row: a grant on one release tells of no other."""
    opened = Q(product__visibility=Product.Visibility.OPEN)
    if not isinstance(person, Person) or not person.is_active:
        return opened
    if _kind(person) == Organisation.Kind.OPERATOR:
        return Q()
    grants = _live_grants(person, timezone.now())
    mine = Q(product__in=grants.filter(product__isnull=False).values("product"))
    mine |= Q(pk__in=grants.filter(release__isnull=False).values("release"))
    if _kind(person) == Organisation.Kind.VENDOR:
        mine |= Q(product__vendor=person.organisation)
    return opened | mine


def seen_in_quarantine(person: Someone) -> Q:
    """The filter on Delivery for those in quarantine of which `may(person, SEE_QUARANTINE, delivery)` is true."""
    waiting = Q(state=Delivery.State.QUARANTINED)
    if not isinstance(person, Person) or not person.is_active:
        return Q(pk__in=())
    if _kind(person) == Organisation.Kind.OPERATOR:
        return waiting
    mine = Q(sender=person)
    if _kind(person) == Organisation.Kind.VENDOR:
        mine |= Q(release__product__vendor=person.organisation)
    return waiting & mine


def rights_by_work(organisation: Organisation | None, product: Product) -> frozenset[Right]:
    """What an active person has by the product's visibility and by where they work (None: nowhere), without any grant."""
    kind = organisation.kind if organisation else None
    rights = frozenset() if product.is_restricted else _SIGNED_IN_OPEN_RIGHTS
    if kind == Organisation.Kind.OPERATOR:
        return rights | _OPERATOR_RIGHTS
    if organisation is not None and kind == Organisation.Kind.VENDOR and product.vendor_id == organisation.pk:
        return rights | _VENDOR_RIGHTS
    return rights


def brings(held: Right, right: Right) -> bool:
    """Whether a grant of `held` brings `right` along."""
    return right in _IMPLIES.get(held, frozenset())


def rights_by_grant(grant: Grant) -> frozenset[Right]:
    """What a grant gives while it is live, with all that it brings along."""
    return frozenset(right for right in Right if _covers_right(grant.rights, right))


def live_grants(now: datetime) -> QuerySet[Grant]:
    """The grants that give something at this moment, whoever holds them."""
    started = Q(valid_from__isnull=True) | Q(valid_from__lte=now)
    running = Q(valid_until__isnull=True) | Q(valid_until__gt=now)
    return Grant.objects.filter(started & running, revoked_at__isnull=True)


def _kind(person: Someone) -> str | None:
    if not isinstance(person, Person) or not person.is_active or person.organisation is None:
        return None
    return person.organisation.kind


def _product_of(target: _Target) -> Product:
    if isinstance(target, Delivery):
        return target.release.product
    return target.product if isinstance(target, Release) else target


def _may_see_quarantined(person: Person, delivery: Delivery) -> bool:
    if _kind(person) == Organisation.Kind.OPERATOR or delivery.sender_id == person.pk:
        return True
    return works_for(person, delivery.release.product.vendor_id)


def _granted(person: Person, right: Right, target: _Target, path: str) -> bool:
    release = target.release if isinstance(target, Delivery) else target if isinstance(target, Release) else None
    product = _product_of(target)
    return any(
        _covers_right(grant.rights, right) and (right is Right.KNOW or covers_path(grant.folder, path))
        for grant in _grants_on(person, product)
        if grant.product_id == product.pk
        or (grant.release_id == release.pk if release is not None else right is Right.KNOW)
    )


@contextmanager
def remembering_grants() -> Iterator[None]:
    """Ask nothing twice until this ends: for one request that only reads, and no longer."""
    token = _remembered.set(_Memory())
    try:
        yield
    finally:
        _remembered.reset(token)


def _grants_on(person: Person, product: Product) -> list[Grant]:
    """The person's live grants on a product or any of its releases."""
    memory = _remembered.get()
    key = (person.pk, person.organisation_id, product.pk)
    if memory is not None and key in memory.grants:
        return memory.grants[key]
    here = Q(product=product) | Q(release__product=product)
    found = list(_live_grants(person, timezone.now()).filter(here))
    if memory is not None:
        memory.grants[key] = found
    return found


def _live_grants(person: Person, now: datetime) -> QuerySet[Grant]:
    holder = Q(person=person)
    if person.organisation_id:
        holder |= Q(organisation_id=person.organisation_id)
    return live_grants(now).filter(holder)


def _covers_right(rights: Iterable[str], right: Right) -> bool:
    return any(held == right or brings(Right(held), right) for held in rights)


def covers_path(folder: str, path: str) -> bool:
    """Whether a grant on `folder` (empty: everything) reaches `path`."""
    return not folder or path == folder or path.startswith(folder + "/")
