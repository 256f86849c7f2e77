"""Give an organisation, or one person, rights on a product or one release of it, there perhaps on one folder, for a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from transparency.errors import EvidenceError, NotAllowedError, UnusableInputError
from transparency.models import Grant, Organisation, Product
from transparency.permissions import Right, may_grant
from transparency.proofs.escaping import unescape_path
from transparency.proofs.sources.paths import fatal_rules

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from transparency.models import Person, Release

# Nobody operates by a grant, and quarantine is shown by who somebody is alone: a grant of it would say what is not so.
GRANTABLE = frozenset(Right) - {Right.OPERATE, Right.SEE_QUARANTINE}
# What is asked of a file or folder; the others are asked of the whole, where a right on a folder is none.
FOLDER_RIGHTS = frozenset({Right.READ_SOURCE, Right.DOWNLOAD_SOURCE})


def grant_rights(
    *,
    organisation: Organisation | None = None,
    person: Person | None = None,
    product: Product,
    release: Release | None = None,
    folder: str = "",
    rights: Sequence[str],
    granted_by: Person | None,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> Grant:
    """Return the grant, new or as given before and not ended. Without a release it holds for all of the product's.

    `folder` is escaped as in the manifest. Without `granted_by` a command of the operator gives it. Raises `grant-foreign`, `grant-own`,
    `right-unknown`, `grant-nothing`, `right-not-theirs`, `folder-malformed`, `folder-right`, `grant-window`.
    """
    check_grant(
        organisation=organisation,
        person=person,
        product=product,
        release=release,
        folder=folder,
        rights=rights,
        granted_by=granted_by,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    said = {
        "organisation": organisation,
        "person": person,
        "product": None if release else product,
        "release": release,
        "folder": folder,
        "rights": sorted(set(rights)),
        "valid_from": valid_from,
        "valid_until": valid_until,
    }
    with transaction.atomic():
        Product.objects.select_for_update().get(
            pk=product.pk
        )  # of the same given twice at once, the second sees the first
        given = Grant.objects.filter(revoked_at__isnull=True, **said).first()
        return given or Grant.objects.create(granted_by=granted_by, **said)


def check_grant(
    *,
    organisation: Organisation | None,
    person: Person | None,
    product: Product,
    release: Release | None,
    folder: str,
    rights: Sequence[str],
    granted_by: Person | None,
    valid_from: datetime | None,
    valid_until: datetime | None,
) -> None:
    """Raise what `grant_rights` would raise, and give nothing."""
    if (organisation is None) == (person is None):
        raise AssertionError("an organisation or a person")
    if release is not None and release.product_id != product.pk:
        raise AssertionError("a release of the product")
    holder = organisation or (person.organisation if person else None)
    if granted_by is not None:
        _check_giver(granted_by, holder, product)
    _check_rights(rights, holder, folder)
    _check_window(valid_from, valid_until)


def _check_giver(giver: Person, holder: Organisation | None, product: Product) -> None:
    if not may_grant(giver, product):
        raise NotAllowedError("grant-foreign", expected=f"a person of {product.vendor.slug}", found="another one")
    if holder is None or holder.pk == giver.organisation_id:
        raise NotAllowedError(
            "grant-own", expected="another organisation, or a person of another one", found="your own"
        )


def _check_rights(rights: Collection[str], holder: Organisation | None, folder: str) -> None:
    known = {right.value for right in GRANTABLE}
    if unknown := sorted(set(rights) - known):
        raise UnusableInputError("right-unknown", expected=", ".join(sorted(known)), found=", ".join(unknown))
    if not rights:
        raise UnusableInputError("grant-nothing", expected="a right", found="none")
    if Right.REVIEW in rights and (holder is None or holder.kind != Organisation.Kind.AUTHORITY):
        raise UnusableInputError("right-not-theirs", expected="an authority", found=holder.kind if holder else "none")
    if not folder:
        return
    _check_folder(folder)
    if wide := sorted(set(rights) - FOLDER_RIGHTS):
        raise UnusableInputError("folder-right", expected=", ".join(sorted(FOLDER_RIGHTS)), found=", ".join(wide))


def _check_folder(folder: str) -> None:
    try:
        rules = fatal_rules(unescape_path(folder))
    except EvidenceError as error:
        raise UnusableInputError("folder-malformed", expected=error.expected, found=folder[:80]) from error
    if rules:
        raise UnusableInputError("folder-malformed", expected="a path inside the tree", found=rules[0][0])


def _check_window(start: datetime | None, end: datetime | None) -> None:
    if end is not None and (end <= timezone.now() or (start is not None and end <= start)):
        raise UnusableInputError("grant-window", expected="an end after the beginning and after now", found=str(end))
