"""Which entries of the log somebody wants to see. Asked of the public bytes of leaves alone: no answer depends on what is hidden.

Only a product is not written in a leaf: one that is open is found by the digests of its records; one that is restricted is found by nobody,
exactly as one that does not exist.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import BinaryField, BooleanField, F, Func, Q, QuerySet, Value

from transparency.models import BuildList, Delivery, Event, LogEntry, Product
from transparency.proofs.times import day_begins
from transparency.registries import logged_about

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

KINDS = {
    "delivery": "Source deliveries",
    "builds": "Published builds",
    "attestation": "Statements of auditors",
    "event": "What happened later",
}
MAX_TEXT = 100
_HEX = re.compile(r"[0-9A-Fa-f]+\Z", re.ASCII)


class LogFilter(forms.Form):
    """All fields are optional; one that makes no sense is said, and then nothing is shown."""

    kind = forms.ChoiceField(label="Kind", choices=[("", "All kinds"), *KINDS.items()], required=False)
    org = forms.CharField(label="Organisation, by its short name", max_length=MAX_TEXT, required=False)
    product = forms.CharField(label="Open product, by its short name", max_length=MAX_TEXT, required=False)
    since = forms.DateField(label="From day (UTC)", required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label="To day (UTC)", required=False, widget=forms.DateInput({"type": "date"}))
    text = forms.CharField(label="Digest, or a part of it", max_length=MAX_TEXT, required=False)

    def is_asked(self) -> bool:
        """Whether anything narrows the list."""
        return any(self.data.get(name) for name in self.fields)

    def entries(self, rows: QuerySet[LogEntry]) -> QuerySet[LogEntry]:
        """The rows that fit; none when a field makes no sense."""
        if not self.is_valid():
            return rows.none() if self.is_asked() else rows
        asked: dict[str, Any] = self.cleaned_data
        if asked["kind"]:
            rows = rows.filter(kind=asked["kind"])
        if asked["org"]:
            rows = _holding(rows, f'"org":"{asked["org"]}"')
        if asked["text"]:
            rows = _holding(rows, asked["text"].lower() if _HEX.match(asked["text"]) else asked["text"])
        if asked["product"]:
            rows = _about(rows, asked["product"])
        if asked["since"]:
            rows = rows.filter(created_at__gte=day_begins(asked["since"]))
        if asked["until"]:
            rows = rows.filter(created_at__lte=datetime.combine(asked["until"], time.max, UTC))
        return rows


class Holds(Func):
    """Whether the second bytes stand somewhere in the first."""

    output_field = BooleanField()
    arity = 2

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **more: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="(instr(%(expressions)s) > 0)", **more)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **more: Any) -> tuple[str, Any]:
        turned = self.copy()
        turned.set_source_expressions(self.get_source_expressions()[::-1])
        template = "(position(%(expressions)s) > 0)"
        return turned.as_sql(compiler, connection, template=template, arg_joiner=" in ", **more)


def _holding(rows: QuerySet[LogEntry], text: str) -> QuerySet[LogEntry]:
    return rows.filter(Holds(F("leaf"), Value(text.encode(), output_field=BinaryField())))


def _about(rows: QuerySet[LogEntry], slug: str) -> QuerySet[LogEntry]:
    """Entries whose leaf says openly what it records, of an open product."""
    product = Product.objects.filter(slug=slug, visibility=Product.Visibility.OPEN).first()
    if product is None:
        return rows.none()
    named = [
        Delivery.objects.filter(release__product=product)
        .exclude(state=Delivery.State.QUARANTINED)
        .values("record_digest"),
        BuildList.objects.filter(release__product=product).values("record_digest"),
        Event.objects.filter(product=product).values("record_digest"),
        *(digests(product) for digests in logged_about),
    ]
    found = Q()
    for digests in named:
        found |= Q(digest__in=digests)
    return rows.filter(found, opening__isnull=True)
