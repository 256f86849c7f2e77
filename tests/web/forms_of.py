"""Pages as a browser reads them: their forms with every field, and whatever in them could run."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

TEXTUAL = {"text", "search", "email", "url", "tel", "password", "hidden", "number", "date", "datetime-local", ""}
# Everything that our templates use; what is not among them came from somewhere else.
_NAMES = """
    html head meta title link script body header footer main nav aside section article div span p a ul ol li dl dt dd h1 h2 h3 h4
    h5 h6 form input button select option optgroup textarea label fieldset legend table caption thead tbody tfoot tr th td col
    colgroup code pre samp kbd strong em b i s del ins mark small sub sup br hr bdi bdo time details summary output progress meter
    figure figcaption abbr blockquote q cite dfn var wbr svg g rect circle line path polyline polygon text title desc defs use
    template datalist tspan marker ellipse noscript
"""
ELEMENTS = set(_NAMES.split())
ADDRESSES = {"href", "src", "action", "formaction", "data", "cite", "poster", "xlink:href", "srcset"}


@dataclass
class Form:
    """Where it is sent, how, and what stands in it."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """`forms` of the page, and `alien`: elements and attributes that are not ours or could run."""

    def __init__(self, content: str, place: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.alien: list[str] = []
        self._place = place
        self._form: Form | None = None
        self._select = ""
        self.feed(content)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self._look(tag, said)
        if tag == "form":
            self._form = Form(
                urljoin(self._place, said.get("action", "")).partition("#")[0], said.get("method", "get").lower()
            )
            self.forms.append(self._form)
        elif self._form is not None and tag in {"input", "textarea", "select", "option", "button"}:
            self._field(self._form, tag, said)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = ""

    def _field(self, form: Form, tag: str, said: dict[str, str]) -> None:
        name, kind = said.get("name", ""), said.get("type", "").lower()
        if tag == "select":
            self._select = name
        elif tag == "option":
            if self._select and ("selected" in said or self._select not in form.values):
                form.values[self._select] = [said.get("value", "")]
        elif tag == "button" and name:
            form.values.setdefault(name, [said.get("value", "")])
        elif name:
            _input(form, name, kind, said)

    def _look(self, tag: str, said: dict[str, str]) -> None:
        if tag not in ELEMENTS:
            self.alien.append(f"<{tag}>")
        if tag == "script" and not (said.get("type") == "module" and said.get("src", "").startswith("/static/")):
            self.alien.append(f"script {said}")
        if tag == "link" and not said.get("href", "").startswith("/static/"):
            self.alien.append(f"link {said}")
        if tag == "form" and not said.get("action", "/").startswith(("/", "?", "#")):
            self.alien.append(f"form {said}")
        if tag == "meta" and said.get("http-equiv", "").lower() == "refresh" and "//" in said.get("content", ""):
            self.alien.append(f"meta {said}")
        for name, value in said.items():
            if name.startswith("on") or name in {"style", "srcdoc", "is"}:
                self.alien.append(f"{tag} {name}={value!r}")
            if name in ADDRESSES and not _is_ours(value):
                self.alien.append(f"{tag} {name}={value!r}")


def _input(form: Form, name: str, kind: str, said: dict[str, str]) -> None:
    if kind == "file":
        form.files.append(name)
    elif kind in {"radio", "checkbox"}:
        if "checked" in said or name not in form.values:
            form.values[name] = [said.get("value", "on")]
    elif kind in TEXTUAL:
        form.values[name] = [said.get("value", "")]
        if name != "csrfmiddlewaretoken":
            form.texts.append(name)


def _is_ours(address: str) -> bool:
    """No script, and no other place: links to elsewhere are in the text of notes alone, and say http."""
    parts = urlsplit(address.strip())
    return parts.scheme in {"http", "https", "mailto"} or (not parts.scheme and not parts.netloc)
