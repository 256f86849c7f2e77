"""The style sheets: contrast of every role in both themes (WCAG 2.2 AA), classes that exist on both sides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reviews.rules.render import class_names
from reviews.web.context import THEMES

ROOT = Path(__file__).resolve().parent.parent.parent
SHEET = (ROOT / "static/css/portal.css").read_text()
CODE = (ROOT / "static/css/code.css").read_text()
TEXT, GRAPHIC = 4.5, 3.0
BACKS = ("body-background", "surface")
# Role, what it stands on, the least contrast.
PAIRS = [
    *(
        (role, back, TEXT)
        for back in BACKS
        for role in ("text", "secondary-text", "link", "link-visited", "hover", "error")
    ),
    *(
        (role, back, GRAPHIC)
        for back in BACKS
        for role in ("input-border", "proved", "stated", "disputed", "unverified")
    ),
    ("proved", "proved-back", TEXT),
    ("stated", "stated-back", TEXT),
    ("disputed", "disputed-back", TEXT),
    ("unverified", "unverified-back", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-hover", TEXT),
    ("on-band", "band", TEXT),
    ("on-band-quiet", "band", TEXT),
    ("band-edge", "band", GRAPHIC),
    ("text", "stated-back", TEXT),
    ("secondary-text", "stated-back", TEXT),
    ("secondary-text", "code-background", TEXT),
    ("secondary-text", "line-selected", TEXT),
    ("text", "line-selected", TEXT),
    ("text", "line-hover", TEXT),
    *((role, back, TEXT) for back in ("disputed-back", "proved-back") for role in ("text", "secondary-text")),
    ("focus", "focus-text", GRAPHIC),
    ("stated", "border", GRAPHIC),
]


def tokens() -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9-]+):\s*([^;]+);", SHEET[: SHEET.index("@layer base {")]))


def colour(value: str, dark: bool) -> str:
    """Follow a role down to its hexadecimal colour."""
    value = value.strip()
    if match := re.fullmatch(r"light-dark\((.+?),\s*(.+?)\)", value):
        return colour(match[2 if dark else 1], dark)
    if match := re.fullmatch(r"var\(--([a-z0-9-]+)\)", value):
        return colour(tokens()[match[1]], dark)
    assert re.fullmatch(r"#[0-9a-f]{6}", value), value
    return value


def luminance(hexadecimal: str) -> float:
    channels = [int(hexadecimal[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("role", "back", "least"), PAIRS)
def test_every_role_can_be_read_on_what_it_stands_on(role: str, back: str, least: float, dark: bool) -> None:
    known = tokens()
    assert contrast(colour(known[role], dark), colour(known[back], dark)) >= least


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_colours_of_source_can_be_read_on_every_row(dark: bool) -> None:
    pairs = re.findall(r"color: (light-dark\([^)]+\))", CODE)
    assert len(pairs) > 5
    for value in pairs:
        for back in ("code-background", "line-hover", "line-selected"):
            found = contrast(colour(value, dark), colour(tokens()[back], dark))
            assert found >= TEXT, (value, back, round(found, 2))


def test_colours_are_given_by_roles_only() -> None:
    body = SHEET[SHEET.index("@layer base {") :]
    rest = body[: body.index("@media print")]
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b", rest) == []


def test_classes_of_templates_have_a_rule() -> None:
    used = {
        name
        for page in (ROOT / "templates").rglob("*.html")
        for classes in re.findall(r'class="([^"]*)"', re.sub(r"{%.*?%}", " ", page.read_text()))
        for name in re.sub(r"{{.*?}}", "*", classes).split()
        if name.startswith("tc-")
    }
    rules = set(re.findall(r"\.(tc-[a-zA-Z0-9_-]+)", SHEET + CODE))
    assert {name for name in used if "*" not in name and name not in rules} == set()


def test_what_the_renderer_marks_as_hidden_has_a_rule() -> None:
    assert {"hidden-char", "hidden-line", "line-end"} <= set(class_names())
    for name in ("hidden-char", "hidden-line", "line-end"):
        assert f".{name}" in CODE


def test_each_theme_has_its_rule() -> None:
    assert [value for value, _ in THEMES] == ["system", "light", "dark"]
    for theme in ("light", "dark"):
        assert f'[data-theme="{theme}"]' in SHEET


def test_focus_is_visible_and_motion_and_forced_colours_are_respected() -> None:
    assert ":focus-visible { outline: 3px solid var(--focus)" in SHEET
    assert "prefers-reduced-motion" in SHEET
    assert "forced-colors: active" in SHEET
    assert "@media print" in SHEET
