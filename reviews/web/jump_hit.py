"""One place that the jump box found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hit:
    """`exact`: what was asked for is the whole name, digest or number of it, or the end of its path in whole components."""

    kind: str
    title: str
    more: str
    address: str
    exact: bool
