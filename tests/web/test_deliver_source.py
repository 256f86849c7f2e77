"""Debian sources from the browser's form and from machines: together, checked first, with what is missing named."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.cast import Cast, finish, make_archive
from tests.services.test_debian import ALL, DEBIAN, Source, states
from tests.web.posts import check_refusals
from tests.web.test_api import Machine, code_of, token_of
from tests.web.test_step_up import grow_old
from transparency.models import Delivery, Event, Job, LogEntry, Product, Release, Snapshot, TrustAnchor, Upload
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse
    from django.test import Client
    from pytest_django.fixtures import Settings

    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/products/pump/-/deliver/debian/"
ORIG, PATCHES = "pump_1.0.orig.tar.gz", "pump_1.0-2.debian.tar.gz"
KEPT = (Release, TrustAnchor, Event, LogEntry, Delivery, Snapshot)


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def product(cast: Cast, source: Source) -> Product:
    product = ensure_release(vendor="acme", product="pump", version="0.9", restricted=False).product
    enrol_product_anchor(product=product, public_text=source.signer.key.public, enrolled_by=cast.vendor)
    return product


def counts() -> list[int]:
    return [model.objects.count() for model in KEPT]


def chosen(source: Source, changed: Mapping[str, bytes | None] | None = None) -> dict[str, bytes]:
    files: dict[str, bytes | None] = {"pump_1.0-2.dsc": source.dsc(), **source.files(), **(changed or {})}
    return {name: data for name, data in files.items() if data is not None}


def post(client: Client, files: Mapping[str, bytes], **said: object) -> HttpResponse:
    sent = [SimpleUploadedFile(name, data) for name, data in files.items()]
    answer: HttpResponse = client.post(PAGE, {"version": "1.0-2", "do": "deliver", "source_files": sent, **said})  # type: ignore[assignment]
    return answer


def test_a_form_with_all_files_becomes_three_deliveries(browse: Browse, product: Product, source: Source) -> None:
    answer = post(browse("vera"), chosen(source))
    job = Job.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/jobs/{job.pk}/")
    finish(job)
    assert states({row.role: row for row in Delivery.objects.all()}) == ALL


def test_a_check_lists_every_delivery_with_its_refusals_and_the_same_files_are_delivered_next(
    browse: Browse, cast: Cast
) -> None:
    source = Source(debian=DEBIAN | {"debian/patches/series": b"../fix.patch\n"})
    product = ensure_release(vendor="acme", product="pump", version="0.9", restricted=False).product
    enrol_product_anchor(product=product, public_text=source.signer.key.public, enrolled_by=cast.vendor)
    before, vera = counts(), browse("vera")
    post(vera, chosen(source), do="check")
    job = finish(Job.objects.get())
    assert (job.kind, counts()) == ("check-debian", before)
    page = vera.get(f"/jobs/{job.pk}/").content.decode()
    assert "3 deliveries would come of it" in page
    assert "patch-series" in page
    for role in ("Distribution", "Patched", "Upstream"):
        assert f"<h2>{role}: <bdi>" in page
    vera.post(f"/jobs/{job.pk}/deliver/")
    finish(Job.objects.get(kind="import-debian"))
    assert states({row.role: row for row in Delivery.objects.all()}) == ALL | {"patched": ("quarantined", "valid")}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({ORIG: None, PATCHES: None}, (ORIG, PATCHES, "Found: no such file")),
        ({ORIG: b"other"}, (ORIG, "Found: " + ORIG + ": 5 bytes, sha256 d9298a10d1b0735837dc4bd85dac641b0f3cef27")),
        ({"README": b"x"}, ("README", "The .dsc does not name this file.")),
        ({"pump_1.0-2.dsc": None}, ("Choose one .dsc and its files. Found: none.",)),
        ({"other.dsc": b"x"}, ("Found: pump_1.0-2.dsc, other.dsc.",)),
        ({"pump_1.0-2.dsc": b"no description"}, ("This is not a signed Debian source description",)),
    ],
)
def test_what_is_missing_or_other_is_named_with_expected_and_found(
    browse: Browse, product: Product, source: Source, changed: Mapping[str, bytes | None], said: tuple[str, ...]
) -> None:
    answer = post(browse("vera"), chosen(source, changed))
    assert answer.status_code == 422
    for words in said:
        assert words in answer.content.decode()
    assert not Job.objects.exists()


def test_only_who_may_deliver_hands_a_source_in(browse: Browse, product: Product, source: Source) -> None:
    check_refusals(
        browse, PAGE, {"version": "1.0-2", "do": "deliver"}, allowed="vera", strangers=(), forbidden=("anna", "stan"),
        unchanged=counts, missing="/products/nothing/-/deliver/debian/", has_page=True,
    )  # fmt: skip


class TestKeys:
    """A key in the form counts for a check, and is enrolled when the delivery is made by somebody who proved just now who that is."""

    def test_a_check_enrols_no_key_and_delivering_what_was_checked_does(
        self, browse: Browse, cast: Cast, source: Source
    ) -> None:
        ensure_release(vendor="acme", product="pump", version="0.9", restricted=False)
        before, vera = counts(), browse("vera")
        key = SimpleUploadedFile("key.asc", source.signer.key.public.encode())
        post(vera, chosen(source), do="check", key=key)
        job = finish(Job.objects.get())
        assert counts() == before
        page = vera.get(f"/jobs/{job.pk}/").content.decode()
        assert "counted as if it were enrolled" in page
        assert "and enrol the key" in page
        grow_old(vera)
        asked = vera.post(f"/jobs/{job.pk}/deliver/")
        assert asked.headers["Location"].startswith("/account/confirm/?next=")
        assert counts() == before
        assert vera.post(asked.headers["Location"], {"password": "wrong"}).status_code == 200
        assert counts() == before
        vera.post(asked.headers["Location"], {"password": "vera-password-long"}, follow=True)
        finish(Job.objects.get(kind="import-debian"))
        assert TrustAnchor.objects.get(product__slug="pump").enrolled_by == cast.vendor
        assert states({row.role: row for row in Delivery.objects.all()}) == ALL

    def test_the_same_holds_for_an_archive(self, browse: Browse, cast: Cast) -> None:
        ensure_release(vendor="acme", product="pump", version="0.9", restricted=False)
        archive, before, vera = make_archive({"a": b"x\n"}), counts(), browse("vera")

        def form(**said: object) -> dict[str, object]:
            return {
                "version": "1.0",
                "archive": SimpleUploadedFile("pump-1.0.tar.gz", archive),
                "signatures": SimpleUploadedFile("pump.sig", cast.vendor_key.sign(archive)),
                "key": SimpleUploadedFile("key.pub", cast.vendor_key.public.encode()),
                **said,
            }

        assert vera.post("/products/pump/-/deliver/", form(do="check")).status_code == 302
        job = finish(Job.objects.get())
        assert (job.result or {})["report"]["verdict"]["outcome"] == "valid"
        assert counts() == before
        grow_old(vera)
        assert "confirm first" in vera.get("/products/pump/-/deliver/").content.decode()
        assert vera.post("/products/pump/-/deliver/", form(do="deliver")).status_code == 422, "the sign-in is old"
        assert counts() == before
        fresh = browse("vera")
        assert "confirm first" not in fresh.get("/products/pump/-/deliver/").content.decode()
        fresh.post("/products/pump/-/deliver/", form(do="deliver"))
        assert TrustAnchor.objects.filter(product__slug="pump").count() == 1

    def test_a_signature_over_the_tar_inside_counts_when_the_form_says_so(self, browse: Browse, cast: Cast) -> None:
        product = ensure_release(vendor="acme", product="pump", version="0.9", restricted=False).product
        enrol_product_anchor(product=product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
        archive = make_archive({"a": b"x\n"})
        form = {
            "version": "1.0",
            "archive": SimpleUploadedFile("pump-1.0.tar.gz", archive),
            "signatures": SimpleUploadedFile("pump.sig", cast.vendor_key.sign(gzip.decompress(archive))),
            "over": "decompressed",
            "do": "deliver",
        }
        assert browse("vera").post("/products/pump/-/deliver/", form).status_code == 302
        finish(Job.objects.get())
        delivery = Delivery.objects.get()
        assert (delivery.state, delivery.verdict, delivery.signature_over) == ("admitted", "valid", "decompressed")


class TestMachines:
    @pytest.fixture
    def machine(self, cast: Cast, product: Product, settings: Settings) -> Machine:
        settings.UPLOAD_CHUNK_BYTES, settings.UPLOAD_RESERVE_BYTES = 64, 0
        return Machine(token_of(cast.vendor, product))

    def asked(self, machine: Machine, files: Mapping[str, bytes]) -> dict[str, Any]:
        there = {name: machine.whole(data, product="pump", name=name) for name, data in files.items()}
        dsc = there.pop("pump_1.0-2.dsc")
        return {"release": "1.0-2", "dsc": dsc, "files": list(there.values())}

    def test_uploads_become_three_deliveries_and_a_dry_run_keeps_nothing(
        self, machine: Machine, source: Source
    ) -> None:
        asked, before = self.asked(machine, chosen(source)), counts()
        for more, kind in (({"dryRun": True}, "check-debian"), ({}, "import-debian")):
            assert counts() == before
            status, job = machine.ask("POST", "products/pump/deliveries", asked | more)
            assert (status, job["kind"]) == (202, kind)
            finish(Job.objects.get(kind=kind))
            report = machine.ask("GET", f"jobs/{job['job']}")[1]["report"]
            assert [(each["role"], each["state"]) for each in report["deliveries"]] == [
                ("distribution", "admitted"), ("patched", "admitted"), ("upstream", "admitted"),
            ]  # fmt: skip
            assert report["manifest"] == report["deliveries"][0]["manifest"]
        assert Delivery.objects.count() == 3

    def test_what_is_missing_or_does_not_belong_together_is_refused_with_its_code(
        self, machine: Machine, source: Source
    ) -> None:
        asked = self.asked(machine, chosen(source))
        place = "products/pump/deliveries"
        short = machine.ask("POST", place, asked | {"files": asked["files"][:1]})
        assert code_of(short) == (422, "dsc-file-missing")
        assert short[1]["error"]["expected"].startswith(ORIG) or short[1]["error"]["expected"].startswith(PATCHES)
        wrong: tuple[tuple[dict[str, Any], tuple[int, str]], ...] = (
            ({"files": [*asked["files"], asked["files"][0]]}, (422, "duplicate-file")),
            ({"dsc": asked["files"][0]}, (422, "dsc-name")),
            ({"signatures": []}, (422, "dsc-options")),
            ({"archive": asked["dsc"]}, (422, "dsc-options")),
            ({"files": "x"}, (400, "request-malformed")),
            ({"files": [1]}, (400, "request-malformed")),
            ({"files": [asked["dsc"]] * 65}, (400, "request-malformed")),
        )
        for changed, code in wrong:
            assert code_of(machine.ask("POST", place, asked | changed)) == code, changed
        assert not Job.objects.exists()

    def test_uploads_of_others_do_not_exist(
        self, machine: Machine, cast: Cast, product: Product, source: Source
    ) -> None:
        asked = self.asked(machine, chosen(source))
        Upload.objects.filter(pk=asked["files"][0]).update(sender=cast.operator)
        assert code_of(machine.ask("POST", "products/pump/deliveries", asked)) == (404, "not-found")
