"""A public key as a file: commands on pages name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse

if TYPE_CHECKING:
    from transparency.models import TrustAnchor


def key_answer(anchor: TrustAnchor) -> HttpResponse:
    ending = {"openpgp": "asc", "pem": "pem", "x509": "pem"}.get(anchor.format, "pub")
    response = HttpResponse(f"{anchor.public}\n", content_type="text/plain; charset=utf-8")
    name = "".join(char for char in anchor.fingerprint.partition("#")[0].rpartition(":")[2] if char.isalnum())
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    return response
