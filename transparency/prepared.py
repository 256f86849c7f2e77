"""A question to the database whose SQL is written once, by Django, and then asked again with other values.

For what is asked with nearly every page: writing the SQL of a queryset costs several times what the database needs to answer it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, connections

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model, QuerySet

_FIRST_NUMBER = 2_147_000_001  # fits a column of 32 bits, and stands for nothing else
_WORD = "\x01value-{}"  # no text of ours has control characters


class Prepared:
    """`make` builds a queryset of `values_list()` from values of these kinds (`int` or `str`).

    It must put each value into a comparison as it is: a value that decides about the shape of the SQL (None, a list) cannot be one.
    Rows come as the driver gives them, or `converted`: with the values that the fields of a model would have.
    """

    def __init__(
        self, make: Callable[..., QuerySet[Any, Any]], *kinds: type[int | str], converted: bool = False
    ) -> None:
        self._make, self._kinds, self._converted = make, kinds, converted
        self._written: dict[str, _Written] = {}

    def __call__(self, *values: int | str) -> list[tuple[Any, ...]]:
        if [type(value) for value in values] != list(self._kinds):
            raise AssertionError(f"expected values of {self._kinds}, found {values!r}")
        connection = connections[DEFAULT_DB_ALIAS]
        written = self._written.get(connection.vendor)
        if written is None:
            written = self._written[connection.vendor] = self._write()
        params = [values[each.index] if isinstance(each, _Place) else each for each in written.params]
        with connection.cursor() as cursor:
            cursor.execute(written.sql, params)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return written.convert(rows, connection) if self._converted else rows

    def _write(self) -> _Written:
        stand_ins = [
            _FIRST_NUMBER + number if kind is int else _WORD.format(number) for number, kind in enumerate(self._kinds)
        ]
        compiler = self._make(*stand_ins).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        places = tuple(_Place(stand_ins.index(param)) if param in stand_ins else param for param in params)
        missing = set(range(len(stand_ins))) - {place.index for place in places if isinstance(place, _Place)}
        if missing:
            raise AssertionError(f"the queryset does not compare with value {min(missing)} as it is")
        return _Written(sql, places, compiler.get_converters(column for column, *_ in compiler.select))


@dataclass(frozen=True, slots=True)
class _Written:
    """`converters`: by the place in a row, functions of (value, expression, connection), and that expression."""

    sql: str
    params: tuple[Any, ...]
    converters: dict[int, tuple[list[Callable[[Any, Any, Any], Any]], Any]]

    def convert(self, rows: list[tuple[Any, ...]], connection: object) -> list[tuple[Any, ...]]:
        found = []
        for row in rows:
            values = list(row)
            for place, (functions, expression) in self.converters.items():
                for function in functions:
                    values[place] = function(values[place], expression, connection)
            found.append(tuple(values))
        return found


class _Place:
    """Where a value goes."""

    def __init__(self, index: int) -> None:
        self.index = index


def columns_of(model: type[Model], *but: str) -> list[str]:
    """The names of a model's own columns, for `values_list` and `from_db`."""
    return [field.attname for field in model._meta.concrete_fields if field.attname not in but]  # noqa: SLF001 - documented
