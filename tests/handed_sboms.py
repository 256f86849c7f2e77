"""A bill of materials that is handed in for a release and compared, for real."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from tests.cast import finish
from transparency.models import Sbom
from transparency.services.receive_sbom import receive_sbom
from transparency.services.stored_files import Received

if TYPE_CHECKING:
    from transparency.models import Person, Release


def add_sbom(release: Release, document: Any, *, sender: Person | None = None, name: str = "widget.json") -> Sbom:
    """Hand it in and compare it; `document` as data, or the very bytes."""
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    job = finish(receive_sbom(release=release, document=Received(name, io.BytesIO(data)), sender=sender, send=False))
    return Sbom.objects.get(pk=(job.result or {})["sbom"])
