"""What lies in quarantine, for those who may see it: found and counted by the database, of a delivery only what a row shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Func, IntegerField
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from transparency.models import Delivery
from transparency.permissions import seen_in_quarantine
from transparency.web.access import signed_in
from transparency.web.verdict_words import way_out_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler
    from django.http import HttpRequest, HttpResponse

DELIVERIES_A_PAGE = 50
_SHOWN = ("archive_name", "verdict", "created_at", "release__version", "release__product__name")


class ArrayLength(Func):
    """How many elements a JSON column's list has, without loading them: one refused archive may name 100,000 members."""

    function = "jsonb_array_length"
    output_field = IntegerField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **more: Any) -> Any:
        return self.as_sql(compiler, connection, function="json_array_length", **more)


@login_required
@never_cache
@require_safe
def quarantine(request: HttpRequest) -> HttpResponse:
    rows = Delivery.objects.filter(seen_in_quarantine(signed_in(request))).select_related("release__product")
    rows = rows.annotate(refusals=ArrayLength("refused")).only(*_SHOWN).order_by("-created_at", "-pk")
    page = Paginator(rows, DELIVERIES_A_PAGE).get_page(request.GET.get("page"))
    shown: Iterable[Any] = page  # with `refusals`, which no model has
    deliveries = [(row, way_out_of(row.verdict, refused=row.refusals > 0)) for row in shown]
    return render(request, "transparency/quarantine.html", {"page": page, "deliveries": deliveries})
