"""How operations of the machine interface are declared: what they may answer, who is let in, how their pages follow each other."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from ninja import Router
from pydantic import BaseModel

from transparency.models import LogEntry, LogHead
from transparency.queries import installation, log_head
from transparency.web.api_access import delivering, reading
from transparency.web.api_shapes import AsOf, ErrorAnswer, Logged

View = TypeVar("View", bound=Callable[..., Any])
Row = TypeVar("Row", bound=Model)
# Refusals that any operation may answer: of the query, the token, its scope, the object, too many tokens, weather.
_READ_REFUSALS = (400, 401, 403, 404, 429, 500, 503)
_DELIVER_REFUSALS = (*_READ_REFUSALS, 409, 411, 413, 415, 422, 507)


def reads(router: Router, path: str, shape: type[BaseModel], *, tag: str) -> Callable[[View], View]:
    """GET (and so HEAD), without a token or with one for reading."""
    return router.get(
        path,
        response={200: shape, **_refusals(_READ_REFUSALS)},
        auth=reading,
        by_alias=True,
        tags=[tag],
        openapi_extra={"security": [{}]},  # beside the token: none at all
    )


def delivers(
    router: Router,
    method: str,
    path: str,
    answers: dict[int, type[BaseModel] | None],
    **documented: Any,
) -> Callable[[View], View]:
    """An operation for tokens for delivering; the view reads the body itself, strictly, as `documented` says."""
    return router.api_operation(
        [method],
        path,
        response={**answers, **_refusals(_DELIVER_REFUSALS)},
        auth=delivering,
        by_alias=True,
        tags=["deliver"],
        openapi_extra=documented or None,
    )


def as_of(head: LogHead | None = None) -> AsOf:
    """The checkpoint of this moment."""
    found = head or log_head()
    return AsOf(origin=installation().origin, size=found.size, root=found.root, checkpoint="/api/v1/log")


def logged(kind: str, digests: Iterable[str], head: LogHead) -> dict[str, Logged]:
    """Where the records with these digests stand in the log; those that wait for their place are left out."""
    rows = LogEntry.objects.filter(kind=kind, digest__in=[each for each in digests if each], index__lt=head.size)
    return {
        row.digest: Logged(index=row.index, entry=f"/api/v1/log/entries/{row.index}")
        for row in rows
        if row.index is not None
    }


def page_of(
    rows: "QuerySet[Row]",
    *,
    limit: int,
    place: str,
    after: Callable[[Row], object],
    seen: Callable[[Row], bool] = lambda _: True,
    query: dict[str, str] | None = None,
) -> tuple[list[Row], str | None]:
    """Up to `limit` rows that are seen, and the address of what follows. What is not seen leaves no gap."""
    found = list(islice((row for row in rows.iterator(chunk_size=limit + 1) if seen(row)), limit + 1))
    shown = found[:limit]
    if len(found) <= limit:
        return shown, None
    return shown, f"{place}?{urlencode({**(query or {}), 'after': str(after(shown[-1])), 'limit': str(limit)})}"


def _refusals(statuses: Iterable[int]) -> dict[int, type[BaseModel]]:
    return dict.fromkeys(statuses, ErrorAnswer)
