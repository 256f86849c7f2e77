"""Production refuses what only a demonstration may have."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from transparency.checks import embedded_sandbox, production_rows, production_settings
from transparency.gateways.sandbox import bubblewrap_works
from transparency.models import Installation, Organisation, Person, TrustAnchor

ROOT = Path(__file__).resolve().parent.parent


def found(errors: list[object]) -> set[str]:
    return {str(getattr(error, "id", "")).rpartition(".")[2] for error in errors}


def test_the_embedded_size_is_not_asked() -> None:
    assert production_settings(None) == []
    assert production_rows(None, databases=["default"]) == []


def test_settings_of_a_laptop_are_refused(settings: object) -> None:
    settings.PRODUCTION = True  # type: ignore[attr-defined]
    settings.SECRET_KEY = "short"  # type: ignore[attr-defined]
    settings.ALLOWED_HOSTS = ["portal.example"]  # type: ignore[attr-defined]
    settings.DEBUG = True  # type: ignore[attr-defined]
    assert found(list(production_settings(None))) == {"E001", "E003", "E004", "E007"}
    settings.ALLOWED_HOSTS = ["*"]  # type: ignore[attr-defined]
    assert "E002" in found(list(production_settings(None)))


def test_production_refuses_to_parse_without_bubblewrap_and_the_embedded_size_warns(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert embedded_sandbox(None) == []
    monkeypatch.setenv("PATH", "/nonexistent")
    bubblewrap_works.cache_clear()
    try:
        assert found(list(embedded_sandbox(None))) == {"W001"}
        settings.PRODUCTION = True  # type: ignore[attr-defined]
        assert "E009" in found(list(production_settings(None)))
        assert embedded_sandbox(None) == []
    finally:
        bubblewrap_works.cache_clear()


@pytest.mark.django_db
def test_people_keys_and_names_of_the_demonstration_are_refused(settings: object) -> None:
    settings.PRODUCTION = True  # type: ignore[attr-defined]
    assert connection.introspection.table_names()
    assert production_rows(None, databases=["default"]) == []
    Installation.objects.create(origin="centre-1.example/log", vkey="v", name="Demo")
    vendor = Organisation.objects.create(slug="maker", name="Maker", kind="vendor")
    person = Person.objects.create_user("vera", organisation=vendor, demo=True)
    TrustAnchor.objects.create(
        organisation=vendor, person=person, format="ssh", public="ssh-ed25519 AAAA", fingerprint="x", demo=True
    )
    assert found(list(production_rows(None, databases=["default"]))) == {"E004", "E005", "E006"}


def test_the_web_process_does_not_start_with_failed_checks(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "TRANSPARENCY_MODE": "production",
        "TRANSPARENCY_HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [sys.executable, "-c", "import transparency.wsgi"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "SECRET_KEY" in done.stderr
    environment["TRANSPARENCY_SECRET_KEY"] = "x" * 60
    done = subprocess.run(
        [sys.executable, "-c", "import transparency.wsgi"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "transparency.E003" in done.stderr
