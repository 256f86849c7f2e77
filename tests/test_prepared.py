"""Questions whose SQL is written once give what their querysets give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.db.models import Q, QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from transparency.models import Grant, Person, Product
from transparency.prepared import Prepared

if TYPE_CHECKING:
    from tests.cast import Cast

pytestmark = pytest.mark.django_db


def _people(name: str, organisation: int) -> QuerySet[Person, Any]:
    rows = Person.objects.filter(Q(username=name) | Q(organisation=organisation), is_active=True)
    return rows.order_by("pk").values_list("username", "organisation__slug")


def test_rows_are_those_of_the_queryset_each_time(cast: Cast) -> None:
    ask = Prepared(_people, str, int)
    people = [(person.username, person.organisation_id or 0) for person in (cast.auditor, cast.vendor, cast.stranger)]
    for name, organisation in [*people, ("nobody's%s", 0), ("' OR 1=1 --", 1), ("\x01value-0", 0)]:
        assert ask(name, organisation) == [tuple(row) for row in _people(name, organisation)]
    with CaptureQueriesContext(connection) as asked:
        ask("anna", 0)
    assert len(asked) == 1


def test_converted_rows_have_the_values_of_the_fields(cast: Cast) -> None:
    assert cast.vendor.organisation
    grant = Grant.objects.create(
        person=cast.auditor, product=Product.objects.create(slug="p", name="P", vendor=cast.vendor.organisation), rights=["know"],
        valid_from=timezone.now(),
    )  # fmt: skip
    columns = [field.attname for field in Grant._meta.concrete_fields]
    ask = Prepared(lambda number: Grant.objects.filter(pk=number).values_list(*columns), int, converted=True)
    [row] = ask(grant.pk)
    assert row == Grant.objects.filter(pk=grant.pk).values_list(*columns)[0]
    assert Grant.from_db("default", columns, row).valid_from == grant.valid_from
    assert ask(grant.pk + 1) == []


@pytest.mark.parametrize("values", [("anna",), ("anna", "1"), (1, 1), ("anna", 1, 1), ("anna", True)])
def test_other_values_than_announced_are_refused(cast: Cast, values: tuple[Any, ...]) -> None:
    with pytest.raises(AssertionError, match="expected values of"):
        Prepared(_people, str, int)(*values)


def test_a_value_that_is_not_compared_as_it_is_is_refused(cast: Cast) -> None:
    shaped = Prepared(lambda name, _: Product.objects.filter(slug=name).values_list("pk"), str, int)
    with pytest.raises(AssertionError, match="does not compare with value 1"):
        shaped("widget", 3)
    inside = Prepared(lambda name: Product.objects.filter(slug__contains=name).values_list("pk"), str)
    with pytest.raises(AssertionError, match="does not compare with value 0"):
        inside("widget")
