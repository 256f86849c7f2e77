"""An auditor's key after enrolling: replaced, retired, lost; what becomes of what it signed; and who may not do any of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviews.services.accept_envelope import accept_envelope
from reviews.services.freeze_statement import freeze_statement
from reviews.services.mark_region import mark_region
from tests.reviews.services.signing import PemKey, sign_statement
from tests.web.posts import check_refusals
from transparency.errors import EvidenceError, NotAllowedError
from transparency.models import Event, TrustAnchor
from transparency.services.enrol_anchor import enrol_person_anchor, enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.replace_person_key import replace_person_key
from transparency.services.revoke_person_key import revoke_person_key

if TYPE_CHECKING:
    from reviews.models import Engagement
    from tests.cast import Cast
    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)
REVOKE = {"revocation": "compromised", "reason": "left in a taxi <b>", "certain": "on"}
RELEASE = "/products/widget/1.0/"


def state() -> object:
    return list(TrustAnchor.objects.values_list("pk", "revocation"))


def test_what_was_signed_stays_when_a_key_is_replaced_and_is_gone_when_it_is_compromised(
    browse: Browse, cast: Cast, engagement: Engagement
) -> None:
    mark_region(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=5)
    old = cast.auditor.anchors.get()
    signed, waiting = (
        freeze_statement(person=cast.auditor, engagement=engagement, anchor=old, conclusion=conclusion)
        for conclusion in ("concerns", "no-unexplained")
    )
    accept_envelope(person=cast.auditor, statement=signed, data=sign_statement(signed, cast.auditor_key))
    nobody = "nobody states to have read one"
    assert nobody not in browse(None).get(RELEASE).content.decode()

    client, fresh = browse("anna"), PemKey()
    given = {"public": fresh.public}
    for wrong in ({"public": ""}, {"public": cast.auditor_key.public}, {"public": "no key"}):
        assert client.post(f"/keys/{old.pk}/replace/", given | wrong).status_code == 422, wrong
    assert cast.auditor.anchors.count() == 1
    assert client.post(f"/keys/{old.pk}/replace/", given).headers["Location"] == "/keys/"
    old.refresh_from_db()
    new = cast.auditor.anchors.exclude(pk=old.pk).get()
    assert (old.revocation, new.revocation) == ("superseded", "")
    assert new.fingerprint in old.revocation_reason
    assert nobody not in browse(None).get(RELEASE).content.decode()
    with pytest.raises(EvidenceError, match="key-not-in-use"):
        accept_envelope(person=cast.auditor, statement=waiting, data=sign_statement(waiting, cast.auditor_key))
    with pytest.raises(EvidenceError, match="key-not-in-use"):
        freeze_statement(person=cast.auditor, engagement=engagement, anchor=old, conclusion="concerns")
    page = client.get(f"/engagements/{engagement.pk}/statements/new/").content.decode()
    assert new.fingerprint in page
    assert old.fingerprint not in page
    assert "is not in use any more" in client.get(f"/keys/{old.pk}/replace/").content.decode()
    # The old key comes back in no way.
    answer = client.post("/keys/", {"public": cast.auditor_key.public})
    assert answer.status_code == 422
    assert "never enrolled again" in answer.content.decode()
    with pytest.raises(EvidenceError, match="key-not-in-use"):
        replace_person_key(anchor=new, public_text=cast.auditor_key.public, by=cast.auditor)
    assert not TrustAnchor.objects.get(pk=new.pk).revoked_at

    assert client.post(f"/keys/{old.pk}/revoke/", REVOKE).status_code == 302
    assert nobody in browse(None).get(RELEASE).content.decode()
    assert "left in a taxi &lt;b&gt;" in client.get("/keys/").content.decode()
    assert "There is no way back" in client.get(f"/keys/{old.pk}/revoke/").content.decode()
    assert not Event.objects.filter(anchor__person=cast.auditor).exists()


def test_the_operator_takes_a_key_back_where_the_person_cannot_and_replaces_none(browse: Browse, cast: Cast) -> None:
    anchor, client = cast.auditor.anchors.get(), browse("olga")
    place = f"/people/anna/keys/{anchor.pk}/revoke/"
    assert f'href="{place}"' in client.get("/people/anna/").content.decode()
    given = REVOKE
    for wrong in ({"reason": " "}, {"certain": ""}, {"revocation": "superseded"}):
        assert client.post(place, given | wrong).status_code == 422, wrong
    assert client.post(place, given).headers["Location"] == "/people/anna/"
    anchor.refresh_from_db()
    assert anchor.revocation == "compromised"
    assert "left in a taxi" in browse("anna").get("/people/anna/").content.decode()
    for person in (cast.operator, cast.other_auditor, cast.vendor):
        with pytest.raises(NotAllowedError, match="key-not-yours"):
            replace_person_key(anchor=anchor, public_text=PemKey().public, by=person)


def test_nobody_reaches_the_keys_of_somebody_else(browse: Browse, cast: Cast) -> None:
    own, foreign = cast.auditor.anchors.get(), cast.other_auditor.anchors.get()
    product = ensure_release(vendor="acme", product="widget", version="1.0", restricted=False).product
    vendors = enrol_product_anchor(product=product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    data = REVOKE | {"public": PemKey().public}
    for missing in (foreign.pk, vendors.pk, 9999):
        for action in ("replace", "revoke"):
            assert browse("anna").post(f"/keys/{missing}/{action}/", data).status_code == 404
            assert browse("olga").post(f"/keys/{own.pk}/{action}/", data).status_code == 404
    before = state()
    check_refusals(
        browse,
        f"/people/anna/keys/{own.pk}/revoke/",
        data,
        allowed="olga",
        strangers=("bela", "vera", "stan"),
        forbidden=("anna",),
        unchanged=state,
        missing=f"/people/bela/keys/{own.pk}/revoke/",
        has_page=True,
    )
    for place in (f"/keys/{own.pk}/revoke/", f"/keys/{own.pk}/replace/"):
        check_refusals(
            browse,
            place,
            data,
            allowed="anna",
            strangers=("bela", "vera", "olga"),
            unchanged=state,
            missing="/keys/9999/revoke/",
            has_page=True,
        )
    assert state() == before


def test_the_services_ask_themselves_whose_key_it_is(cast: Cast) -> None:
    anchor = cast.auditor.anchors.get()
    for person in (cast.other_auditor, cast.vendor, cast.stranger):
        with pytest.raises(NotAllowedError, match="key-not-yours"):
            revoke_person_key(anchor=anchor, revocation="compromised", reason="x", by=person)
    for revocation, reason, code in (("lost", "x", "revocation-unknown"), ("retired", " ", "reason-missing")):
        with pytest.raises(EvidenceError, match=code):
            revoke_person_key(anchor=anchor, revocation=revocation, reason=reason, by=cast.auditor)
    revoke_person_key(anchor=anchor, revocation="retired", reason="done", by=cast.auditor)
    revoke_person_key(anchor=anchor, revocation="compromised", reason="found", by=cast.auditor)
    with pytest.raises(EvidenceError, match="key-not-in-use"):
        revoke_person_key(anchor=anchor, revocation="retired", reason="no", by=cast.auditor)
    product = ensure_release(vendor="acme", product="widget", version="1.0", restricted=False).product
    vendors = enrol_product_anchor(product=product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    with pytest.raises(EvidenceError, match="key-of-another"):
        revoke_person_key(anchor=vendors, revocation="compromised", reason="x", by=cast.operator)
    assert enrol_person_anchor(person=cast.auditor, public_text=cast.auditor_key.public, enrolled_by=None).revoked_at
