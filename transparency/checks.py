"""System checks: production refuses what only the embedded size and its demonstration may have.

E001 secret key, E002 hosts, E003 SQLite, E004 an `.example` name, E005 people of the demonstration, E006 keys of the demonstration,
E007 debug, E009 a sandbox that does not start (W001 for the embedded size). E004 to E006 read rows: they are database checks
(`manage.py check --database default --deploy`); `wsgi.py` runs them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register  # noqa: A004 - Django's name
from django.db import connections
from django.db.utils import DatabaseError

from transparency.gateways.sandbox import bubblewrap_works
from transparency.models import Installation, Person, TrustAnchor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.apps import AppConfig

SECRET_CHARACTERS = 50


@register(Tags.security)
def production_settings(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[Error]:  # noqa: ARG001 - Django's signature
    """What can be told from settings alone."""
    if not settings.PRODUCTION:
        return []
    found = []
    if len(settings.SECRET_KEY) < SECRET_CHARACTERS:
        found.append(Error("TRANSPARENCY_SECRET_KEY must be given, 50 characters or more.", id="transparency.E001"))
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        found.append(Error("TRANSPARENCY_HOSTS must list the host names that are served.", id="transparency.E002"))
    if any(host.rstrip(".").endswith(".example") for host in settings.ALLOWED_HOSTS):
        found.append(Error("TRANSPARENCY_HOSTS has an .example name.", id="transparency.E004"))
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite"):
        found.append(Error("DATABASE_URL must name a PostgreSQL database.", id="transparency.E003"))
    if settings.DEBUG:
        found.append(Error("TRANSPARENCY_DEBUG must be off.", id="transparency.E007"))
    if not bubblewrap_works():
        found.append(
            Error(
                "bwrap (bubblewrap) must be there and may make namespaces: hostile input is parsed in it.",
                id="transparency.E009",
            )
        )
    return found


@register(Tags.security)
def embedded_sandbox(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[Warning]:  # noqa: ARG001 - Django's signature
    """The embedded size goes on without bubblewrap, and says so."""
    if settings.PRODUCTION or bubblewrap_works():
        return []
    hint = "Install bubblewrap. Until then only the limits of a process contain hostile archives."
    return [Warning("Hostile input is parsed without a sandbox.", hint=hint, id="transparency.W001")]


@register(Tags.database)
def production_rows(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001 - Django's signature
    databases: Iterable[str] | None = None,
    **_: Any,
) -> list[Error]:
    """What only the database tells: nothing of a demonstration may be in it."""
    if not settings.PRODUCTION or "default" not in (databases or ()):
        return []
    if "transparency_installation" not in connections["default"].introspection.table_names():
        return []
    found = []
    try:
        row = Installation.objects.first()
        if row and row.origin.split("/")[0].endswith(".example"):
            found.append(Error(f"The log's origin is an .example name: {row.origin}", id="transparency.E004"))
        if Person.objects.filter(demo=True).exists():
            found.append(Error("The database has people of the demonstration.", id="transparency.E005"))
        if TrustAnchor.objects.filter(demo=True).exists():
            found.append(Error("The database has keys of the demonstration.", id="transparency.E006"))
    except DatabaseError as error:
        found.append(Error(f"The database could not be asked: {error}", id="transparency.E008"))
    return found
