"""The one place where HTML made from other people's text reaches a page: rows of source (rules/rows.py), notes (rules/markdown.py)."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString, mark_safe

from reviews.rules.markdown import shown

register = template.Library()


@register.simple_tag
def rows(bodies: str) -> SafeString:
    """The table bodies that `splice` made, or rows that came out of a template; nothing else may be given."""
    return mark_safe(bodies)  # noqa: S308 - the renderer and templates escape every character


@register.simple_tag
def markdown(text: str) -> SafeString:
    """What somebody wrote, as the one renderer of notes shows it."""
    return mark_safe(shown(text))  # noqa: S308 - made without HTML, then cleaned by nh3
