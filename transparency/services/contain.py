"""The installation's sandbox and limits, from settings."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cache as remember

from django.conf import settings

from transparency.gateways.sandbox import Bounds, Sandbox, choose_sandbox
from transparency.gateways.warm import WarmBounds, WarmPool
from transparency.proofs.sources.membersource import Limits

_logger = logging.getLogger(__name__)


@remember
def sandbox() -> Sandbox:
    """Bubblewrap where it works. Without it the embedded size goes on with the limits of a process, and says so; production does not."""
    bounds = Bounds(cpu=settings.PARSE_CPU_SECONDS, time=settings.PARSE_SECONDS, memory=settings.PARSE_MEMORY_BYTES)
    chosen = replace(choose_sandbox("bubblewrap" if settings.PRODUCTION else settings.SANDBOX, bounds), ready=True)
    if chosen.kind != "bubblewrap":
        _logger.warning(
            "hostile input is parsed without bubblewrap here: limits hold, but files and network are not shut off"
        )
    return chosen


def intake_limits() -> Limits:
    """What one archive may hold (EDGES, Limits)."""
    return Limits(
        content=settings.LIMIT_CONTENT_BYTES,
        members=settings.LIMIT_MEMBERS,
        member=settings.LIMIT_MEMBER_BYTES,
        ratio=settings.LIMIT_RATIO,
    )


@remember
def warm(module: str, folder: str, bounds: WarmBounds | None = None) -> WarmPool:
    """The processes of this web server or worker that have loaded `module`, which lies in the package at `folder`."""
    return WarmPool(sandbox().kind, module, show=(folder,), bounds=bounds)
