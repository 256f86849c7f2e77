"""Security headers where no matrix comes by: errors of every kind, static files, downloads (test_access_matrix.py asks the rest)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from tests.web.headers import headers_are_whole
from tests.web.test_errors import full_disk
from transparency.models import LogEntry
from transparency.services.issue_token import issue_token
from transparency.web import api_access

if TYPE_CHECKING:
    from tests.cast import Cast
    from tests.web.conftest import Browse
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("machine", [False, True])
def test_errors_of_every_kind_carry_them(
    browse: Browse, cast: Cast, open_release: Release, monkeypatch: pytest.MonkeyPatch, *, machine: bool
) -> None:
    base = "/api/v1" if machine else ""
    client, strict = browse("vera"), Client(enforce_csrf_checks=True)
    assert strict.login(username="vera", password="vera-password-long")
    secret = issue_token(product=open_release.product, owner=cast.vendor, name="CI", days=1)[1]
    token = {"Authorization": f"Bearer {secret}"} if machine else None
    asked = {
        400: client.get(f"{base}/log", headers={"host": "evil.test"}),
        404: client.get(f"{base}/nothing"),
        405: client.put(f"{base}/products{'' if machine else '/'}"),
        413: client.post(
            f"{base}/products/widget/{'deliveries' if machine else '-/uploads/'}",
            b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1),
            content_type="application/json",
            headers=token,
        ),
    }
    if machine:
        asked[401] = client.post(f"{base}/products/widget/uploads")
        monkeypatch.setattr(api_access, "WRONG_A_MINUTE", 0)
        asked[429] = client.get(f"{base}/products", headers={"Authorization": "Bearer wrong"})
    else:
        asked[403] = strict.post("/theme/", {"theme": "dark"})
        asked[429] = [Client().post("/sign-in/", {"login": f"nobody-{turn}", "password": "no"}) for turn in range(31)][
            -1
        ]
    with connection.execute_wrapper(full_disk):
        asked[507 if machine else 503] = Client(raise_request_exception=False).get(
            f"{base}/log" + ("" if machine else "/")
        )
    LogEntry.objects.update(leaf=b"torn")
    asked[500] = client.get(f"{base}/log/entries" if machine else "/log/")
    for status, answer in asked.items():
        assert answer.status_code == status, answer.content[:300]
        headers_are_whole(answer)


def test_downloads_are_closed_tighter_and_never_wider(browse: Browse, open_release: Release) -> None:
    delivery = open_release.deliveries.get()
    signature = f"/deliveries/{delivery.pk}/signatures/{delivery.signatures.get().position}"
    for place in ("/products/widget/1.0/raw/README", signature):
        answer = browse("vera").get(place)
        assert answer.status_code == 200
        headers_are_whole(answer, place)
        assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_static_files_carry_them(cast: Cast) -> None:
    (Path(settings.STATIC_ROOT) / "plain.css").write_text("body {}")
    answer = Client().get("/static/plain.css")
    assert answer.status_code == 200
    headers_are_whole(answer, "/static/plain.css")
    headers_are_whole(Client().get("/static/nothing.css"))
