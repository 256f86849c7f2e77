"""The page of an attestation: public where its release is, checked anew, and checkable by a stranger with the commands on it."""

from __future__ import annotations

import html
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from reviews.models import Attestation
from reviews.rules.scope import Exclusion
from reviews.services.accept_envelope import accept_envelope
from reviews.services.freeze_statement import freeze_statement
from reviews.services.mark_region import mark_region
from tests.cast import ORIGIN
from tests.reviews.conftest import engage
from tests.reviews.services.signing import sign_statement
from transparency.models import Grant, Release
from transparency.permissions import Right

if TYPE_CHECKING:
    from pathlib import Path

    from reviews.models import Engagement
    from tests.cast import Cast
    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)


def attest(cast: Cast, engagement: Engagement) -> Attestation:
    anchor = cast.auditor.anchors.get()
    row = freeze_statement(person=cast.auditor, engagement=engagement, anchor=anchor, conclusion="concerns")
    return accept_envelope(person=cast.auditor, statement=row, data=sign_statement(row, cast.auditor_key))


def test_it_is_public_says_all_and_is_checked_now(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    mark_region(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=5, level="read")
    row = attest(cast, engagement)
    place = f"/attestations/{row.digest}/"
    assert f'href="{place}"' in browse(None).get("/products/widget/1.0/").content.decode()
    page = browse(None).get(place).content.decode()
    for text in (
        "they read 5 of 8 lines",
        "<strong>concerns</strong>",
        "Northern Agency",
        row.digest,
        row.statement.snapshot.manifest,
    ):
        assert text in page, text
    assert page.count(">holds<") == 6
    assert "This does not show that no back door exists." in page
    assert f'href="/log/entry/{Attestation.objects.get().entry.index}/"' in page
    for person, seen in ((None, False), ("anna", True), ("olga", True), ("bela", False), ("vera", False)):
        assert ("<bdi>Anna</bdi>" in browse(person).get(place).content.decode()) == seen, person
    answer = browse(None).get(f"{place}envelope.dsse.json")
    assert answer.content == bytes(row.envelope)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="attestation-')
    entry = browse(None).get(f"/log/entry/{Attestation.objects.get().entry.index}/").content.decode()
    assert f'href="{place}"' in entry
    said = " ".join(re.sub(r"<[^>]+>", "", entry).split())
    assert "What people of Northern Agency state that they read of widget 1.0, signed: the attestation" in said
    later = attest(cast, engagement)
    assert f'href="/attestations/{later.digest}/"' in browse(None).get(place).content.decode()
    assert "not by the same reviewer" in browse(None).get(f"/attestations/{later.digest}/").content.decode()
    Attestation.objects.filter(pk=row.pk).update(envelope=bytes(row.envelope).replace(b"e30", b"e31") + b" ")
    page = browse(None).get(place).content.decode()
    assert "It does not hold now" in page
    assert page.count(">fails<") == 1
    for digest in ("0" * 64, row.digest.upper(), row.digest[:12], "x", str(row.pk)):
        assert browse("anna").get(f"/attestations/{digest}/").status_code == 404, digest
    Release.objects.filter(pk=row.release_id).update(subject=None)
    assert "withdrawn or replaced" in browse(None).get(place).content.decode()


def test_a_restricted_one_is_hidden_and_its_paths_are_for_readers(
    browse: Browse, cast: Cast, restricted_release: Release
) -> None:
    left_out = [Exclusion("secret-plan.txt", "not code")]
    row = attest(cast, engage(cast.auditor, restricted_release, exclude=left_out))
    place = f"/attestations/{row.digest}/"
    for person in (None, "bela", "stan"):
        for part in ("", "envelope.dsse.json"):
            assert browse(person).get(place + part).status_code == 404, (person, part)
    page = browse("olga").get(place).content.decode()  # who knows of it, and does not read it
    assert "secret-plan" not in page
    assert page.count(">holds<") == 6
    assert browse("olga").get(f"{place}envelope.dsse.json").status_code == 403
    for person in ("anna", "vera"):
        assert "secret-plan.txt" in browse(person).get(place).content.decode(), person
        answer = browse(person).get(f"{place}envelope.dsse.json")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    Grant.objects.create(person=cast.stranger, release=restricted_release, rights=[Right.READ_SOURCE], folder="hidden")
    assert "secret-plan" not in browse("stan").get(place).content.decode()
    Grant.objects.all().delete()
    assert browse("anna").get(place).status_code == 404


def test_a_stranger_checks_it_with_the_commands_of_the_page(
    browse: Browse, cast: Cast, engagement: Engagement, tmp_path: Path
) -> None:
    row = attest(cast, engagement)
    page = browse(None).get(f"/attestations/{row.digest}/").content.decode()
    own = page.split('id="own"')[1].split("</section>")[0]
    commands = [html.unescape(each) for each in re.findall(r"<code data-copy>(.*?)</code>", own, re.DOTALL)]
    answer = browse(None).get(f"/attestations/{row.digest}/envelope.dsse.json")
    name = answer.headers["Content-Disposition"].split('"')[1]
    (tmp_path / name).write_bytes(answer.content)
    (tmp_path / "allowed_signers").write_text(f"auditor {cast.auditor_key.public}")
    said = "".join(
        subprocess.run(["bash", "-ec", each], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for each in commands
    )
    for text in (row.digest, row.statement.snapshot.manifest, f'Good "source-review@{ORIGIN}" signature'):
        assert text in said, said
    (tmp_path / "allowed_signers").write_text(f"auditor {cast.other_auditor_key.public}")
    assert subprocess.run(["bash", "-ec", commands[-1]], cwd=tmp_path, capture_output=True, check=False).returncode
