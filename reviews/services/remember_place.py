"""Keep where a person stopped reading a release, to offer it again. Only that person sees it; it says nothing about reading."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import OperationalError

from reviews.models import LastPlace
from transparency.prepared import Prepared
from transparency.unless_busy import unless_busy

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from transparency.models import Person

_logger = logging.getLogger(__name__)


def _of(person: int, release: int) -> QuerySet[LastPlace, tuple[str, int]]:
    return LastPlace.objects.filter(person=person, release=release).order_by().values_list("path", "line")


last_place = Prepared(_of, int, int)  # (path, line) of the rows of one person and one release: one or none


def remember_place(*, person: Person, release: int, path: str, line: int | None = None) -> bool:
    """Return whether a row was written: not where it says so already. `release`: number of its row; `line` None: none was pointed at.

    A database that does not write now, or writes for somebody else, costs the bookmark, and never holds the page.
    """
    for kept_path, kept_line in last_place(person.pk, release):
        if kept_path == path and line in {None, kept_line}:
            return False
    try:
        with unless_busy():
            LastPlace.objects.update_or_create(
                person=person, release_id=release, defaults={"path": path, "line": line or 1}
            )
    except OperationalError as error:
        _logger.warning("a last place was not kept: %s", error)
        return False
    return True
