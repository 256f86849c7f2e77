"""What the page of a delivery says about each outcome, cover and role; and what it keeps from whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import deliver
from transparency.models import Delivery, Grant, Job, Organisation, Person, SignatureFile, Snapshot
from transparency.permissions import Right, may, seen_in_quarantine
from transparency.services.ensure_release import ensure_release
from transparency.web.members import SHOWN
from transparency.web.verdict_words import meaning_of, way_out

if TYPE_CHECKING:
    from tests.cast import Cast
    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)
COVER = {"size": 7, "sha256": "cc" * 32, "sha512": "cc" * 64, "blake2b512": "cc" * 64}


def row(cast: Cast, *, restricted: bool = False, **values: Any) -> Delivery:
    """A delivery as an import would have left it; nothing of it lies in the store."""
    release = ensure_release(vendor="acme", product="paper", version="1.0", restricted=restricted)
    count = Delivery.objects.count()
    tree = values.pop("tree", None)
    snapshot = (
        Snapshot.objects.get_or_create(
            product=release.product,
            manifest=tree,
            defaults=dict.fromkeys(("files", "bytes", "lines"), 3)
            | {"opening_root": "0" * 64, "opening_secret": b"", "git_tree": "0" * 40, "file_table": "0" * 64},
        )[0]
        if tree
        else None
    )
    job = Job.objects.create(
        kind="import-snapshot", idempotency_key=str(count), payload={"release": release.pk} | values.pop("payload", {})
    )
    defaults = {
        "state": "quarantined",
        "verdict": "unsigned",
        "verdict_code": "unsigned",
        "archive_name": f"paper-{count}.tar.xz",
        "archive_size": 10,
        "archive_sha256": f"{count:064x}",
        "policy": "signatures/2",
        "sender": cast.vendor,
    }
    return Delivery.objects.create(release=release, job=job, snapshot=snapshot, **defaults | values)


def read(browse: Browse, person: str | None, delivery: Delivery) -> str:
    return browse(person).get(f"/deliveries/{delivery.pk}/").content.decode()


@pytest.mark.parametrize(
    ("verdict", "why", "buttons"),
    [
        ("unsigned", "No signature came with it.", set()),
        ("unknown-key", "by no key that is enrolled", {"Check it again", "Enrol a key"}),
        ("invalid", "does not fit what was handed in", set()),
        ("revoked", "taken back as compromised", set()),
        ("expired", "Its signature is expired.", {"Check it again", "Admit it as expired"}),
        ("weak", "too weak to count", {"Check it again", "Admit it as weak"}),
        ("unavailable", "neither a yes nor a no", {"Check it again"}),
    ],
)
def test_quarantine_says_why_and_offers_what_helps(
    browse: Browse, cast: Cast, verdict: str, why: str, buttons: set[str]
) -> None:
    delivery = row(cast, verdict=verdict, verdict_code=verdict)
    offered = {"Check it again", "Enrol a key", f"Admit it as {verdict}"}
    page = read(browse, "olga", delivery)
    assert why in page
    assert {each for each in offered if f">{each}<" in page} == buttons
    assert "Admit it as" not in read(browse, "vera", delivery), "the operator's alone"
    assert "Withdraw this delivery" not in page
    listed = browse("olga").get("/quarantine/").content.decode()
    assert why in listed


def test_refused_members_are_lifted_by_nothing(cast: Cast) -> None:
    for verdict in ("valid", "expired", "weak", "unknown-key"):
        way = way_out(row(cast, verdict=verdict, refused=[{"path": "a", "rule": "path-git", "detail": ""}]))
        assert (way.by_reason, way.check_again, way.enrol) == (False, False, False)


@pytest.mark.parametrize(
    ("values", "proved", "not_proved"),
    [
        ({"verdict": "valid"}, "signed exactly these bytes", "Who holds the key"),
        (
            {"verdict": "valid", "cover": {"form": "checksums", "name": "SHA256SUMS", **COVER}},
            "signed a list that names this archive",
            "other files were seen here",
        ),
        (
            {"verdict": "valid", "cover": {"form": "dsc", "name": "x.dsc", **COVER}, "role": "distribution"},
            "a text that names every file",
            "own build uses this source",
        ),
        (
            {"verdict": "valid", "cover": {"form": "decompressed", "name": "x.tar", **COVER}},
            "the tar that comes out of this archive",
            "covers what is inside it",
        ),
        ({"verdict": "valid", "role": "patched"}, "what the distribution&#x27;s patches make", "Who holds the key"),
        ({"verdict": "expired"}, "only the signer&#x27;s clock says", "while the key was in use"),
        ({"verdict": "weak"}, "fits what was signed", "can be forged today"),
        ({"verdict": "revoked"}, "its owner has taken back", "found or stole the key"),
        ({"verdict": "invalid"}, "Nothing about its origin", "Who holds the key"),
    ],
)
def test_what_it_proves_and_what_not_depends_on_all_of_it(
    browse: Browse, cast: Cast, values: dict[str, Any], proved: str, not_proved: str
) -> None:
    page = read(browse, None, row(cast, state="admitted", tree="aa" * 32, **values))
    proves, _, rest = page.partition('id="proves"')[2].partition("What it does not")
    assert proved in proves
    assert not_proved in rest
    assert "This does not show that no back door exists." in rest


def test_every_outcome_has_its_words(cast: Cast) -> None:
    for outcome in ("valid", "invalid", "unsigned", "unknown-key", "expired", "revoked", "weak", "unavailable"):
        delivery = row(cast, verdict=outcome)
        assert meaning_of(delivery, logged=False).proves
        assert way_out(delivery).why


def test_admitted_as_weak_is_said_with_the_reason_everywhere(browse: Browse, cast: Cast) -> None:
    reason = {"admission": {"outcome": "weak", "reason": "Compared on paper <b>.", "by": cast.operator.pk}}
    delivery = deliver(cast, product="paper").deliveries.get()
    Delivery.objects.filter(pk=delivery.pk).update(verdict="weak", verdict_code="weak-hash")
    Job.objects.filter(pk=delivery.job_id).update(payload={**delivery.job.payload, **reason})
    page = read(browse, None, delivery)
    assert "Admitted as weak by the operator" in page
    assert "Compared on paper &lt;b&gt;." in page
    assert ">stated<" in page
    released = browse("vera").get("/products/paper/1.0/").content.decode()
    assert "admitted as weak by the operator" in released
    assert "Compared on paper &lt;b&gt;." in released


def test_long_lists_are_folded_by_rule_and_paged(browse: Browse, cast: Cast) -> None:
    flagged = [{"path": f"d/{each:04}", "rule": "name-drive", "detail": ""} for each in range(450)]
    flagged += [{"path": "e%5Cf", "rule": "name-backslash", "detail": "a \u202e b"}]
    delivery = row(cast, state="admitted", verdict="valid", tree="aa" * 32, flagged=flagged)
    page = read(browse, None, delivery)
    assert "450 members kept and flagged: <code>name-drive</code>" in page
    assert page.count("d/0") == SHOWN
    assert "‹U+202E›" in page
    place = f"/deliveries/{delivery.pk}/members/name-drive/"
    assert f'href="{place}"' in page
    assert "Page 3 of 3" in browse(None).get(f"{place}?page=3").content.decode()
    assert "d/0449" in browse(None).get(f"{place}?page=3").content.decode()
    assert browse(None).get(f"/deliveries/{delivery.pk}/members/nothing/").status_code == 404


def test_members_of_a_restricted_source_are_named_to_its_readers_alone(browse: Browse, cast: Cast) -> None:
    flagged = [{"path": "secret-name", "rule": "name-drive", "detail": ""}]
    delivery = row(cast, restricted=True, state="admitted", verdict="valid", tree="aa" * 32, flagged=flagged)
    place = f"/deliveries/{delivery.pk}/members/name-drive/"
    assert "secret-name" in browse("vera").get(place).content.decode()
    for person in (None, "olga", "anna", "stan"):
        answer = browse(person).get(place)
        assert answer.status_code == 404, person
        assert "secret-name" not in read(browse, person, delivery)


@pytest.mark.parametrize("place", ["", "members/x/", "signatures/1", "cover"])
def test_files_and_lists_of_what_one_may_not_know_are_404(browse: Browse, cast: Cast, place: str) -> None:
    cover = {"form": "checksums", "name": "SHA256SUMS", **COVER}
    hidden = row(cast, restricted=True, state="admitted", verdict="valid", tree="aa" * 32, cover=cover)
    SignatureFile.objects.create(delivery=hidden, position=1, sha256="00" * 32, format="sshsig", outcome="valid")
    for person in (None, "anna", "stan"):
        assert browse(person).get(f"/deliveries/{hidden.pk}/{place}").status_code == 404, person
    if place in {"signatures/1", "cover"}:
        assert browse("olga").get(f"/deliveries/{hidden.pk}/{place}").status_code == 404, "operating is not downloading"


def test_a_second_archive_of_the_same_tree_says_that_it_is_equal(browse: Browse, cast: Cast) -> None:
    first = row(cast, state="admitted", verdict="valid", tree="aa" * 32)
    second = row(cast, state="admitted", verdict="valid", tree="aa" * 32)
    first.release.subject = first.snapshot
    first.release.save()
    assert "A second archive" not in read(browse, None, first)
    page = read(browse, None, second)
    assert "A second archive for this version." in page
    assert "Its contents equal the subject of the release: 3 files" in page


def test_trees_that_cannot_be_compared_now_are_not_called_equal(browse: Browse, cast: Cast) -> None:
    first = row(cast, state="admitted", verdict="valid", tree="aa" * 32)
    first.release.subject = first.snapshot
    first.release.save()
    page = read(browse, None, row(cast, state="admitted", verdict="valid", tree="bb" * 32))
    assert "could not be compared with the subject of the release now" in page
    assert "object-missing" in page
    assert "equal" not in page.partition("A second archive")[2].partition("</div>")[0]


def test_the_list_holds_what_one_may_see_and_loads_no_member(browse: Browse, cast: Cast) -> None:
    paper = ensure_release(vendor="acme", product="paper", version="1.0", restricted=False).product
    beta = Organisation.objects.create(slug="beta", name="Beta", kind=Organisation.Kind.VENDOR)
    other = Person.objects.create_user("otis", organisation=beta)
    alone = Person.objects.create_user("aline", organisation=None)
    gone = Person.objects.create_user("gus", organisation=cast.operator.organisation, is_active=False)
    Grant.objects.create(person=cast.auditor, product=paper, rights=[Right.DELIVER, Right.REVIEW])
    named = [{"path": "a", "rule": "path-git", "detail": "very-long-detail"}] * 3
    for sender in (cast.vendor, cast.auditor, other, alone, gone, None):
        row(cast, sender=sender, refused=named)
    row(cast, state="withdrawn", verdict="valid")
    people = (cast.vendor, cast.auditor, cast.other_auditor, cast.operator, cast.stranger, other, alone, gone)
    waiting = Delivery.objects.filter(state="quarantined")
    for person in (*people, AnonymousUser()):
        seen = set(Delivery.objects.filter(seen_in_quarantine(person)))
        assert seen == {each for each in waiting if may(person, Right.SEE_QUARANTINE, each)}, person
    olga = browse("olga")
    with CaptureQueriesContext(connection) as queries:
        page = olga.get("/quarantine/").content.decode()
    assert page.count("3 members refused") == 6
    assert not [each for each in queries if '"refused",' in each["sql"] or '"flagged"' in each["sql"]]
    assert browse("anna").get("/quarantine/").content.decode().count("3 members refused") == 1
    with CaptureQueriesContext(connection) as more:
        row(cast, refused=named)
        olga.get("/quarantine/?page=2")
    assert len([each for each in more if "json" in each["sql"] and "LIMIT 7" in each["sql"]]) == 1
