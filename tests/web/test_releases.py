"""The release page and the list, as somebody who knows nothing of us meets them; and as the public sees them, shown to insiders."""

from __future__ import annotations

import html
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from reviews.models import Attestation
from reviews.services.build_dossier import build_dossier
from tests.cast import OPEN_FILES, deliver
from tests.web.attesting import attest, bare
from transparency.models import Artifact
from transparency.services.withdraw_delivery import withdraw_delivery

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client

    from reviews.models import Engagement
    from tests.cast import Cast
    from tests.web.conftest import Browse
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/products/widget/1.0/"
BANNER = re.compile(rb'<aside class="tc-public-view".*?</aside>', re.DOTALL)


def text_of(client: Client, place: str) -> str:
    """The page's text with its markup taken away and its white space evened out."""
    answer = client.get(place)
    assert answer.status_code == 200, place
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def test_the_answer_keeps_machines_people_and_gaps_apart(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    client = browse(None)
    before = text_of(client, PAGE)
    assert (
        "Machines found: whoever holds the key enrolled for the vendor signed this source; 1 of 1 published build"
        in before
    )
    assert "nobody states to have read any of its 8 lines" in before
    assert "Nobody checked: 8 of its 8 lines; whether a program in use was made from this source" in before
    assert "This does not show that no back door exists." in before
    assert "later withdrawals cannot be seen offline" in before
    assert "What is this?" in before
    assert "A fingerprint of a file." in before  # the glossary
    assert "%" not in re.sub(r"%[0-9A-F]{2}", "", before)  # no share of safety
    attest(cast.auditor, cast.auditor_key, engagement, path="src/main.c", lines=5)
    attest(cast.auditor, cast.auditor_key, engagement, path="README", lines=1, conclusion="concerns")
    after = text_of(client, PAGE)
    assert (
        "1 person of Northern Agency signed 2 statements of what they read; none covers more than 6 of its 8 lines"
        in after
    )
    assert "Nobody checked: up to 2 of its 8 lines; whether" in after  # the two may be about the same lines
    assert "The source: up to 2 of its 8 lines nobody states to have read." in after
    assert "Somebody who read it warns 1 of 2 statements has concerns" in after
    stated = after[after.index("What named people stated") :]
    assert stated.index("has concerns") < stated.index("found nothing unexplained")
    assert "Anna" not in after  # a name belongs to the authority
    assert Attestation.objects.count() == 2


def test_the_list_finds_and_says_where_each_release_stands(
    browse: Browse, cast: Cast, open_release: Release, restricted_release: Release
) -> None:
    client = browse(None)
    newer = deliver(cast, product="widget", version="1.1", files={"a": b"one\n"})
    listed = text_of(client, "/products/")
    assert listed.index("widget 1.1") < listed.index("widget 1.0")
    assert "a newer one is here 1.1" in listed
    assert "nobody states to have read it" in listed
    assert "vault" not in listed
    assert "vault" in text_of(browse("vera"), "/products/")
    page = text_of(client, PAGE)
    assert "A newer release is here widget 1.1 came in on" in page
    assert "no build was published here" in text_of(client, "/products/widget/1.1/")
    assert "A newer release is here" not in text_of(client, "/products/widget/1.1/")
    for asked in ("WIDG", "acme", "1.1"):
        assert "widget 1.1" in text_of(client, f"/products/?q={asked}"), asked
    for hostile in ("vault", "9.9", "%00", "'; DROP--", "<script>alert(1)</script>", "%25" * 90, "x" * 5000):
        answer = client.get(f"/products/?q={hostile}")
        assert answer.status_code == 200, hostile
        assert b"<script>alert" not in answer.content
    assert "No release fits vault" in text_of(client, "/products/?q=vault")
    for number in ("0", "-1", "x", "9" * 40, "9" * 6000):
        assert "widget 1.1" in text_of(client, f"/products/?page={number}")
    withdraw_delivery(delivery=newer.deliveries.get(), reason="the wrong archive", by=cast.vendor)
    assert "widget 1.1 Acme" in text_of(client, "/products/")
    assert "source withdrawn" in text_of(client, "/products/")
    gone = text_of(client, "/products/widget/1.1/")
    assert "Its source was withdrawn" in gone
    assert "the wrong archive" in gone
    assert "Machines found" not in gone
    assert "A newer release is here" not in text_of(client, PAGE)  # what was withdrawn replaces nothing


def test_a_file_is_compared_by_its_digest_alone(
    browse: Browse, cast: Cast, open_release: Release, restricted_release: Release
) -> None:
    client = browse(None)
    build = Artifact.objects.get(build_list__release=open_release)
    hidden = Artifact.objects.get(build_list__release=restricted_release)
    archive = open_release.deliveries.get().archive_sha256
    assert "is the build widget.bin : listed and equal" in text_of(client, f"{PAGE}?sha256= {build.sha256.upper()} ")
    assert "is the source archive widget-1.0.tar.gz" in text_of(client, f"{PAGE}?sha256={archive}")
    for other in ("0" * 64, hidden.sha256):
        assert "No build and no source archive of this release" in text_of(client, f"{PAGE}?sha256={other}")
    for hostile in ("abc", "g" * 64, "%00" * 64, '"><script>alert(1)</script>', "é" * 64, "0" * 9000):
        answer = client.get(f"{PAGE}?sha256={hostile}")
        assert "A SHA-256 has 64 characters" in answer.content.decode(), hostile
        assert b"<script>alert" not in answer.content


def test_the_commands_of_the_page_check_the_dossier(browse: Browse, open_release: Release, tmp_path: Path) -> None:
    page = browse(None).get(PAGE).content.decode()
    commands = [html.unescape(found) for found in re.findall(r"<code data-copy>(.*?)</code>", page, re.DOTALL)]
    (tmp_path / "widget-1.0.dossier.zip").write_bytes(build_dossier(release=open_release))
    script = [
        next(each for each in commands if start in each)
        for start in ("unzip -q", "sha256sum manifest.txt", "jq -r .digest")
    ]
    done = subprocess.run(["bash", "-ec", "\n".join(script)], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert open_release.subject is not None
    said = done.stdout.split()
    assert said[:2] == ["whole", open_release.subject.manifest]
    assert said[3] == said[5]
    assert done.stderr == ""
    assert any("verify.py widget-1.0.dossier.zip FILE --trust" in each for each in commands)
    assert any("ssh-keygen -Y verify" in each for each in commands)
    trust = browse(None).get("/trust/").content.decode()
    assert "A trust file from here proves nothing about its origin" in trust
    assert 'href="/trust/trust.json"' in trust


def test_insiders_see_exactly_what_the_public_gets_and_asking_gains_nothing(
    browse: Browse, cast: Cast, open_release: Release, restricted_release: Release
) -> None:
    vera, nobody = browse("vera"), browse(None)
    for place in (
        PAGE,
        f"{PAGE}record/",
        "/products/vault/9.9/",
        "/products/vault/9.9/record/",
        "/products/nothing/1/",
    ):
        public = nobody.get(place)
        shown = vera.get(f"{place}?as=public")
        assert shown.status_code == public.status_code, place
        if place != "/products/nothing/1/" or shown.status_code == 404:
            assert BANNER.search(shown.content), place
            assert f'href="{place}"'.encode() in BANNER.search(shown.content)[0]  # type: ignore[index]
        assert bare(BANNER.sub(b"", shown.content)) == bare(public.content), place
        assert shown.headers["Cache-Control"] == "no-store"
        assert b"tc-public-view" not in vera.get(place).content
        for name in OPEN_FILES:
            assert b"vera" not in shown.content.lower(), name
    assert vera.get("/products/vault/9.9/").status_code == 200
    assert b"Deliver another archive" in vera.get(PAGE).content  # her own view is not what was compared

    assert b"tc-public-view" not in nobody.get(f"{PAGE}?as=public").content
    assert nobody.get("/products/vault/9.9/?as=public").status_code == 404
    stan = browse("stan")
    hidden, missing = (stan.get(f"/products/{slug}/9.9/?as=public") for slug in ("vault", "nvult"))
    assert hidden.status_code == missing.status_code == 404
    assert bare(hidden.content.replace(b"vault", b"")) == bare(missing.content.replace(b"nvult", b""))
    assert b"Deliver another archive" in browse("vera").get(f"{PAGE}?as=PUBLIC").content
    assert stan.post(f"{PAGE}?as=public").status_code == 405
