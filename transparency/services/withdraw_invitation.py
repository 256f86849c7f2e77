"""Withdraw an invitation: its link leads nowhere from now on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from transparency.errors import UnusableInputError
from transparency.models import Invitation
from transparency.permissions import require_operator

if TYPE_CHECKING:
    from transparency.models import Person


def withdraw_invitation(*, invitation: Invitation, by: Person) -> Invitation:
    """Return the invitation, withdrawn now or before (`not-the-operator`; `invitation-used` when somebody came by it already)."""
    require_operator(by)
    open_still = Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True, withdrawn_at__isnull=True)
    open_still.update(withdrawn_at=timezone.now())
    invitation.refresh_from_db()
    if invitation.accepted_at:
        raise UnusableInputError("invitation-used", expected="an invitation nobody used", found="a used one")
    return invitation
