"""The six standard checks of a view that changes something, asked of any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.test import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.web.conftest import Browse


def check_refusals(
    browse: Browse,
    place: str,
    data: Mapping[str, object],
    *,
    allowed: str,
    strangers: Iterable[str],
    unchanged: Callable[[], object],
    missing: str,
    forbidden: Iterable[str] = (),
    has_page: bool = False,
) -> None:
    """Whoever is not signed in, may not know, sends no token, asks for nothing that is, or asks by another method changes nothing.

    The sixth check, that the right person does change it, is the caller's. `has_page`: GET shows a form.
    """
    before = unchanged()
    answer = browse(None).post(place, data)
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/sign-in/")
    for person in strangers:
        assert browse(person).post(place, data).status_code == 404, person
    for person in forbidden:
        assert browse(person).post(place, data).status_code == 403, person
    strict = Client(enforce_csrf_checks=True)
    assert strict.login(username=allowed, password=f"{allowed}-password-long")
    assert strict.post(place, data).status_code == 403
    client = browse(allowed)
    assert client.post(missing, data).status_code == 404
    assert client.get(place).status_code == (200 if has_page else 405)
    assert client.put(place, data).status_code == 405
    assert unchanged() == before
