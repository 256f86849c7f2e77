"""Packages that are delivered: what they declare is kept, shown as declared, and told to nobody who may not be told."""

from __future__ import annotations

import io
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from tests.cast import Cast, finish
from tests.proofs.packages.recognising import tar_gz
from tests.proofs.sources.rpms import rpm
from transparency.gateways.contained.packagewire import package_json, parse_package
from transparency.models import Delivery, Grant
from transparency.permissions import Right
from transparency.proofs.errors import EvidenceError
from transparency.proofs.packages.declared import MAX_FINDINGS, MAX_VALUE, Package
from transparency.proofs.sources.paths import Finding
from transparency.reports import delivery_report
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.receive_delivery import receive_delivery
from transparency.services.stored_files import Received

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    Browse = Callable[[str | None], Client]

pytestmark = pytest.mark.django_db(transaction=True)
REAL = Path(__file__).resolve().parents[1] / "vectors" / "packages"
HOSTILE = b'{"name": "pump", "version": "1.0.0", "license": "<script>\\u202e", "repository": "javascript:alert(1)"}'


def hand_in(
    cast: Cast, name: str, data: bytes, *, product: str = "pump", version: str = "1.0.0", restricted: bool = False
) -> Delivery:
    release = ensure_release(vendor="acme", product=product, version=version, restricted=restricted)
    enrol_product_anchor(product=release.product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    finish(
        receive_delivery(
            release=release,
            archive=Received(name, io.BytesIO(data)),
            signatures=[cast.vendor_key.sign(data)],
            sender=cast.vendor,
            send=False,
        )
    )
    return Delivery.objects.get(archive_name=name, release=release)


def release_address(row: Delivery) -> str:
    return reverse("release", args=[row.release.product.slug, row.release.version])


@pytest.mark.parametrize(
    ("name", "product", "version", "purl"),
    [
        ("six-1.16.0.tar.gz", "six", "1.16.0", "pkg:pypi/six@1.16.0"),
        ("left-pad-1.3.0.tgz", "acme-left-pad", "v1.3.0", "pkg:npm/left-pad@1.3.0"),
        ("itsy-widget-0.3.1.crate", "itsy-widget", "0.3.1", "pkg:cargo/itsy-widget@0.3.1"),
        ("pump-zstd.src.rpm", "pump", "1.0", "pkg:rpm/pump@1.0-3.tc1?arch=src&amp;epoch=2"),
    ],
)
def test_a_real_package_is_delivered_with_what_it_declares(
    cast: Cast, browse: Browse, name: str, product: str, version: str, purl: str
) -> None:
    handed = f"{name.partition('-')[0]}-1.0-3.tc1.src.rpm" if name.endswith(".rpm") else name
    row = hand_in(cast, handed, (REAL / name).read_bytes(), product=product, version=version)
    assert row.state == Delivery.State.ADMITTED
    assert row.flagged == []
    report = delivery_report(row)
    assert report["package"]["purl"] == unescape(purl)
    for place in (f"/deliveries/{row.pk}/", release_address(row)):
        page = browse(None).get(place).content.decode()
        assert "Declared by the package" in page, place
        assert purl in page
    answer = browse(None).get(f"/api/v1/deliveries/{row.pk}").json()["delivery"]
    assert answer["package"] == report["package"]


def test_another_name_and_version_than_the_release_are_findings_and_no_refusal(cast: Cast, browse: Browse) -> None:
    row = hand_in(cast, "six-1.16.0.tar.gz", (REAL / "six-1.16.0.tar.gz").read_bytes(), product="pump", version="2.0")
    assert row.state == Delivery.State.ADMITTED
    assert [(item["path"], item["rule"]) for item in row.flagged] == [
        ("PKG-INFO", "package-name"),
        ("PKG-INFO", "package-version"),
    ]
    page = browse(None).get(f"/deliveries/{row.pk}/").content.decode()
    assert "The package declares another version than the release" in page


def test_a_plain_archive_declares_nothing(cast: Cast, browse: Browse) -> None:
    row = hand_in(cast, "pump.tar.gz", tar_gz({"pump/setup.py": b"open('/tmp/executed', 'w')\n"}))
    assert (row.package, row.flagged) == (None, [])
    assert "Declared by the package" not in browse(None).get(f"/deliveries/{row.pk}/").content.decode()


def test_what_a_package_declares_is_shown_as_text(cast: Cast, browse: Browse) -> None:
    row = hand_in(cast, "pump-1.0.0.tgz", tar_gz({"package/package.json": HOSTILE}))
    page = browse(None).get(f"/deliveries/{row.pk}/").content.decode()
    assert "<script>\u202e" not in page
    assert "\u202e" not in page
    assert 'href="javascript:' not in page
    assert "javascript:alert(1)" in page


def test_a_restricted_package_tells_its_words_to_readers_of_its_source_alone(cast: Cast, browse: Browse) -> None:
    row = hand_in(cast, "pump-1.0.0.tgz", tar_gz({"package/package.json": HOSTILE}), restricted=True)
    for person, rights in ((cast.auditor, [Right.KNOW]), (cast.other_auditor, [Right.KNOW, Right.READ_SOURCE])):
        Grant.objects.create(person=person, product=row.release.product, rights=rights)
    for place in (f"/deliveries/{row.pk}/", release_address(row)):
        assert browse(None).get(place).status_code == 404
        assert "pkg:npm/pump@1.0.0" not in browse("anna").get(place).content.decode(), place
        assert "pkg:npm/pump@1.0.0" in browse("bela").get(place).content.decode(), place


def test_a_source_rpm_is_checked_by_hand_with_the_tools_of_rpm(cast: Cast, browse: Browse) -> None:
    row = hand_in(cast, "pump-1.0-3.tc1.src.rpm", (REAL / "pump-xz.src.rpm").read_bytes(), version="1.0")
    page = browse(None).get(f"/deliveries/{row.pk}/").content.decode()
    assert "rpm2cpio ../pump-1.0-3.tc1.src.rpm | cpio -id --no-absolute-filenames" in page
    assert "What follows stands in its header" in page


def test_an_rpm_of_built_files_goes_into_quarantine(cast: Cast) -> None:
    row = hand_in(cast, "pump-1.0-3.x86_64.rpm", rpm(kind=0), version="1.0")
    assert (row.state, row.snapshot, row.package) == (Delivery.State.QUARANTINED, None, None)
    assert [item["rule"] for item in row.refused] == ["rpm-binary"]


def test_what_lies_in_quarantine_for_a_refused_member_declares_nothing(cast: Cast) -> None:
    row = hand_in(cast, "pump-1.0.0.tgz", tar_gz({"package/package.json": HOSTILE, "package/../x": b""}))
    assert (row.state, row.package) == (Delivery.State.QUARANTINED, None)


class TestWall:
    """What a task that was taken over might say of a package."""

    GOOD = Package(
        "sdist", "PKG-INFO", "six", "1.0", "pkg:pypi/six@1.0", "MIT", "", (Finding("PKG-INFO", "package-folder", "x"),)
    )

    def test_a_good_one_comes_through(self) -> None:
        assert parse_package(package_json(self.GOOD)) == self.GOOD
        assert parse_package(package_json(None)) is None

    @pytest.mark.parametrize(
        "changed",
        [
            {"kind": "exe"},
            {"kind": ["sdist"]},
            {"file": "a b"},
            {"file": "x" * 20_000},
            {"name": "a\n"},
            {"name": None},
            {"version": 1},
            {"licence": "x" * (MAX_VALUE + 1)},
            {"purl": "javascript:x"},
            {"findings": None},
            {"findings": [["package-folder"]]},
            {"findings": [["Rule!", ""]]},
            {"findings": [["path-git", ""]]},
            {"findings": [["package-folder", "x" * 1000]]},
            {"findings": [["package-folder", ""]] * (MAX_FINDINGS + 1)},
        ],
    )
    def test_another_shape_is_refused(self, changed: dict[str, Any]) -> None:
        good = package_json(self.GOOD)
        assert good
        with pytest.raises(EvidenceError, match="contained-answer"):
            parse_package(good | changed)

    @pytest.mark.parametrize("value", ["text", [], 1])
    def test_what_is_no_object_is_refused(self, value: object) -> None:
        with pytest.raises(EvidenceError, match="contained-answer"):
            parse_package(value)
