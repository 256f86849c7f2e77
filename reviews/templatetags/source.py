"""The one place where HTML made from imported text reaches a page: the rows of reviews/rules/rows.py, escaped by the renderer."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag
def rows(bodies: str) -> SafeString:
    """The table bodies that `splice` made; nothing else may be given."""
    return mark_safe(bodies)  # noqa: S308 - the renderer escapes every character; notes come out of a template
