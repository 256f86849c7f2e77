"""A git repository in a real browser: the bundle goes up in pieces, is checked, and is delivered from the same file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gitrepos import FILES, GitRepo
from tests.web.test_browser import Reader, chromium  # noqa: F401 - a fixture
from tests.web.test_deliver_browser import ended
from transparency.models import Delivery
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

    from tests.cast import Cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
PAGE = "/products/pump/-/deliver/git/"


def test_a_bundle_is_checked_and_delivered(
    chromium: Browser,  # noqa: F811 - the fixture
    live_server: LiveServer,
    cast: Cast,
    tmp_path: Path,
) -> None:
    repo = GitRepo(tmp_path / "repo.git")
    tree = repo.tree(FILES, f"160000 {40 * 'b'}\tvendor/lib\n")
    repo.tag("v1.0", repo.commit(tree), signer=cast.vendor_key)
    bundle = tmp_path / "pump.bundle"
    bundle.write_bytes(repo.bundle())
    product = ensure_release(vendor="acme", product="pump", version="0.9", restricted=False).product
    enrol_product_anchor(
        product=product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor, namespaces=("git",)
    )
    vera = Reader(chromium, live_server.url)
    vera.sign_in("vera")
    vera.go(PAGE)
    vera.page.fill("input[name=version]", "1.0")
    vera.page.set_input_files("input[name=archive]", str(bundle))
    vera.page.fill("input[name=tag]", "v1.0")
    vera.page.click("text=Check it, keep nothing")
    assert ended(vera).kind == "check-git"
    vera.page.reload()
    vera.page.click("text=Deliver it")
    job = ended(vera)
    delivery = Delivery.objects.get(pk=(job.result or {})["delivery"])
    assert (delivery.state, (delivery.git or {})["ref"]) == ("admitted", "refs/tags/v1.0")
    vera.go(f"/deliveries/{delivery.pk}/")
    assert "tag names one commit" in vera.page.inner_text("main").lower()
    repo.tag("v1.0", repo.commit({"a": b"1\n"}), signer=cast.vendor_key)
    bundle.write_bytes(repo.bundle())
    vera.go(PAGE)
    vera.page.fill("input[name=version]", "1.1")
    vera.page.set_input_files("input[name=archive]", str(bundle))
    vera.page.fill("input[name=tag]", "v1.0")
    vera.page.click("text=Deliver it now")
    moved = Delivery.objects.get(pk=(ended(vera).result or {})["delivery"])
    assert [finding["rule"] for finding in moved.refused] == ["git-tag-moved"]
    vera.go(f"/deliveries/{moved.pk}/")
    assert "This tag led to something else when it was imported before." in vera.page.inner_text("main")
    assert vera.complaints == []
