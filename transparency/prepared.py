"""A question to the database whose SQL is written once, by Django, and then asked again with other values.

For what is asked with nearly every page: writing the SQL of a queryset costs several times what the database needs to answer it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, connections

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet

_FIRST_NUMBER = 2_147_000_001  # fits a column of 32 bits, and stands for nothing else
_WORD = "\x01value-{}"  # no text of ours has control characters


class Prepared:
    """`make` builds a queryset of `values_list()` from values of these kinds (`int` or `str`).

    It must put each value into a comparison as it is: a value that decides about the shape of the SQL (None, a list) cannot be one.
    Rows come as the driver gives them, without the fields' conversions.
    """

    def __init__(self, make: Callable[..., QuerySet[Any, Any]], *kinds: type[int | str]) -> None:
        self._make, self._kinds = make, kinds
        self._written: dict[str, tuple[str, tuple[Any, ...]]] = {}

    def __call__(self, *values: int | str) -> list[tuple[Any, ...]]:
        if [type(value) for value in values] != list(self._kinds):
            raise AssertionError(f"expected values of {self._kinds}, found {values!r}")
        connection = connections[DEFAULT_DB_ALIAS]
        written = self._written.get(connection.vendor) or self._write(connection.vendor)
        sql, places = written
        with connection.cursor() as cursor:
            cursor.execute(sql, [values[place.index] if isinstance(place, _Place) else place for place in places])
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    def _write(self, vendor: str) -> tuple[str, tuple[Any, ...]]:
        stand_ins = [
            _FIRST_NUMBER + number if kind is int else _WORD.format(number) for number, kind in enumerate(self._kinds)
        ]
        query = self._make(*stand_ins).query
        sql, params = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        places = tuple(_Place(stand_ins.index(param)) if param in stand_ins else param for param in params)
        missing = set(range(len(stand_ins))) - {place.index for place in places if isinstance(place, _Place)}
        if missing:
            raise AssertionError(f"the queryset does not compare with value {min(missing)} as it is")
        self._written[vendor] = sql, places
        return sql, places


class _Place:
    """Where a value goes."""

    def __init__(self, index: int) -> None:
        self.index = index
