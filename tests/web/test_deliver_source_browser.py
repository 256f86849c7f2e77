"""A Debian source in a real browser: its files one after another in pieces, what is missing named, what is there not sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.services.test_debian import ALL, Source, states
from tests.web.test_browser import Reader, chromium  # noqa: F401 - a fixture
from tests.web.test_deliver_browser import ended
from transparency.models import Delivery, Job, Upload
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

    from tests.cast import Cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
PAGE = "/products/pump/-/deliver/debian/"
FILES = "input[type=file][name=source_files]"


@pytest.fixture
def files(cast: Cast, tmp_path: Path) -> list[str]:
    """A source package on disk, its .dsc first, for a product that holds its key."""
    source = Source()
    product = ensure_release(vendor="acme", product="pump", version="0.9", restricted=False).product
    enrol_product_anchor(product=product, public_text=source.signer.key.public, enrolled_by=cast.vendor)
    for name, data in {"pump_1.0-2.dsc": source.dsc(), **source.files()}.items():
        (tmp_path / name).write_bytes(data)
    return [str(tmp_path / name) for name in ("pump_1.0-2.dsc", *source.files())]


def test_a_missing_file_is_named_and_only_that_one_is_sent_next(
    chromium: Browser,  # noqa: F811 - the fixture
    live_server: LiveServer,
    files: list[str],
) -> None:
    vera = Reader(chromium, live_server.url)
    vera.sign_in("vera")
    vera.go(PAGE)
    vera.page.fill("input[name=version]", "1.0-2")
    vera.page.set_input_files(FILES, files[:2])
    vera.page.click("text=Check it, keep nothing")
    vera.page.wait_for_selector("[role=alert]")
    assert "pump_1.0-2.debian.tar.gz: " in vera.page.inner_text("[role=alert]")
    assert "Found: no such file" in vera.page.inner_text("[role=alert]")
    before = set(Upload.objects.values_list("pk", flat=True))
    assert len(before) == 2
    assert vera.page.locator("input[name=stored]:checked").count() == 2, "what has arrived stays chosen"
    # Everything again: what is here with the same digest is not sent a second time.
    vera.page.set_input_files(FILES, files)
    vera.page.click("text=Check it, keep nothing")
    job = ended(vera)
    assert (job.kind, job.state) == ("check-debian", "done")
    assert before < set(Upload.objects.values_list("pk", flat=True))
    assert Upload.objects.count() == 3
    assert not Delivery.objects.exists()
    vera.page.reload()
    assert "3 deliveries would come of it" in vera.page.content()
    with vera.page.expect_navigation():  # from the page of one job to that of the next
        vera.page.click("text=Deliver it")
    assert ended(vera).kind == "import-debian"
    assert states({row.role: row for row in Delivery.objects.all()}) == ALL
    assert [each for each in vera.complaints if "422" not in each] == []


def test_the_same_is_delivered_without_scripts(
    chromium: Browser,  # noqa: F811 - the fixture
    live_server: LiveServer,
    files: list[str],
) -> None:
    vera = Reader(chromium, live_server.url, scripts=False)
    vera.sign_in("vera")
    vera.go(PAGE)
    vera.page.fill("input[name=version]", "1.0-2")
    vera.page.set_input_files(FILES, files)
    vera.page.click("text=Deliver it now")
    assert ended(vera).state == "done"
    assert states({row.role: row for row in Delivery.objects.all()}) == ALL
    assert Job.objects.get().kind == "import-debian"
