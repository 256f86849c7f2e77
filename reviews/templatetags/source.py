"""The one place where HTML made from imported text reaches a page: rows of reviews/rules/render.py, escaped there."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag
def row(html: str) -> SafeString:
    """A row of a rendered file; nothing else may be given."""
    return mark_safe(html)  # noqa: S308 - the renderer escapes every character and emits only spans of its own
