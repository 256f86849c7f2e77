"""Components: inclusion tags over templates/components, so that a wrong argument is an error in the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.forms import CheckboxInput

from reviews.rules.hidden import is_hidden, label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from django.forms import BoundField, Form

    from reviews.rules.coverage import Share

register = template.Library()

_VERDICTS = {
    "valid": ("signed by an enrolled key", "proved"),
    "invalid": ("invalid signature", "failed"),
    "revoked": ("revoked key", "failed"),
    "unsigned": ("unsigned", "open"),
    "unknown-key": ("unknown key", "open"),
    "expired": ("expired key", "open"),
    "weak": ("too weak to count", "open"),
    "unavailable": ("could not be decided now", "open"),
}
_LISTINGS = {"listed-and-equal": "proved", "listed-and-different": "failed"}
_STEPS = {
    "holds": "proved",
    "done": "proved",
    "valid": "proved",
    "stated": "stated",
    "fails": "failed",
    "refused": "failed",
    "invalid": "failed",
}
_JOBS = {"done": "proved", "failed": "failed", "running": "stated"}
_BYTES = 1024


@register.filter
def visible(value: object) -> str:
    """Text with every hidden or direction-changing character as a readable token; escaped by the template as always."""
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"‹{label(char)}›" if is_hidden(char) else char for char in text)


@register.filter
def visible_lines(value: object) -> str:
    """As `visible`, but line breaks and tabs stay what they are."""
    return "".join(char if char in "\n\t" else visible(char) for char in str(value))


@register.filter
def number(value: int) -> str:
    """Whole numbers with a comma every three digits."""
    return f"{value:,}"


@register.filter
def octets(value: int) -> str:
    """A size that people read, with the exact one where it differs."""
    size, units = float(value), ["KiB", "MiB", "GiB", "TiB"]
    if value < _BYTES:
        return f"{value} byte{'' if value == 1 else 's'}"
    while size >= _BYTES and units:
        size /= _BYTES
        unit = units.pop(0)
    return f"{size:.1f} {unit}"


@register.filter
def hex8(value: int) -> str:
    """An offset in bytes, as hex dumps write it."""
    return f"{value:08x}"


@register.filter
def count_of(value: int, word: str) -> str:
    """`{{ 1|count_of:"file" }}` is "1 file"; a plural that is no plain s is given as "entry,entries"."""
    one, _, many = word.partition(",")
    return f"{value:,} {one if value == 1 else many or one + 's'}"


@register.inclusion_tag("components/moment.html")
def moment(when: datetime) -> dict[str, datetime]:
    return {"when": when}


@register.inclusion_tag("components/tag.html")
def tag(word: str, look: str) -> dict[str, str]:
    return {"word": word, "look": look or "plain"}


@register.inclusion_tag("components/tag.html")
def verdict(outcome: str) -> dict[str, str]:
    """A machine's verdict in words; one that this page does not know is shown as it is."""
    word, look = _VERDICTS.get(outcome, (outcome, "open"))
    return {"word": word, "look": look}


@register.inclusion_tag("components/tag.html")
def listing(value: str) -> dict[str, str]:
    return {"word": value.replace("-", " "), "look": _LISTINGS.get(value, "open")}


@register.inclusion_tag("components/tag.html")
def state(value: str) -> dict[str, str]:
    """The state of a job."""
    return {"word": value, "look": _JOBS.get(value, "open")}


@register.inclusion_tag("components/digest.html")
def digest(value: str) -> dict[str, str]:
    return {"digest": value}


@register.inclusion_tag("components/command.html")
def command(text: str) -> dict[str, str]:
    """A command to copy, on one line or several."""
    return {"text": text}


@register.inclusion_tag("components/share.html")
def share(of: Share) -> dict[str, Any]:
    """How much of the lines in scope was read, as a bar and in words."""
    return {"share": of}


@register.inclusion_tag("components/steps.html")
def steps(items: Iterable[dict[str, str]]) -> dict[str, Any]:
    return {"steps": [{**item, "look": _STEPS.get(item["status"], "open")} for item in items]}


@register.inclusion_tag("components/signatures.html")
def signatures(rows: Sequence[Any]) -> dict[str, Any]:
    """Every signature that was handed in, and what became of it."""
    return {"signatures": rows}


@register.inclusion_tag("components/findings.html")
def findings(rows: Sequence[dict[str, str]], title: str) -> dict[str, Any]:
    """Members of an archive that a rule names."""
    return {"findings": rows, "title": title}


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
    return {
        "field": bound,
        "group": bound.field.widget.input_type in {"radio", "checkbox"}
        if hasattr(bound.field.widget, "input_type")
        else False,
        "single": isinstance(bound.field.widget, CheckboxInput),
    }


@register.inclusion_tag("components/fields.html")
def fields(form: Form) -> dict[str, Any]:
    """All visible fields of a form, one below the other."""
    return {"form": form}
