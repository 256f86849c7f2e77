"""A bill of materials that comes beside a delivery: compared once that is let in, kept while it waits, and never silently left out."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from tests.cast import OPEN_FILES, Cast, finish, make_archive
from tests.sboms import cyclonedx, spdx2
from transparency.models import Delivery, Job, Product, Sbom
from transparency.services.admit_quarantined import import_again
from transparency.services.deliver_checked import deliver_checked
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.receive_delivery import receive_delivery
from transparency.services.stored_files import Received
from transparency.services.sweep_objects import sweep_objects

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)
ARCHIVE = make_archive(OPEN_FILES, "pump-1.0")
BILL = json.dumps(spdx2({**OPEN_FILES, "gone.c": b""}, name="pump")).encode()


@pytest.fixture
def product(cast: Cast) -> Product:
    return ensure_release(vendor="acme", product="pump", version="0.1", restricted=False).product


def enrol(cast: Cast, product: Product) -> None:
    enrol_product_anchor(product=product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)


def bill_of(job: Job) -> Sbom:
    """What came of the bill that came along with a delivery."""
    job.refresh_from_db()
    compared = finish(Job.objects.get(pk=(job.result or {})["sbomJob"]))
    return Sbom.objects.get(pk=(compared.result or {})["sbom"])


class TestBrowser:
    def post(self, cast: Cast, browse: Browse, **more: Any) -> Any:
        given = {
            "version": "1.0",
            "archive": SimpleUploadedFile("pump-1.0.tar.gz", ARCHIVE),
            "signatures": SimpleUploadedFile("pump.sig", cast.vendor_key.sign(ARCHIVE)),
            "sbom": SimpleUploadedFile("pump.spdx.json", BILL),
        }
        return browse("vera").post(reverse("deliver", args=["pump"]), given | more)

    def test_it_is_compared_with_the_delivery_that_it_came_with(
        self, cast: Cast, browse: Browse, product: Product
    ) -> None:
        enrol(cast, product)
        answer = self.post(cast, browse)
        assert answer.status_code == 302
        job = finish(Job.objects.get(kind="import-snapshot"))
        row = bill_of(job)
        assert row.delivery == Delivery.objects.get()
        assert (row.file_name, row.tree["absentPaths"]) == ("pump.spdx.json", ["gone.c"])
        assert row.sender == cast.vendor
        page = browse("vera").get(answer.headers["Location"]).content.decode()
        assert "The bill of materials that came with it is compared" in page

    def test_what_was_checked_is_delivered_with_its_bill(self, cast: Cast, browse: Browse, product: Product) -> None:
        enrol(cast, product)
        self.post(cast, browse, do="check")
        check = finish(Job.objects.get(kind="check-delivery"))
        assert not Sbom.objects.exists()
        assert not Job.objects.filter(kind="check-sbom").exists()
        row = bill_of(finish(deliver_checked(job=check, by=cast.vendor, send=False)))
        assert row.tree["absent"] == 1

    def test_one_that_is_too_large_is_said_at_once(
        self, cast: Cast, browse: Browse, product: Product, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("transparency.web.deliver_form.MAX_SBOM_BYTES", 10)
        answer = self.post(cast, browse)
        assert answer.status_code == 422
        assert "Expected at most 10 bytes" in answer.content.decode()
        assert not Job.objects.exists()


def test_it_waits_in_quarantine_with_its_delivery_and_is_compared_when_that_is_let_in(
    cast: Cast, product: Product
) -> None:
    job = finish(
        receive_delivery(
            release=ensure_release(vendor="acme", product="pump", version="1.0", restricted=False),
            archive=Received("pump-1.0.tar.gz", io.BytesIO(ARCHIVE)),
            signatures=[cast.vendor_key.sign(ARCHIVE)],
            sbom=Received("pump.spdx.json", io.BytesIO(BILL)),
            sender=cast.vendor,
            send=False,
        )
    )
    delivery = Delivery.objects.get()
    assert (delivery.state, "sbomJob" in (job.result or {})) == (Delivery.State.QUARANTINED, False)
    sweep_objects(now=timezone.now() + timedelta(days=60))
    enrol(cast, product)
    again = finish(import_again(delivery=delivery, by=cast.vendor, send=False))
    assert bill_of(again).tree["absent"] == 1


class TestCommand:
    def run(self, folder: Path, cast: Cast, bill: bytes, *more: object) -> tuple[int, dict[str, Any]]:
        for name, data in (("pump-1.0.tar.gz", ARCHIVE), ("sig", cast.vendor_key.sign(ARCHIVE)), ("bill", bill)):
            (folder / name).write_bytes(data)
        (folder / "key.pub").write_text(cast.vendor_key.public)
        out = io.StringIO()
        asked = ["--product", "pump", "--release", "1.0", "--vendor", "acme", "--key", folder / "key.pub", "--json"]
        source = more or (folder / "pump-1.0.tar.gz", "--signature", folder / "sig")
        try:
            call_command(
                "import_snapshot",
                *map(str, (*source, "--sbom", folder / "bill", *asked)),
                stdout=out,
                stderr=io.StringIO(),
            )
        except SystemExit as ended:
            return int(ended.code or 0), json.loads(out.getvalue())
        return 0, json.loads(out.getvalue())

    def test_its_answer_holds_both(self, cast: Cast, tmp_path: Path) -> None:
        code, answer = self.run(tmp_path, cast, json.dumps(cyclonedx(OPEN_FILES, name="pump")).encode())
        assert (code, answer["state"]) == (0, "admitted")
        assert (answer["sbom"]["form"], answer["sbom"]["tree"]["same"]) == ("CycloneDX 1.6", len(OPEN_FILES))

    def test_a_bill_that_is_refused_takes_nothing_from_the_source(self, cast: Cast, tmp_path: Path) -> None:
        code, answer = self.run(tmp_path, cast, b"no bill")
        assert (code, answer["state"], answer["sbom"]["error"]["code"]) == (0, "admitted", "json-malformed")
        assert not Sbom.objects.exists()

    @pytest.mark.parametrize(("name", "more"), [("x.dsc", ()), ("x.bundle", ("--tag", "v1"))])
    def test_where_none_can_come_along_it_is_refused(
        self, cast: Cast, tmp_path: Path, name: str, more: tuple[str, ...]
    ) -> None:
        (tmp_path / name).write_bytes(b"x")
        code, answer = self.run(tmp_path, cast, BILL, tmp_path / name, *more)
        assert (code, answer["error"]["code"].partition("-")[2]) == (2, "options")
