"""What holds for every template and every page: nothing inline, one h1, landmarks, names that exist, labels on fields."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.urls import reverse

from reviews.services.mark_region import mark_region
from reviews.services.write_note import write_note

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from reviews.models import Engagement
    from tests.cast import Cast
    from tests.web.conftest import Browse

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:|srcdoc", re.IGNORECASE)
VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})
MAX_LINES = 200


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_templates_hold_no_inline_script_style_or_handler(path: Path) -> None:
    text = path.read_text()
    assert not INLINE.search(text)
    assert not re.search(r"\|\s*safe\b|autoescape\s+off|mark_safe", text)
    assert len(text.splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_forms_that_post_carry_a_token(path: Path) -> None:
    for form in re.findall(r'<form[^>]*method="post".*?</form>', path.read_text(), re.DOTALL):
        assert "{% csrf_token %}" in form


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_static_files_are_named_through_the_tag_and_exist(path: Path) -> None:
    text = path.read_text()
    assert "/static/" not in text
    for name in re.findall(r"""{% static ['"]([^'"]+)['"] %}""", text):
        assert finders.find(name), name


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_scripts_wanted_by_the_markup_exist(path: Path) -> None:
    started = (ROOT / "static/js/portal.mjs").read_text()
    for name in re.findall(r'data-module="([^"]+)"', path.read_text()):
        assert re.search(rf'"{name}":|\b{name}\b', started)
        assert (ROOT / f"static/js/{name}.mjs").is_file()


@pytest.mark.parametrize("path", sorted((ROOT / "static/js").glob("*.mjs")), ids=name_of)
def test_scripts_are_small_and_write_no_html(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 99
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|\.style\b", text)


def test_static_files_are_collected_under_names_of_their_content(tmp_path: Path, settings: Settings) -> None:
    settings.STATIC_ROOT = tmp_path
    call_command("collectstatic", verbosity=0, interactive=False)
    manifest = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    for page in TEMPLATES:
        for name in re.findall(r"""{% static ['"]([^'"]+)['"] %}""", page.read_text()):
            assert (tmp_path / manifest[name]).is_file(), name
    for script in (tmp_path / "js").glob("portal*.mjs"):
        for name in re.findall(r'from "\./([^"]+)"', script.read_text()):
            assert (script.parent / name).is_file(), name


class Page(HTMLParser):
    """What a page is made of, for the checks below."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if "id" in found:
            self.ids.append(found["id"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


@pytest.mark.django_db(transaction=True)
def test_every_page_has_its_landmarks_and_is_well_formed(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    write_note(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=2, text="a note")
    mark_region(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=2, level="read")
    client = browse("anna")
    answer = client.post(
        reverse("statement-freeze", args=[engagement.pk]),
        {"anchor": cast.auditor.anchors.get().pk, "conclusion": "abstain", "open_findings": 0},
    )
    release = engagement.release
    delivery, builds = release.deliveries.get(), release.build_lists.get()
    shared = ["/", "/products/", "/products/widget/", "/products/widget/1.0/", "/log/", "/log/entry/0/", "/nothing/"]
    shared += [f"/deliveries/{delivery.pk}/", f"/builds/{builds.pk}/"]
    own = ["/engagements/", "/engagements/new/", "/keys/", "/quarantine/", answer.headers["Location"]]
    own += [f"/engagements/{engagement.pk}/", f"/engagements/{engagement.pk}/statements/new/"]
    own += [f"/products/widget/1.0/{place}" for place in ("tree/", "tree/src/", "file/src/main.c", "file/logo.bin")]
    operators = [
        "/organisations/",
        "/organisations/north/",
        "/organisations/north/name/",
        "/people/anna/",
        "/people/anna/close/",
    ]
    operators += [
        "/products/-/new/",
        "/products/widget/-/grants/",
        "/products/widget/-/grants/give/",
        "/centre/settings/",
    ]
    operators += ["/invitations/nothing/"]
    vendors = ["/", "/quarantine/", f"/jobs/{delivery.job_id}/"]
    for person, places in (
        (None, [*shared, "/sign-in/"]),
        ("anna", shared + own),
        ("vera", vendors),
        ("olga", [*vendors, *operators]),
    ):
        for place in places:
            check_page(browse(person).get(place).content.decode(), place)


def check_page(text: str, place: str) -> None:
    page = Page(text)
    assert page.open == [], place
    assert not INLINE.search(text), place
    assert (page.count("h1"), page.count("main"), page.count("header"), page.count("footer")) == (1, 1, 1, 1), place
    assert ("a", {"class": "tc-skip", "href": "#main"}) in page.tags, place
    assert len(page.ids) == len(set(page.ids)), (place, sorted(each for each in page.ids if page.ids.count(each) > 1))
    assert re.search(r"<title>[^<]{4,}</title>", text), place
    labels = {attrs["for"] for tag, attrs in page.tags if tag == "label"}
    for tag, attrs in page.tags:
        if tag in {"input", "textarea", "select"} and attrs.get("type") not in {"hidden", "submit"}:
            assert attrs["id"] in labels, (place, attrs)
        if tag == "progress":
            assert attrs["aria-label"], place
        if tag == "nav":
            assert attrs["aria-label"], place
        for reference in (attrs.get("aria-labelledby"), attrs.get("aria-describedby")):
            assert reference is None or set(reference.split()) <= set(page.ids), (place, reference)
        if tag == "a" and attrs["href"].startswith("#"):
            assert attrs["href"][1:] in page.ids, (place, attrs)


@pytest.mark.django_db(transaction=True)
def test_wrong_forms_lead_to_their_fields(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    client = browse("anna")
    for place in ("/engagements/new/", "/keys/", f"/engagements/{engagement.pk}/statements/"):
        answer = client.post(place, {"release": "x"})
        assert answer.status_code == 422
        page = answer.content.decode()
        assert 'role="alert"' in page
        assert "<title>Error: " in page
        check_page(page, place)
