"""A page in forced colours, as people use who choose their own: what has the focus is seen, and no text has its background's colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.web.test_browser import Reader

STOPS = 25
FOCUS = """() => {
  const stop = document.activeElement, look = getComputedStyle(stop);
  const seen = stop === document.body || (look.outlineStyle === "solid" && parseFloat(look.outlineWidth) >= 2);
  return seen ? "" : stop.outerHTML.slice(0, 160);
}"""
# Texts in the colour of what is behind them; bars, fields and buttons without an edge.
VANISHED = """() => {
  const clear = colour => /^(transparent|rgba\\(.*, 0\\))$/.test(colour);
  const behind = each => {
    for (; each; each = each.parentElement) {
      const look = getComputedStyle(each);
      if (!clear(look.backgroundColor)) return look.backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const gone = [];
  for (const each of document.querySelectorAll("body *")) {
    const box = each.getBoundingClientRect(), look = getComputedStyle(each);
    if (box.width < 2 || box.height < 2 || look.visibility === "hidden") continue;
    const says = [...each.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (each.matches("svg text")) {
      const rect = each.parentElement.querySelector("rect");
      if (rect && getComputedStyle(rect).fill === look.fill) gone.push(each.outerHTML);
    } else if (says && !each.closest("svg") && behind(each) === look.color) gone.push(each.outerHTML);
    if (each.matches("progress, input:not([type=hidden]), textarea, select, .tc-button, .tc-tag, .tc-copy")
        && !each.matches("[type=file], [type=radio], [type=checkbox]") && (parseFloat(look.borderTopWidth) === 0 || behind(each) === look.borderTopColor))
      gone.push("no edge: " + each.outerHTML);
  }
  return gone.map(each => each.slice(0, 160));
}"""


def forced_colours(reader: Reader, place: str) -> list[str]:
    """What is wrong with the page, for light and for dark choices of colours."""
    wrong: list[str] = []
    for scheme in ("light", "dark"):
        reader.page.emulate_media(forced_colors="active", color_scheme=scheme)
        page = reader.go(place)
        wrong += [f"{place} in forced colours ({scheme}): {gone}" for gone in page.evaluate(VANISHED)]
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        unseen = page.evaluate(FOCUS)
        if unseen:
            wrong.append(f"{place} in forced colours: the focus is not seen on {unseen}")
    reader.page.emulate_media(forced_colors="null", color_scheme="null")
    return wrong
