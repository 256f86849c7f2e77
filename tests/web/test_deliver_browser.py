"""Delivering in a real browser: in pieces, going on after a reload, checked before anything is kept; and without scripts."""

from __future__ import annotations

import io
import random
import re
import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.cast import Cast, deliver
from tests.web.test_browser import Reader, chromium  # noqa: F401 - a fixture
from transparency.models import Delivery, Job, Upload
from transparency.services.perform_job import perform_job

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Route
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
PAGE = "/products/widget/-/deliver/"
JOB = re.compile(r"/jobs/([0-9a-f-]{36})/")


@pytest.fixture
def files(cast: Cast, tmp_path: Path) -> tuple[str, str]:
    """An archive of several pieces and its signature, for a product that is there."""
    deliver(cast, product="widget")
    data = random.Random(3).randbytes(20_000_000)
    archive, signature = tmp_path / "widget-2.0.tar", tmp_path / "widget-2.0.tar.sig"
    with tarfile.open(archive, "w", format=tarfile.USTAR_FORMAT) as tar:
        member = tarfile.TarInfo("widget-2.0/noise")
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    signature.write_bytes(cast.vendor_key.sign(archive.read_bytes()))
    return str(archive), str(signature)


def fill(vera: Reader, files: tuple[str, str]) -> None:
    vera.page.fill("input[name=version]", "2.0")
    vera.page.set_input_files("input[type=file][name=archive]", files[0])
    vera.page.set_input_files("input[type=file][name=signatures]", files[1])


def ended(vera: Reader) -> Job:
    vera.page.wait_for_url("**/jobs/**", timeout=30_000)
    found = JOB.search(vera.page.url)
    assert found
    assert perform_job(job=Job.objects.get(pk=found[1]).pk)
    return Job.objects.get(pk=found[1])


def test_an_upload_goes_on_after_a_reload_and_a_check_keeps_nothing(
    chromium: Browser,  # noqa: F811 - the fixture
    live_server: LiveServer,
    files: tuple[str, str],
) -> None:
    vera = Reader(chromium, live_server.url)
    vera.sign_in("vera")
    vera.go(PAGE)
    pieces: list[str] = []

    def first_only(route: Route) -> None:
        pieces.append(route.request.url)
        if len(pieces) > 1:
            route.abort("connectionreset")
        else:
            route.continue_()

    vera.page.route("**/chunks/*", first_only)
    fill(vera, files)
    vera.page.click("text=Check it, keep nothing")
    vera.page.wait_for_function("() => true")
    while len(pieces) < 2:
        vera.page.wait_for_timeout(50)
    upload = Upload.objects.get()
    assert 0 < upload.received < upload.size
    vera.page.unroute("**/chunks/*")
    vera.go(PAGE)
    assert "widget-2.0.tar" in vera.page.content()
    fill(vera, files)
    vera.page.click("text=Check it, keep nothing")
    job = ended(vera)
    assert (job.kind, job.state) == ("check-delivery", "done")
    assert (job.result or {})["report"]["verdict"]["outcome"] == "valid"
    assert Upload.objects.count() == 1
    assert Delivery.objects.count() == 1
    vera.page.reload()
    with vera.page.expect_navigation():  # from the page of one job to that of the next
        vera.page.click("text=Deliver it")
    assert ended(vera).kind == "import-snapshot"
    assert Delivery.objects.filter(release__version="2.0", state="admitted").count() == 1
    assert [
        each for each in vera.complaints if "connectionreset" not in each.lower() and "ERR_CONNECTION_RESET" not in each
    ] == []


def test_the_same_is_delivered_without_scripts(
    chromium: Browser,  # noqa: F811 - the fixture
    live_server: LiveServer,
    files: tuple[str, str],
) -> None:
    vera = Reader(chromium, live_server.url, scripts=False)
    vera.sign_in("vera")
    vera.go(PAGE)
    fill(vera, files)
    vera.page.click("text=Deliver it now")
    assert ended(vera).state == "done"
    assert Delivery.objects.filter(release__version="2.0", state="admitted").count() == 1
