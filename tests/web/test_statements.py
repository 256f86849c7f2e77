"""Statements from preview to log entry: what is frozen is what is shown, and nothing else comes back in."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from reviews.models import Attestation, Statement
from reviews.services.mark_region import mark_region
from tests.reviews.services.signing import NAMESPACE, GpgKey, MinisignKey, PemKey, envelope_of, sign_ssh, sign_statement
from tests.web.posts import check_refusals
from transparency.models import LogEntry, TrustAnchor
from transparency.proofs.attest.dsse import pae
from transparency.services.enrol_anchor import enrol_person_anchor

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    from reviews.models import Engagement
    from tests.cast import Cast
    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)


def answers(cast: Cast, **more: object) -> dict[str, object]:
    anchor = cast.auditor.anchors.earliest("pk").pk
    return {
        "anchor": anchor,
        "conclusion": "concerns",
        "limitations": "No build.\nOne file.",
        "open_findings": 2,
        **more,
    }


def freeze(client: Client, engagement: Engagement, data: dict[str, object]) -> Answer:
    return client.post(reverse("statement-freeze", args=[engagement.pk]), data)


def hand_in(client: Client, statement: Statement, envelope: bytes) -> Answer:
    upload = SimpleUploadedFile("statement.dsse.json", envelope, "application/json")
    return client.post(reverse("statement", args=[statement.pk]), {"envelope": upload})


@pytest.fixture
def frozen(browse: Browse, cast: Cast, engagement: Engagement) -> Statement:
    mark_region(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=5, level="read")
    assert freeze(browse("anna"), engagement, answers(cast)).status_code == 302
    return Statement.objects.get()


def test_the_form_shows_the_sentences_before_anything_is_frozen(
    browse: Browse, cast: Cast, engagement: Engagement
) -> None:
    mark_region(person=cast.auditor, engagement=engagement, path="README", start=1, end=1, level="read")
    page = browse("anna").get(reverse("statement-new", args=[engagement.pk])).content.decode()
    assert "1 person of Northern Agency states that they read 1 of 8 lines" in page
    assert "Machines found that the source was delivered with a valid signature" in page
    assert "This does not show that no back door exists." in page
    assert "no tie to the vendor was declared" in page
    assert Statement.objects.count() == 0


def test_without_a_key_the_way_to_one_is_shown(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    TrustAnchor.objects.filter(person=cast.auditor).delete()
    page = browse("anna").get(reverse("statement-new", args=[engagement.pk])).content.decode()
    assert 'href="/keys/"' in page
    assert "Freeze the statement" not in page


def test_all_that_is_signed_is_on_the_page(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    said = {
        "role": "lead auditor",
        "independence": "No tie at all.",
        "method": "reading\nrunning the tests",
        "thoroughness": "Each line twice.",
        "understanding": "Well enough.",
        "valid_until": "2099-12-31",
    }
    answer = freeze(browse("anna"), engagement, answers(cast, **said))
    page = browse("anna").get(answer.headers["Location"]).content.decode()
    for text in ("lead auditor", "No tie at all.", "reading; running the tests", "Each line twice.", "Well enough."):
        assert text in page, text
    assert "2099-12-31 23:59 UTC" in page
    predicate = json.loads(bytes(Statement.objects.get().payload))["predicate"]
    assert predicate["limitations"] == ["No build.", "One file."]
    assert predicate["method"] == ["reading", "running the tests"]
    assert predicate["findings"]["open"] == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"conclusion": "perfect"},
        {"conclusion": ""},
        {"anchor": 999},
        {"open_findings": -1},
        {"role": "  "},
        {"independence": ""},
        {"method": "\n"},
        {"valid_until": "2001-01-01"},
        {"limitations": "x" * 600},
        {"thoroughness": "x" * 30_000},
    ],
)
def test_wrong_answers_freeze_nothing_and_are_pointed_at(
    browse: Browse, cast: Cast, engagement: Engagement, wrong: dict[str, object]
) -> None:
    answer = freeze(browse("anna"), engagement, answers(cast, **wrong))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert Statement.objects.count() == 0
    assert "There is something to correct" in page
    (field,) = wrong
    assert f'href="#id_{field}' in page
    assert f'id="id_{field}' in page
    assert "No build.\nOne file." in page or field == "limitations"  # nothing typed is lost


def test_another_persons_key_is_no_choice(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    other = cast.other_auditor.anchors.get().pk
    assert freeze(browse("anna"), engagement, answers(cast, anchor=other)).status_code == 422


def test_downloads_are_the_frozen_bytes_and_what_is_signed(browse: Browse, frozen: Statement) -> None:
    client = browse("anna")
    payload = client.get(reverse("statement-payload", args=[frozen.pk]))
    signed = client.get(reverse("statement-pae", args=[frozen.pk]))
    assert payload.content == bytes(frozen.payload)
    assert signed.content == pae(bytes(frozen.payload))
    assert payload.headers["Content-Disposition"] == f'attachment; filename="statement-{frozen.pk}.json"'
    assert "no-store" in payload.headers["Cache-Control"]


def test_the_page_gives_the_exact_commands(browse: Browse, frozen: Statement) -> None:
    page = browse("anna").get(reverse("statement", args=[frozen.pk])).content.decode()
    assert f"transparency sign statement-{frozen.pk}.json --key ~/.ssh/id_ed25519" in page
    assert "ssh-keygen -Y sign -n &#x27;source-review@log.centre.test/source&#x27;" in page
    assert f"statement-{frozen.pk}.pae" in page


def test_a_signed_envelope_is_kept_and_logged_with_every_step(browse: Browse, cast: Cast, frozen: Statement) -> None:
    client = browse("anna")
    answer = hand_in(client, frozen, sign_statement(frozen, cast.auditor_key))
    assert answer.status_code == 302
    page = client.get(answer.headers["Location"]).content.decode()
    assert page.count(">holds<") == 5
    assert "kept, and logged" in page
    assert cast.auditor.anchors.get().fingerprint in page
    entry = LogEntry.objects.get(kind="attestation")
    assert f'href="/log/entry/{entry.index}/"' in page
    assert 'type="file"' not in page


def test_each_way_to_hand_in_something_else_fails_at_its_step(browse: Browse, cast: Cast, frozen: Statement) -> None:
    client = browse("anna")
    payload = bytes(frozen.payload)
    changed = payload.replace(b"concerns", b"abstain!")
    good = json.loads(sign_statement(frozen, cast.auditor_key))
    good["signatures"] = good["signatures"] * 2
    for envelope, held, said in (
        (b"not json", 1, "sshsig-malformed"),
        (b"{not json", 1, "json-malformed"),
        (b"{}", 1, "json-shape"),
        (envelope_of(changed, b"x" * 64), 2, "payload-mismatch"),
        (envelope_of(payload, b"no signature"), 3, ""),
        (sign_statement(frozen, cast.other_auditor_key), 3, "key-mismatch"),
        (sign_statement(frozen, cast.auditor_key, namespace="file"), 3, "namespace"),
        (json.dumps(good).encode(), 3, "envelope-signatures"),
    ):
        answer = hand_in(client, frozen, envelope)
        page = answer.content.decode()
        assert answer.status_code == 422, said
        assert (page.count(">holds<"), page.count(">fails<")) == (held, 1), said
        assert said in page
        assert "Nothing was kept." in page
    assert Attestation.objects.count() == 0


def test_no_file_and_a_huge_file_are_refused(browse: Browse, frozen: Statement) -> None:
    client = browse("anna")
    assert client.post(reverse("statement", args=[frozen.pk]), {}).status_code in {200, 422}
    answer = hand_in(client, frozen, b" " * (1024**2 + 1))
    assert answer.status_code == 422
    assert "Expected at most" in answer.content.decode()


@pytest.mark.parametrize("person", [None, "bela", "vera", "olga", "stan"])
def test_a_draft_is_its_reviewers_alone(browse: Browse, frozen: Statement, person: str | None) -> None:
    for name in ("statement", "statement-payload", "statement-pae"):
        status = browse(person).get(reverse(name, args=[frozen.pk])).status_code
        assert status == (302 if person is None else 404), name


def test_the_release_page_keeps_proved_and_stated_apart(browse: Browse, cast: Cast, frozen: Statement) -> None:
    assert "Nobody has attested" in browse(None).get("/products/widget/1.0/").content.decode()
    assert hand_in(browse("anna"), frozen, sign_statement(frozen, cast.auditor_key)).status_code == 302
    public = browse(None).get("/products/widget/1.0/").content.decode()
    machines, people = public.index('id="machines"'), public.index('id="people"')
    nobody = public.index('id="nobody"')
    assert machines < people < nobody
    assert "signed by an enrolled key" in public[machines:people]
    assert "Northern Agency states that they read 5 of 8 lines" in public[people:nobody]
    assert "Conclusion: <strong>concerns</strong>" in public[people:nobody]
    assert "The source: 3 of its 8 lines nobody states to have read." in public[nobody:]
    assert "This does not show that no back door exists." in public[nobody:]
    assert "<code>attestations/01</code>" in public
    assert "Anna" not in public
    for person, seen in (("anna", True), ("olga", True), ("bela", False), ("vera", False), ("stan", False)):
        page = browse(person).get("/products/widget/1.0/").content.decode()
        assert ("(<bdi>Anna</bdi>)" in page) == seen, person


def test_all_that_would_be_signed_is_previewed_and_nothing_is_frozen(
    browse: Browse, cast: Cast, engagement: Engagement
) -> None:
    mark_region(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=5, level="read")
    client = browse("anna")
    said = answers(cast, step="preview", role="lead auditor", conclusion="violation")
    answer = freeze(client, engagement, said)
    page = answer.content.decode()
    assert (answer.status_code, Statement.objects.count()) == (200, 0)
    for text in (
        "they read 5 of 8 lines",
        "This is what you would sign.",
        "<strong>violation</strong>",
        "No build.<br>",
    ):
        assert text in page, text
    assert 'value="lead auditor"' in page  # the form is kept, to be frozen as it is
    assert freeze(client, engagement, {**said, "step": "freeze"}).status_code == 302
    said = answers(cast, step="preview", limitations="x" * 600)
    answer = freeze(client, engagement, said)
    assert (answer.status_code, Statement.objects.count()) == (422, 1)
    assert "text-too-long" in answer.content.decode()


def test_the_page_compares_and_signs_with_the_tool_of_the_key(browse: Browse, cast: Cast, frozen: Statement) -> None:
    page = browse("anna").get(reverse("statement", args=[frozen.pk])).content.decode()
    payload, name = bytes(frozen.payload), f"statement-{frozen.pk}"
    for data, file in ((payload, f"{name}.json"), (pae(payload), f"{name}.pae")):
        digest = hashlib.sha256(data).hexdigest()
        assert f"echo &#x27;{digest}  {file}&#x27; | sha256sum --check" in page
        assert f"{len(data):,} bytes" in page
    assert f"{name}.pae.sig" in page
    for other in ("minisign -S", "gpg --local-user", "openssl pkeyutl"):
        assert other not in page


def test_each_kind_of_key_has_its_command_and_its_signature_is_taken(
    browse: Browse, cast: Cast, engagement: Engagement, tmp_path: Path
) -> None:
    client = browse("anna")
    for key, command in (
        (PemKey(), "openssl pkeyutl -sign -rawin"),
        (MinisignKey(tmp_path), "minisign -S -s"),
        (GpgKey(tmp_path), "gpg --local-user"),
    ):
        anchor = enrol_person_anchor(person=cast.auditor, public_text=key.public, enrolled_by=None)
        place = freeze(client, engagement, answers(cast, anchor=anchor.pk)).headers["Location"]
        row, page = Statement.objects.latest("pk"), client.get(place).content.decode()
        assert command in page
        assert ("transparency sign" in page) == (anchor.format != "openpgp")
        raw = base64.b64decode(json.loads(key.sign(bytes(row.payload)))["signatures"][0]["sig"])
        answer = client.post(place, {"envelope": SimpleUploadedFile("statement.sig", raw)})
        assert answer.status_code == 302, answer.content.decode()
        assert client.get(place).content.decode().count(">holds<") == 5


def test_a_pasted_signature_is_taken_and_one_for_another_statement_is_not(
    browse: Browse, cast: Cast, engagement: Engagement, frozen: Statement
) -> None:
    client, place = browse("anna"), reverse("statement", args=[frozen.pk])
    assert freeze(client, engagement, answers(cast)).status_code == 302
    other = Statement.objects.exclude(pk=frozen.pk).get()
    armoured = cast.auditor_key.sign(pae(bytes(frozen.payload)), NAMESPACE).decode().replace("\n", "\r\n")
    for data, code in (
        ({"pasted": "no signature"}, "sshsig-malformed"),
        ({"pasted": cast.auditor_key.sign(pae(bytes(other.payload)), NAMESPACE).decode()}, "signature-mismatch"),
        ({"pasted": sign_statement(other, cast.auditor_key).decode()}, "payload-mismatch"),
        ({"pasted": cast.auditor_key.sign(bytes(frozen.payload), NAMESPACE).decode()}, "signature-mismatch"),
        ({"pasted": armoured, "envelope": SimpleUploadedFile("x.sig", b"x")}, "found both"),
        ({"pasted": " "}, "found neither"),
    ):
        answer = client.post(place, data)
        assert answer.status_code == 422, code
        assert code in answer.content.decode(), code
    assert Attestation.objects.count() == 0
    for _ in range(2):  # once more is the same
        assert client.post(place, {"pasted": armoured}).status_code == 302
    expected = envelope_of(
        bytes(frozen.payload), sign_ssh(bytes(frozen.payload), cast.auditor_key), keyid=frozen.anchor.fingerprint
    )
    assert bytes(Attestation.objects.get().envelope) == expected
    assert "payload-mismatch" in hand_in(client, other, expected).content.decode()  # a replay


def test_a_statement_is_abandoned_and_taken_up_again_by_its_reviewer(
    browse: Browse, cast: Cast, engagement: Engagement, frozen: Statement
) -> None:
    place, client = reverse("statement", args=[frozen.pk]), browse("anna")
    for action in ("abandon", "take-up"):
        check_refusals(
            browse,
            f"{place}{action}/",
            {},
            allowed="anna",
            strangers=("bela", "vera", "olga", "stan"),
            unchanged=lambda: Statement.objects.get().abandoned_at,
            missing=f"/statements/999/{action}/",
        )
    page = client.post(f"{place}abandon/", follow=True).content.decode()
    assert "Take it up again" in page
    assert 'type="file"' not in page
    assert "Waiting for your signature" not in client.get(f"/engagements/{engagement.pk}/").content.decode()
    answer = hand_in(client, frozen, sign_statement(frozen, cast.auditor_key))
    assert "statement-abandoned" in answer.content.decode()
    page = client.post(f"{place}take-up/", follow=True).content.decode()
    assert 'type="file"' in page
    assert "Waiting for your signature" in client.get(f"/engagements/{engagement.pk}/").content.decode()
