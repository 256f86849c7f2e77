"""Times as RFC 3339 text in UTC with `Z` and whole seconds (docs/formats.md).

>>> format_time(parse_time("2026-11-24T10:00:00Z"))
'2026-11-24T10:00:00Z'
>>> parse_time("2026-11-24T10:00:00+00:00")
Traceback (most recent call last):
    ...
transparency.proofs.errors.EvidenceError: time-malformed: expected YYYY-MM-DDThh:mm:ssZ, found 2026-11-24T10:00:00+00:00
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

from transparency.proofs.errors import EvidenceError

_SHAPE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z\Z", re.ASCII)


def parse_time(text: str) -> datetime:
    """Return the aware UTC time; raise `time-malformed` for any other spelling."""
    malformed = EvidenceError("time-malformed", expected="YYYY-MM-DDThh:mm:ssZ", found=text[:40])
    if not _SHAPE.match(text):
        raise malformed
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise malformed from error


def format_time(moment: datetime) -> str:
    """Return the RFC 3339 text; the time must be aware, fractions of seconds are cut."""
    if moment.tzinfo is None:
        raise AssertionError("naive time")
    # Not strftime, which writes the year 226 with three digits.
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def day_begins(day: date) -> datetime:
    """Return the first second of a day in UTC."""
    return datetime.combine(day, time.min, UTC)


def day_ends(day: date) -> datetime:
    """Return the last whole second of a day in UTC.

    >>> format_time(day_ends(date(2026, 2, 28)))
    '2026-02-28T23:59:59Z'
    """
    return datetime.combine(day, time(23, 59, 59), UTC)
