"""The release's chain as a page shows it, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from reviews.models import Attestation
from reviews.queries import attestations_of, checked_attestation, open_trust, release_report, statements_waiting
from reviews.services.accept_envelope import accept_envelope
from reviews.services.freeze_statement import freeze_statement
from tests.reviews.services.signing import sign_statement
from transparency.errors import NotAllowedError
from transparency.models import LogEntry, Product, TrustAnchor

if TYPE_CHECKING:
    from reviews.models import Engagement
    from reviews.services.check_attestation import CheckedAttestation
    from tests.cast import Cast
    from transparency.models import Release


def test_the_page_shows_the_links_that_the_dossier_answers(cast: Cast, open_release: Release) -> None:
    report = release_report(asked_by=AnonymousUser(), release=open_release)
    assert report.failed is None
    assert [(link.name, link.status) for link in report.links] == [
        ("index", "ok"),
        ("log", "ok"),
        ("manifest", "ok"),
        ("deliveries/01", "ok"),
        ("deliveries/01/signature", "ok"),
        ("builds/01", "ok"),
        ("builds/01/signature", "ok"),
        ("rebuild", "not claimed"),
        ("attestations", "not claimed"),
    ]


def test_a_new_attestation_appears_on_the_page_and_leaves_the_waiting_list(cast: Cast, engagement: Engagement) -> None:
    release = engagement.release
    release_report(asked_by=cast.auditor, release=release)
    anchor = TrustAnchor.objects.get(person=cast.auditor)
    statement = freeze_statement(person=cast.auditor, engagement=engagement, anchor=anchor, conclusion="concerns")
    assert list(statements_waiting(cast.auditor)) == [statement]
    assert list(statements_waiting(cast.other_auditor)) == []
    data = sign_statement(statement, cast.auditor_key)
    attestation = accept_envelope(person=cast.auditor, statement=statement, data=data)
    assert not statements_waiting(cast.auditor).exists()
    report = release_report(asked_by=AnonymousUser(), release=release)
    (review,) = report.reviews
    assert (review.authority, review.status, review.conclusion) == ("north", "ok", "concerns")
    assert attestations_of(asked_by=AnonymousUser(), release=release) == [attestation]


def test_a_restricted_release_is_unknown_to_strangers(cast: Cast, restricted_release: Release) -> None:
    for person in (AnonymousUser(), cast.stranger, cast.auditor):
        for ask in (release_report, attestations_of):
            with pytest.raises(NotAllowedError) as refusal:
                ask(asked_by=person, release=restricted_release)
            assert refusal.value.code == "release-unknown"
    for person in (cast.vendor, cast.operator):
        assert release_report(asked_by=person, release=restricted_release).failed is None


def test_a_check_is_kept_until_what_it_depends_on_changed(cast: Cast, engagement: Engagement) -> None:
    anchor = TrustAnchor.objects.get(person=cast.auditor)
    statement = freeze_statement(person=cast.auditor, engagement=engagement, anchor=anchor, conclusion="concerns")
    data = sign_statement(statement, cast.auditor_key)
    made = accept_envelope(person=cast.auditor, statement=statement, data=data)

    def check() -> CheckedAttestation:
        return checked_attestation(Attestation.objects.get(pk=made.pk))

    first = check()
    assert first.outcome == "holds"
    assert check() is first
    Attestation.objects.filter(pk=made.pk).update(envelope=data + b" ")
    assert check().outcome == "fails"
    Attestation.objects.filter(pk=made.pk).update(envelope=data)
    index = Attestation.objects.get(pk=made.pk).entry.index
    assert index is not None
    LogEntry.objects.filter(pk=made.entry_id).update(index=None)
    unseen = check()
    assert unseen.outcome == "could not be looked at"
    assert check() is not unseen
    LogEntry.objects.filter(pk=made.entry_id).update(index=index)
    TrustAnchor.objects.filter(pk=anchor.pk).update(revoked_at=timezone.now(), revocation="superseded")
    assert check().outcome == "holds"
    TrustAnchor.objects.filter(pk=anchor.pk).update(revocation="compromised")
    assert check().outcome == "fails"


def test_the_trust_file_is_kept_until_keys_or_what_is_open_changed(cast: Cast, open_release: Release) -> None:
    first = open_trust()
    key = TrustAnchor.objects.get(product=open_release.product).fingerprint
    assert key.encode() in first.data or any(key in line for line in first.fingerprints)
    assert open_trust() is first
    Product.objects.filter(pk=open_release.product_id).update(visibility=Product.Visibility.RESTRICTED)
    assert not any(key in line for line in open_trust().fingerprints)
    Product.objects.filter(pk=open_release.product_id).update(visibility=Product.Visibility.OPEN)
    assert any(key in line for line in open_trust().fingerprints)
    TrustAnchor.objects.filter(fingerprint=key).update(revoked_at=timezone.now(), revocation="compromised")
    assert not any(key in line for line in open_trust().fingerprints)
