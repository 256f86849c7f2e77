"""Keep where a person stopped reading a release, to offer it again. Only that person sees it; it says nothing about reading."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import OperationalError

from reviews.models import LastPlace
from transparency.unless_busy import unless_busy

if TYPE_CHECKING:
    from transparency.models import Person, Release

_logger = logging.getLogger(__name__)


def remember_place(*, person: Person, release: Release, path: str, line: int | None = None) -> bool:
    """Return whether a row was written: not where it says so already. `line` None: nothing was pointed at.

    A database that does not write now, or writes for somebody else, costs the bookmark, and never holds the page.
    """
    kept = LastPlace.objects.filter(person=person, release=release).values_list("path", "line").first()
    if kept and kept[0] == path and line in {None, kept[1]}:
        return False
    try:
        with unless_busy():
            LastPlace.objects.update_or_create(
                person=person, release=release, defaults={"path": path, "line": line or 1}
            )
    except OperationalError as error:
        _logger.warning("a last place was not kept: %s", error)
        return False
    return True
