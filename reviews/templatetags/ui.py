"""Components: inclusion tags over templates/components, so that a wrong argument is an error in the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from reviews.rules.hidden import is_hidden, label

if TYPE_CHECKING:
    from django.forms import BoundField, Form

register = template.Library()

_VERDICT_LOOKS = {"valid": "proved", "invalid": "failed", "revoked": "failed"}
_LISTING_LOOKS = {"listed-and-equal": "proved", "listed-and-different": "failed"}


@register.filter
def visible(value: object) -> str:
    """Text with every hidden or direction-changing character as a readable token; escaped by the template as always."""
    return "".join(f"‹{label(char)}›" if is_hidden(char) else char for char in str(value))


@register.filter
def visible_lines(value: object) -> str:
    """As `visible`, but line breaks and tabs stay what they are."""
    return "".join(char if char in "\n\t" else visible(char) for char in str(value))


@register.inclusion_tag("components/tag.html")
def tag(word: str, look: str) -> dict[str, str]:
    return {"word": word, "look": look or "plain"}


@register.inclusion_tag("components/tag.html")
def verdict(outcome: str) -> dict[str, str]:
    """A machine's verdict, in its own word."""
    word = "signed by an enrolled key" if outcome == "valid" else outcome.replace("-", " ")
    return {"word": word, "look": _VERDICT_LOOKS.get(outcome, "open")}


@register.inclusion_tag("components/tag.html")
def listing(value: str) -> dict[str, str]:
    return {"word": value.replace("-", " "), "look": _LISTING_LOOKS.get(value, "open")}


@register.inclusion_tag("components/digest.html")
def digest(value: str) -> dict[str, str]:
    return {"digest": value}


@register.inclusion_tag("components/steps.html")
def steps(items: list[dict[str, str]]) -> dict[str, Any]:
    return {"steps": items}


@register.inclusion_tag("components/crumbs.html")
def crumbs(*pairs: str) -> dict[str, Any]:
    """Name, address, name, address …; the last address is empty."""
    return {"places": list(zip(pairs[::2], pairs[1::2], strict=True))}


@register.inclusion_tag("components/crumbs.html")
def trail(places: list[tuple[str, str]]) -> dict[str, Any]:
    return {"places": places}


@register.inclusion_tag("components/errors.html")
def errors(form: Form) -> dict[str, Any]:
    return {"form": form}


@register.inclusion_tag("components/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    return {"field": bound}
