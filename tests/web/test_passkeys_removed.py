"""Removing passkeys where one is required: of two removals at once, the second finds what the first left."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.models.signals import pre_delete

from tests.passkeys import SoftPasskey
from tests.web.test_sign_in import enrol, enrolled

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
HEAD_START = 0.5  # seconds in which a removal that does not wait would have counted two passkeys


def test_two_removals_at_once_leave_one(cast: Cast, settings: Settings) -> None:
    settings.REQUIRE_PASSKEY = True
    client, _ = enrolled()
    enrol(client, SoftPasskey(), "telephone")
    first, second = Authenticator.objects.filter(type="webauthn").values_list("pk", flat=True)

    def remove(number: int) -> None:
        try:
            client.post(f"/account/passkeys/{number}/remove/")
        finally:
            connection.close()

    other = threading.Thread(target=remove, args=(second,))

    def meanwhile(**_: Any) -> None:
        if other.ident is None:
            other.start()
            other.join(timeout=HEAD_START)

    pre_delete.connect(meanwhile, sender=Authenticator, weak=False)
    try:
        client.post(f"/account/passkeys/{first}/remove/")
        other.join()
    finally:
        pre_delete.disconnect(meanwhile, sender=Authenticator)
    assert list(Authenticator.objects.filter(type="webauthn").values_list("pk", flat=True)) == [second]
