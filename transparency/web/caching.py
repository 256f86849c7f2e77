"""What browsers may keep: nothing of a restricted product or of a person's own work, the rest only after asking again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpResponse

    from transparency.models import Product

NEVER = "no-store"
ASK_AGAIN = "private, no-cache"


def kept_as(response: HttpResponse, product: Product) -> HttpResponse:
    """The response, with what may be kept of it."""
    response.headers["Cache-Control"] = NEVER if product.is_restricted else ASK_AGAIN
    return response
