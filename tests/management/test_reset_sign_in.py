"""`manage.py reset_sign_in`: the old ways in are gone, sessions and tokens too, and the reason stays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command

from tests.web.test_sign_in import enrolled, is_in, local, sign_in
from transparency.models import AccountChange, ApiToken, Grant
from transparency.permissions import Right
from transparency.services.issue_token import issue_token

if TYPE_CHECKING:
    from tests.cast import Cast
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_lost_the_passkey_comes_in_by_password_again(
    cast: Cast, open_release: Release, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, _ = enrolled()
    for wrong in (["anna"], ["anna", "--reason", "  "], ["nobody", "--reason", "x"]):
        with pytest.raises(SystemExit) as ended:
            call_command("reset_sign_in", *wrong, "--json")
        assert ended.value.code == 2
    Grant.objects.create(person=cast.auditor, product=open_release.product, rights=[Right.DELIVER])
    token, _ = issue_token(product=open_release.product, owner=cast.auditor, name="CI", days=1)
    other, _ = issue_token(product=open_release.product, owner=cast.vendor, name="CI", days=1)
    assert is_in(mine)
    capsys.readouterr()
    call_command("reset_sign_in", "anna", "--reason", "two officers met her", "--new-password", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert (answer["person"], answer["passkeys"], answer["tokens"]) == ("anna", 1, 1)
    assert ApiToken.objects.get(revoked_at__isnull=False) == token
    assert ApiToken.objects.get(revoked_at__isnull=True) == other
    assert not is_in(mine)
    assert not Authenticator.objects.exists()
    assert sign_in(local(), "anna").status_code == 200  # the old password is gone too
    client = local()
    client.post("/sign-in/", {"username": "anna", "password": answer["password"]})
    assert is_in(client)
    change = AccountChange.objects.get()
    assert (change.person, change.by, change.reason) == (cast.auditor, None, "Sign-in reset: two officers met her")
