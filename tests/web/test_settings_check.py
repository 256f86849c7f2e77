"""The settings check: for the operator, in words, and without any secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.conf import settings as in_use
from django.core import checks

from transparency.gateways.sandbox import bubblewrap_works
from transparency.gateways.tools import Tool, tool_version
from transparency.services import inspect_installation
from transparency.services.contain import sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from tests.cast import Cast
    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)
PLACE = "/centre/settings/"


def test_it_is_the_operators_and_says_what_is_there(browse: Browse, cast: Cast, home: Path) -> None:
    for person in ("vera", "anna", "stan"):
        assert browse(person).get(PLACE).status_code == 403, person
    assert browse(None).get(PLACE).status_code == 302
    client = browse("olga")
    page = client.get(PLACE).content.decode()
    for said in (
        "log.centre.test/source",
        ">bubblewrap<",
        "16.0 GiB",
        "TRANSPARENCY_LIMIT_MEMBERS",
        "1,000,000",
        "git version",
    ):
        assert said in page, said
    assert ">there<" in page
    (home / "keys" / "log.skey").chmod(0o644)
    assert "others may read it" in client.get(PLACE).content.decode()
    (home / "keys" / "log.skey").unlink()
    assert "nothing can be logged" in client.get(PLACE).content.decode()
    assert client.post(PLACE).status_code == 405


def test_what_production_must_not_have_is_told_with_what_to_do_and_no_secret_is(
    browse: Browse, cast: Cast, home: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browse("olga")
    secret = (home / "keys" / "log.skey").read_text().strip().rpartition("+")[2]
    type(cast.vendor).objects.filter(pk=cast.vendor.pk).update(demo=True)
    settings.CELERY_BROKER_URL = "redis://worker:hidden-broker-word@10.9.8.7:6379/0"
    settings.PRODUCTION = True
    settings.DEBUG = True
    page = client.get(PLACE).content.decode()
    for said in ("E003", "Give DATABASE_URL a PostgreSQL address.", "E005", "E007", "must be corrected", "REDIS_URL"):
        assert said in page, said
    assert "find nothing to correct" not in page
    for hidden in (in_use.SECRET_KEY, secret, "hidden-broker-word", "10.9.8.7", cast.vendor.password):
        assert hidden not in page
    monkeypatch.setenv("PATH", "/nonexistent")
    bubblewrap_works.cache_clear()
    sandbox.cache_clear()
    tool_version.cache_clear()
    try:
        page = client.get(PLACE).content.decode()
    finally:
        for remembered in (bubblewrap_works, sandbox, tool_version):
            remembered.cache_clear()
    assert "nothing is parsed until bubblewrap works" in page
    assert "E009" in page
    assert page.count(">missing<") == 3


def test_words_of_a_database_driver_are_not_shown() -> None:
    told = inspect_installation._complaint(
        checks.Error("could not connect: user=root host=db.internal", id="transparency.E008")
    )
    assert "db.internal" not in f"{told.text} {told.to_do}"
    assert told.severe
    hinted = inspect_installation._complaint(checks.Warning("odd", hint="mend it", id="x.W1"))
    assert (hinted.to_do, hinted.severe) == ("mend it", False)


def test_a_tool_that_fails_hangs_or_is_not_there_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tool_version(Tool("no-such-program", "nothing", ("--version",))) is None
    monkeypatch.setattr("transparency.gateways.tools.ASK_SECONDS", 0.2)
    assert tool_version(Tool("sleep", "waits", ("5",))) == ""
    assert "false" not in (tool_version(Tool("false", "fails", ("-x",))) or "")
