"""Keep in the data folder what came of the last backup or check: when, and with what result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from transparency.gateways.upkeep import write_upkeep
from transparency.proofs.times import format_time

if TYPE_CHECKING:
    from collections.abc import Mapping


def record_upkeep(name: str, facts: Mapping[str, Any]) -> None:
    """Replace what is known of the last `name`; the time is now unless the facts have one."""
    write_upkeep(settings.HOME, name, {"time": format_time(timezone.now()), **facts})
