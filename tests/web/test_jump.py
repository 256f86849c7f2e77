"""The jump box: every kind of thing that it knows, one hit and several, and that it never tells of what is hidden."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reviews.services.accept_envelope import accept_envelope
from reviews.services.freeze_statement import freeze_statement
from reviews.web.key_list import KEYS
from tests.cast import OPEN_FILES, RESTRICTED_FILES, Cast, deliver
from tests.reviews.services.signing import sign_statement
from transparency.models import Grant, LogHead, Release
from transparency.permissions import Right, known_releases, may
from transparency.proofs.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from reviews.models import Engagement
    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parent.parent.parent
HIDDEN_CONTENT = Digest.of(RESTRICTED_FILES["secret-plan.txt"]).hex


def goes_to(client: Client, wanted: str) -> str:
    """Where one exact hit leads; empty when a page of answers came instead."""
    answer = client.get("/jump/", {"q": wanted})
    assert answer.status_code in {200, 302}, wanted
    assert "no-store" in answer.headers["Cache-Control"]
    return str(answer.headers.get("Location", ""))


def test_what_somebody_has_in_their_hands_leads_to_its_page(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    release = engagement.release
    delivery, builds = release.deliveries.get(), release.build_lists.get()
    statement = freeze_statement(
        person=cast.auditor, engagement=engagement, anchor=cast.auditor.anchors.get(), conclusion="abstain", open_findings=0
    )  # fmt: skip
    attestation = accept_envelope(
        person=cast.auditor, statement=statement, data=sign_statement(statement, cast.auditor_key)
    )
    assert release.subject
    page, tree = "/products/widget/1.0/", "/products/widget/1.0/file/"
    expected = {
        "widget": "/products/widget/",
        "WIDGET": "/products/widget/",
        "widget 1.0": page,
        "widget/1.0": page,
        " widget@1.0 ": page,
        "1.0": page,
        release.subject.manifest: page,
        f"sha256:{release.subject.manifest.upper()}": page,
        release.subject.git_tree: page,
        statement.digest: f"/attestations/{attestation.digest}/",
        attestation.digest: f"/attestations/{attestation.digest}/",
        delivery.archive_sha256: f"/deliveries/{delivery.pk}/",
        Digest.of(b"widget build\n").hex: f"/builds/{builds.pk}/",
        "#0": "/log/entry/0/",
        str(LogHead.objects.get().size - 1): f"/log/entry/{LogHead.objects.get().size - 1}/",
        release.product.anchors.get().fingerprint: "/products/widget/",
        cast.auditor.anchors.get().fingerprint: "/keys/",
        "src/main.c": f"{tree}src/main.c",
        "main.c:3": f"{tree}src/main.c#L3",
        "/src/util.h": f"{tree}src/util.h",
        Digest.of(OPEN_FILES["README"]).hex: f"{tree}README",
    }
    client = browse("anna")
    assert {wanted: goes_to(client, wanted) for wanted in expected} == expected
    for wanted in ("", "wid", "ain.c", "src", "999999", "0" * 64, "x" * 301, "%", "a\x00b", "\u202e", "<script>"):
        assert goes_to(client, wanted) == "", wanted
    assert 'href="/products/widget/"' in client.get("/jump/?q=wid").content.decode()
    for wanted in ("nothing-like-it", ""):
        assert "What can be asked for" in client.get("/jump/", {"q": wanted}).content.decode()
    assert "at most 300 characters" in client.get("/jump/", {"q": "x" * 301}).content.decode()
    assert client.post("/jump/", {"q": "widget"}).status_code == 405


def test_several_hits_are_shown_by_kind(browse: Browse, cast: Cast) -> None:
    for version in ("1.0", "1.1"):
        deliver(
            cast, product="readme", version=version, files={"readme": b"one\n", "a/readme": version.encode() + b"\n"}
        )
    page = browse("anna").get("/jump/", {"q": "readme"}).content.decode()
    assert re.findall("<h2>([^<]+)</h2>", page) == ["Products", "Files"]
    assert page.count('/file/readme"') == page.count('/file/a/readme"') == 2
    assert goes_to(browse(None), "readme") == "/products/readme/", "the public reads no source"


def test_nothing_hidden_is_told_of_by_any_answer(browse: Browse, cast: Cast, restricted_release: Release) -> None:
    """The same bytes for a name that exists and one that does not, for everybody who may not know."""
    deliver(cast, product="deep", files={"open/a.txt": b"a\n", "closed/b.txt": b"b\n"}, restricted=True)
    Grant.objects.create(
        person=cast.stranger, release=Release.objects.get(product__slug="deep"), rights=[Right.READ_SOURCE], folder="open"
    )  # fmt: skip
    assert restricted_release.subject
    hidden = {
        "vault": "waved",
        "vault 9.9": "waved 9.8",
        "9.9": "9.8",
        "secret-plan.txt": "secret-plon.txt",
        "hidden/engine-core.c": "hidden/engine-cure.c",
        HIDDEN_CONTENT: "a" * 64,
        restricted_release.subject.manifest: "b" * 64,
        restricted_release.subject.git_tree: "c" * 40,
        restricted_release.deliveries.get().archive_sha256: "d" * 64,
        Digest.of(b"vault build\n").hex: "e" * 64,
        "closed/b.txt": "closed/c.txt",
        "olga": "olgo",
    }

    def told(client: Client, wanted: str) -> list[str]:
        page = client.get("/jump/", {"q": wanted}).content.decode().replace(wanted, "…")
        return [line for line in page.splitlines() if "csrf" not in line and 'name="next"' not in line]

    for person in (None, "stan", "anna"):
        client = browse(person)
        for there, nowhere in hidden.items():
            assert told(client, there) == told(client, nowhere), (person, there)
    assert goes_to(browse("stan"), "a.txt") == "/products/deep/1.0/file/open/a.txt"
    assert goes_to(browse("olga"), "vault 9.9") == "/products/vault/9.9/"
    assert goes_to(browse("olga"), "olga") == "/people/olga/"
    assert goes_to(browse("olga"), "northern agency") == "/organisations/north/"
    assert goes_to(browse("olga"), "secret-plan.txt") == "", "operating gives no right to read"
    assert goes_to(browse("vera"), HIDDEN_CONTENT) == "/products/vault/9.9/file/secret-plan.txt"


def test_known_releases_are_those_that_one_may_know(
    cast: Cast, open_release: Release, restricted_release: Release
) -> None:
    other = deliver(cast, product="vault", version="9.8", files={"x": b"x\n"}, restricted=True)
    Grant.objects.create(person=cast.stranger, release=other, rights=[Right.REVIEW])
    for person in (cast.vendor, cast.auditor, cast.operator, cast.stranger):
        known = set(Release.objects.filter(known_releases(person)))
        assert known == {row for row in Release.objects.all() if may(person, Right.KNOW, row)}, person
    assert restricted_release not in Release.objects.filter(known_releases(cast.stranger))


def test_every_page_has_the_box_its_section_and_the_keys(browse: Browse, open_release: Release) -> None:
    client = browse("vera")
    for place, section in (
        ("/", None),
        ("/log/", "/log/"),
        ("/products/widget/1.0/", "/products/"),
        ("/nothing/", None),
    ):
        page = client.get(place).content.decode()
        assert '<input id="jump" name="q" type="search"' in page, place
        current = set(re.findall(r'<a href="([^"]+)" aria-current="true"', page))
        assert current == ({section} if section else set()), place
    page = client.get("/help/keys/").content.decode()
    written = {
        key
        for template in (ROOT / "templates").rglob("*.html")
        for key in re.findall(r'data-key="([^"{]+)"', template.read_text())
    }
    listed = {key for _, rows in KEYS for keys, _ in rows for key in keys}
    assert written <= listed, "a key that the help does not name"
    assert all(f"<kbd>{key}</kbd>" in page for key in listed)


@pytest.mark.parametrize("bound", [40])
def test_a_search_costs_a_bounded_number_of_questions(
    browse: Browse, cast: Cast, open_release: Release, bound: int, django_assert_max_num_queries: Callable[..., object]
) -> None:
    client = browse("anna")
    with django_assert_max_num_queries(bound):  # type: ignore[attr-defined]
        client.get("/jump/", {"q": "a" * 64})
