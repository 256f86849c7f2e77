"""Withdrawing, letting out of quarantine, checking again: who may, what is refused, and what every page says afterwards."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from reviews.services.write_note import write_note
from tests.cast import OPEN_FILES, deliver, finish, make_archive
from tests.reviews.conftest import engage
from tests.web.posts import check_refusals
from tests.web.test_verdict_pages import COVER, row
from transparency.models import Delivery, Event, Grant, Job, SignatureFile, TrustAnchor
from transparency.permissions import Right
from transparency.proofs.signatures.cover import COVERS_ONE
from transparency.services.receive_delivery import receive_delivery
from transparency.services.stored_files import Received
from transparency.services.withdraw_delivery import withdraw_delivery

if TYPE_CHECKING:
    from tests.cast import Cast
    from tests.web.conftest import Browse
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)
REASON = {"reason": "The wrong branch <b>.", "certain": "on"}


@pytest.fixture
def admitted(cast: Cast) -> Delivery:
    delivery = row(cast, state="admitted", verdict="valid", tree="aa" * 32)
    delivery.release.subject = delivery.snapshot
    delivery.release.save()
    return delivery


def states() -> object:
    return list(Delivery.objects.values_list("pk", "state", "verdict")), Job.objects.count(), Event.objects.count()


def test_the_six_checks_of_withdrawing(browse: Browse, admitted: Delivery) -> None:
    check_refusals(
        browse,
        f"/deliveries/{admitted.pk}/withdraw/",
        REASON,
        allowed="vera",
        strangers=(),
        forbidden=("anna", "stan"),
        unchanged=states,
        missing="/deliveries/9999/withdraw/",
        has_page=True,
    )


@pytest.mark.parametrize("person", ["vera", "olga"])
def test_a_withdrawn_delivery_keeps_its_page_and_says_who_when_and_why(
    browse: Browse, admitted: Delivery, person: str
) -> None:
    client, place = browse(person), f"/deliveries/{admitted.pk}/"
    assert "It alone gives the release its subject." in client.get(f"{place}withdraw/").content.decode()
    assert client.post(f"{place}withdraw/", REASON).headers["Location"] == place
    organisation = {"vera": "Acme", "olga": "Test Centre"}[person]
    for reader in (None, "anna", person):
        page = browse(reader).get(place).content.decode()
        banner = page.partition("<h2>Withdrawn</h2>")[2].partition("</div>")[0]
        assert f"By <bdi>{organisation}</bdi>" in banner
        assert "The wrong branch &lt;b&gt;." in banner
        assert "Vera" not in banner
        assert "That it still stands for this release: it was withdrawn." in page
        assert "Withdraw this delivery" not in page
        release = browse(reader).get("/products/paper/1.0/").content.decode()
        assert "Its source was withdrawn" in release
        assert "Withdrawn</strong>, by <bdi>" in release
        assert ">withdrawn<" in release
    assert "It is withdrawn already." in client.get(f"{place}withdraw/").content.decode()
    assert browse(None).get("/products/paper/1.0/dossier.zip").status_code == 404


@pytest.mark.parametrize("wrong", [{"reason": ""}, {"reason": " "}, {"reason": "x" * 2001}, {"certain": ""}])
def test_without_reason_or_confirmation_nothing_is_withdrawn(
    browse: Browse, admitted: Delivery, wrong: dict[str, str]
) -> None:
    answer = browse("vera").post(f"/deliveries/{admitted.pk}/withdraw/", REASON | wrong)
    assert answer.status_code == 422
    assert f'href="#id_{next(iter(wrong))}"' in answer.content.decode()
    assert Delivery.objects.get().state == Delivery.State.ADMITTED


def test_what_is_hidden_or_in_quarantine_is_not_withdrawn(browse: Browse, cast: Cast) -> None:
    hidden = row(cast, restricted=True, state="admitted", verdict="valid", tree="aa" * 32)
    for person in ("anna", "stan"):
        assert browse(person).post(f"/deliveries/{hidden.pk}/withdraw/", REASON).status_code == 404
    waiting = row(cast, restricted=True)
    assert browse("vera").post(f"/deliveries/{waiting.pk}/withdraw/", REASON).status_code == 403
    assert not Event.objects.exists()


def test_the_six_checks_of_admitting_by_a_reason(browse: Browse, cast: Cast) -> None:
    delivery = row(cast, verdict="weak", verdict_code="weak-hash")
    check_refusals(
        browse,
        f"/deliveries/{delivery.pk}/admit/",
        REASON,
        allowed="olga",
        strangers=("anna", "stan"),
        forbidden=("vera",),
        unchanged=states,
        missing="/deliveries/9999/admit/",
        has_page=True,
    )


@pytest.mark.parametrize("verdict", ["expired", "weak"])
def test_admitting_asks_for_a_reason_and_leads_to_the_work(browse: Browse, cast: Cast, verdict: str) -> None:
    delivery = row(cast, verdict=verdict, verdict_code=verdict, payload={"archive": {"name": "a"}})
    client, place = browse("olga"), f"/deliveries/{delivery.pk}/admit/"
    page = client.get(place).content.decode()
    assert f"It is admitted as {verdict}, and as nothing better." in page
    for wrong in ({"reason": " "}, {"certain": ""}):
        assert client.post(place, REASON | wrong).status_code == 422
    answer = client.post(place, REASON)
    job = Job.objects.exclude(pk=delivery.job_id).get()
    assert answer.headers["Location"] == f"/jobs/{job.pk}/"
    assert job.payload["admission"] == {"outcome": verdict, "reason": "The wrong branch <b>.", "by": cast.operator.pk}


def test_before_a_reason_is_confirmed_the_page_names_all_that_it_admits(browse: Browse, cast: Cast) -> None:
    cover = {"form": "dsc", "name": "pump.dsc.text", **COVER}
    first = row(cast, verdict="weak", verdict_code="weak-hash", cover=cover, role="distribution")
    same: dict[str, Any] = {
        "verdict": "weak",
        "verdict_code": "weak-hash",
        "archive_name": "patched.dsc",
        "role": "patched",
    }
    with_it = row(cast, cover=cover, **same)
    own = row(cast, verdict="weak", verdict_code="weak-hash", role="upstream", archive_name="own.tar.xz")
    elsewhere = row(cast, cover=cover, **same | {"archive_name": "elsewhere.dsc"})
    Delivery.objects.filter(pk__in=[with_it.pk, own.pk]).update(job=first.job)
    page = browse("olga").get(f"/deliveries/{first.pk}/admit/").content.decode()
    assert "What this reason admits as well" in page
    assert f'href="/deliveries/{with_it.pk}/"' in page
    assert "All 2 are admitted as weak, and as nothing better." in page
    assert ">Admit all 2 as weak<" in page
    for other in (own, elsewhere):
        assert f'href="/deliveries/{other.pk}/"' not in page
    alone = browse("olga").get(f"/deliveries/{own.pk}/admit/").content.decode()
    assert "What this reason admits as well" not in alone
    assert "It is admitted as weak, and as nothing better." in alone


def test_a_signature_over_a_single_file_is_listed_as_that(browse: Browse, cast: Cast) -> None:
    delivery = row(cast, state="admitted", verdict="valid", tree="aa" * 32, role="distribution")
    step = {"name": COVERS_ONE, "status": "holds", "expected": "lib<b>.tar.gz", "found": "10 bytes"}
    told = {"format": "openpgp", "outcome": "unknown-key", "code": "unknown-key", "steps": [step]}
    SignatureFile.objects.create(delivery=delivery, position=1, sha256="0" * 64, **told)
    page = browse(None).get(f"/deliveries/{delivery.pk}/").content.decode()
    assert "over <bdi>lib&lt;b&gt;.tar.gz</bdi> alone" in page


@pytest.mark.parametrize(
    "values",
    [
        {"verdict": "unknown-key"},
        {"verdict": "invalid"},
        {"verdict": "revoked"},
        {"verdict": "unsigned"},
        {"verdict": "weak", "refused": [{"path": "a", "rule": "path-git", "detail": ""}]},
        {"verdict": "weak", "state": "admitted", "tree": "aa" * 32},
    ],
)
def test_nothing_else_is_admitted_by_a_reason(browse: Browse, cast: Cast, values: dict[str, Any]) -> None:
    delivery = row(cast, **values)
    for answer in (
        browse("olga").get(f"/deliveries/{delivery.pk}/admit/"),
        browse("olga").post(f"/deliveries/{delivery.pk}/admit/", REASON),
    ):
        assert answer.status_code == 403
    assert Job.objects.count() == 1


def test_the_six_checks_of_checking_one_again(browse: Browse, cast: Cast) -> None:
    delivery = row(cast, verdict="unknown-key", payload={"archive": {"name": "a"}})
    place = f"/deliveries/{delivery.pk}/check-again/"
    check_refusals(
        browse,
        place,
        {},
        allowed="vera",
        strangers=("anna", "stan"),
        unchanged=states,
        missing="/deliveries/9999/check-again/",
    )
    answer = browse("vera").post(place)
    job = Job.objects.exclude(pk=delivery.job_id).get()
    assert answer.headers["Location"] == f"/jobs/{job.pk}/"
    assert (job.payload["again"], job.payload["admission"]) == (delivery.pk, None)


def test_a_sender_without_the_right_to_deliver_does_not_check_again(browse: Browse, cast: Cast) -> None:
    delivery = row(cast, verdict="unknown-key", sender=cast.stranger)
    assert browse("stan").get(f"/deliveries/{delivery.pk}/").status_code == 200
    assert browse("stan").post(f"/deliveries/{delivery.pk}/check-again/").status_code == 403


def test_what_is_not_in_quarantine_is_not_imported_again(browse: Browse, admitted: Delivery) -> None:
    client = browse("vera")
    answer = client.post(f"/deliveries/{admitted.pk}/check-again/")
    assert answer.headers["Location"] == f"/deliveries/{admitted.pk}/"
    assert "It is not in quarantine any more." in client.get(f"/deliveries/{admitted.pk}/").content.decode()


def test_the_six_checks_of_checking_all_again(browse: Browse, admitted: Delivery) -> None:
    check_refusals(
        browse,
        "/products/paper/-/check-again/",
        {},
        allowed="vera",
        strangers=(),
        forbidden=("anna", "stan"),
        unchanged=states,
        missing="/products/nothing/-/check-again/",
    )
    answer = browse("vera").post("/products/paper/-/check-again/")
    assert answer.headers["Location"] == f"/jobs/{Job.objects.get(kind='reverify').pk}/"
    assert browse("vera").get(answer.headers["Location"]).status_code == 200
    assert browse("stan").get(answer.headers["Location"]).status_code == 404


def test_checking_a_hidden_product_is_404(browse: Browse, cast: Cast) -> None:
    row(cast, restricted=True)
    for person in ("anna", "stan"):
        assert browse(person).post("/products/paper/-/check-again/").status_code == 404


def test_revoking_a_key_leads_to_the_check_that_it_asks_for(browse: Browse, cast: Cast, open_release: Release) -> None:
    anchor = open_release.product.anchors.get()
    said = {"revocation": "compromised", "reason": "stolen", "certain": "on", "check_again": "on"}
    client = browse("vera")
    answer = client.post(f"/products/widget/-/keys/{anchor.pk}/revoke/", said)
    job = Job.objects.get(kind="reverify")
    assert answer.headers["Location"] == f"/jobs/{job.pk}/"
    finish(job)
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert "2 deliveries and lists judged" in page
    assert page.count(">revoked key<") == 2
    delivery = open_release.deliveries.get()
    page = browse(None).get(f"/deliveries/{delivery.pk}/").content.decode()
    assert "The verdict has changed" in page
    assert "Verdict changed" in page
    assert "Verdict changed" in browse(None).get("/products/widget/1.0/").content.decode()


def test_a_verdict_that_comes_back_is_in_the_history_and_not_in_a_banner(
    browse: Browse, cast: Cast, open_release: Release
) -> None:
    client, place = browse("vera"), f"/deliveries/{open_release.deliveries.get().pk}/"
    for until in (datetime(2001, 1, 1, tzinfo=UTC), None):
        TrustAnchor.objects.filter(product=open_release.product).update(valid_until=until)
        client.post("/products/widget/-/check-again/")
        finish(Job.objects.filter(kind="reverify").latest("created_at"))
    page = client.get(place).content.decode()
    assert "The verdict has changed" not in page
    assert page.count("Verdict changed") == 2


def test_a_second_archive_with_other_contents_says_how_far_it_differs(
    browse: Browse, cast: Cast, open_release: Release
) -> None:
    files = {**OPEN_FILES, "README": b"another\n", "new": b"1\n"}
    del files["logo.bin"]
    archive = make_archive(files, "again")
    received = Received("again.tar.gz", io.BytesIO(archive))
    finish(
        receive_delivery(release=open_release, archive=received, signatures=[cast.vendor_key.sign(archive)], send=False)
    )
    second = open_release.deliveries.latest("pk")
    page = browse(None).get(f"/deliveries/{second.pk}/").content.decode()
    assert "A second archive for this version." in page
    assert "1 file changed, 1 only here, 1 only there, 3 the same." in page
    release = browse(None).get("/products/widget/1.0/").content.decode()
    assert "a second archive for this version, its contents differ from the subject" in release


def test_reviewers_go_on_reading_what_was_withdrawn(browse: Browse, cast: Cast) -> None:
    release = deliver(cast, product="widget", restricted=True)
    engagement = engage(cast.auditor, release)
    write_note(person=cast.auditor, engagement=engagement, path="README", start=1, end=1, text="kept all the same")
    delivery = release.deliveries.get()
    base = f"/products/widget/1.0/withdrawn/{delivery.pk}/"
    assert browse("anna").get(f"{base}tree/").status_code == 404, "not while it stands"
    withdraw_delivery(delivery=delivery, reason="mistaken", by=cast.vendor)
    client = browse("anna")
    assert f'href="{base}tree/"' in client.get("/products/widget/1.0/").content.decode()
    assert f'href="{base}tree/"' in client.get(f"/deliveries/{delivery.pk}/").content.decode()
    tree = client.get(f"{base}tree/").content.decode()
    assert "This source was withdrawn." in tree
    assert f'href="{base}file/README"' in tree
    assert f'href="{base}tree/src/"' in tree
    folder = client.get(f"{base}tree/src/").content.decode()
    assert f'href="{base}file/src/main.c"' in folder
    assert f'href="{base}tree/"' in folder
    page = client.get(f"{base}file/README").content.decode()
    assert "This source was withdrawn." in page
    assert "kept all the same" in page
    assert "Keep the note" not in page
    assert "Delete this note" not in page
    assert client.get("/products/widget/1.0/tree/").status_code == 404
    for person in ("vera", "olga", "bela", "stan"):
        assert browse(person).get(f"{base}tree/").status_code == 404, person
        assert browse(person).get(f"{base}file/README").status_code == 404, person
    for place in ("/engagements/", "/"):
        assert client.get(place).status_code == 200, place
    led = client.get(f"/engagements/{engagement.pk}/", follow=True)
    assert led.redirect_chain == [("/products/widget/1.0/", 302)]
    assert "Your notes and marks are kept" in led.content.decode()


def test_a_reviewer_of_a_folder_reads_that_folder_of_what_was_withdrawn(browse: Browse, cast: Cast) -> None:
    release = deliver(cast, product="widget", restricted=True)
    Grant.objects.create(person=cast.auditor, release=release, rights=[Right.REVIEW], folder="src")
    delivery = withdraw_delivery(delivery=release.deliveries.get(), reason="mistaken", by=cast.vendor)
    base = f"/products/widget/1.0/withdrawn/{delivery.pk}/"
    assert "README" not in browse("anna").get(f"{base}tree/").content.decode()
    assert browse("anna").get(f"{base}file/src/main.c").status_code == 200
    assert browse("anna").get(f"{base}file/README").status_code == 404
