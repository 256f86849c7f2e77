"""Where the lower app must call the upper one, it calls what was registered here (filled in each app's `ready()`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet

    from transparency.models import Person, Product
    from transparency.services.claim_job import Claim

# Kind of job -> what performs it. A performer commits its own result through `finish_job`, in one transaction.
job_performers: dict[str, Callable[[Claim], None]] = {}

# Called with a snapshot's id after its import is committed: index, symbols, comparison, leads.
after_import: list[Callable[[int], None]] = []

# Steps of `serve --demo`, each idempotent, called with a function that prints a line.
demonstration: list[Callable[[Callable[[str], object]], None]] = []

# Called when a web server is about to answer its first request.
before_serving: list[Callable[[], None]] = []

# What the upper app knows of a person, as a label and a value, shown to the operator and to that person.
person_facts: list[Callable[[Person], tuple[str, str]]] = []

# Routers of the machine interface, by dotted name: it is put together when the first address is looked up.
api_routers: list[str] = []

# Digests of what the upper app logged about a product, for finding its entries in the log.
logged_about: list[Callable[[Product], QuerySet[Any, Any]]] = []
