"""The dry run: every refusal is listed whatever the verdict, keys count as if enrolled, and nothing but the report remains."""

from __future__ import annotations

import gzip
import io
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction

from tests.cast import Cast, finish, make_archive
from transparency.models import Delivery, Event, LogEntry, Product, Release, Snapshot, TrustAnchor
from transparency.services.deliver_checked import deliver_checked
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.imagine_release import imagine_release, save_imagined
from transparency.services.receive_delivery import receive_delivery
from transparency.services.revoke_anchor import revoke_anchor
from transparency.services.stored_files import Received
from transparency.services.stores import objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.models import Job

GOOD = make_archive({"a.c": b"int a;\n"}, "pump-1.0")
KEPT = (Product, Release, TrustAnchor, Event, LogEntry, Delivery, Snapshot)


def hostile() -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name in ("../evil", "/abs", "p/.git/config", "ok"):
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
    return gzip.compress(plain.getvalue())


def ask(release: Release, archive: bytes, signatures: Sequence[bytes] = (), as_if: Sequence[str] = ()) -> Job:
    given = Received("pump-1.0.tar.gz", io.BytesIO(archive))
    return finish(
        receive_delivery(release=release, archive=given, signatures=signatures, dry_run=True, as_if=as_if, send=False)
    )


def report(release: Release, archive: bytes, *signatures: bytes, as_if: Sequence[str] = ()) -> dict[str, Any]:
    found: dict[str, Any] = (ask(release, archive, signatures, as_if).result or {})["report"]
    return found


def counts() -> list[int]:
    return [model.objects.count() for model in KEPT]


@pytest.fixture
def release(cast: Cast) -> Release:
    release = ensure_release(vendor="acme", product="pump", version="1.0", restricted=False)
    enrol_product_anchor(product=release.product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    return release


@pytest.mark.parametrize("signed", ["not", "by an unknown key", "falsely", "well"])
def test_every_refusal_is_listed_whatever_the_verdict(cast: Cast, release: Release, signed: str) -> None:
    archive = hostile()
    signature = {
        "not": [],
        "by an unknown key": [cast.auditor_key.sign(archive)],
        "falsely": [cast.vendor_key.sign(archive + b"x")],
        "well": [cast.vendor_key.sign(archive)],
    }[signed]
    found = report(release, archive, *signature)
    assert [(item["path"], item["rule"]) for item in found["refused"]] == [
        ("../evil", "path-dotdot"),
        ("/abs", "path-absolute"),
        ("p/.git/config", "path-git"),
    ]
    assert found["state"] == "quarantined"
    assert found["steps"][-1]["status"] == "refused"


def test_what_is_not_valid_stays_out_even_when_no_member_is_refused(cast: Cast, release: Release) -> None:
    before, stored = counts(), sorted(objects().unused(release.product.store_key, set(), older_than=2**40))
    found = report(release, GOOD, cast.auditor_key.sign(GOOD))
    assert (found["state"], found["manifest"], found["refused"]) == ("quarantined", None, [])
    assert found["steps"][-1]["name"] == "members read"
    assert found["steps"][-1]["status"] == "done"
    assert counts() == before
    after = sorted(objects().unused(release.product.store_key, set(), older_than=2**40))
    assert len(after) - len(stored) == 2, "the archive and its signature, and nothing that was read"


def test_a_real_import_reads_nothing_that_is_not_valid(cast: Cast, release: Release) -> None:
    given = Received("pump-1.0.tar.gz", io.BytesIO(hostile()))
    finish(receive_delivery(release=release, archive=given, signatures=[], send=False))
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.verdict, delivery.refused) == ("quarantined", "unsigned", [])


def test_a_key_counts_as_if_it_were_enrolled_and_is_not(cast: Cast, release: Release) -> None:
    before = counts()
    signature = cast.auditor_key.sign(GOOD)
    assert report(release, GOOD, signature)["state"] == "quarantined"
    found = report(release, GOOD, signature, as_if=[cast.auditor_key.public])
    assert (found["state"], found["verdict"]["outcome"]) == ("admitted", "valid")
    [key] = found["asIfEnrolled"]
    assert found["steps"][1]["found"] == f"ssh {key['fingerprint']}"
    assert counts() == before


def test_a_key_that_was_revoked_here_stays_revoked(cast: Cast, release: Release) -> None:
    revoke_anchor(
        anchor=TrustAnchor.objects.get(product=release.product), revocation="compromised", reason="x", by=cast.vendor
    )
    found = report(release, GOOD, cast.vendor_key.sign(GOOD), as_if=[cast.vendor_key.public])
    assert (found["verdict"]["outcome"], found["asIfEnrolled"]) == ("revoked", [])


@pytest.mark.parametrize("vendor", ["acme", "nobody-yet"])
def test_a_product_that_is_not_there_is_only_imagined(cast: Cast, vendor: str) -> None:
    before = counts()
    release = imagine_release(vendor=vendor, product="new", version="1.0", restricted=True)
    found = report(release, GOOD, cast.vendor_key.sign(GOOD), as_if=[cast.vendor_key.public])
    assert (found["state"], found["product"], found["verdict"]["outcome"]) == ("admitted", "new", "valid")
    assert counts() == before


@pytest.mark.parametrize("product", ["pump", "new"])
def test_a_release_that_somebody_makes_meanwhile_is_theirs(cast: Cast, release: Release, product: str) -> None:
    imagined = imagine_release(vendor="acme", product=product, version="2.0", restricted=False)
    made = ensure_release(vendor="acme", product=product, version="2.0", restricted=False)
    with transaction.atomic():
        assert save_imagined(imagined) == made
    assert Release.objects.filter(version="2.0").count() == 1


def test_delivering_what_was_checked_enrols_the_key_that_counted(cast: Cast, release: Release) -> None:
    job = ask(release, GOOD, [cast.auditor_key.sign(GOOD)], [cast.auditor_key.public])
    assert TrustAnchor.objects.filter(product=release.product).count() == 1
    finish(deliver_checked(job=job, by=cast.vendor, send=False))
    assert Delivery.objects.get().state == "admitted"
    assert TrustAnchor.objects.filter(product=release.product, enrolled_by=cast.vendor).count() == 2
