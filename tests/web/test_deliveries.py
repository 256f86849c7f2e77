"""Verdict pages: steps, signatures, builds, quarantine, jobs; keys of people."""

from __future__ import annotations

import io
import subprocess
from typing import TYPE_CHECKING

import pytest
from django.utils.html import escape

from tests.cast import OPEN_FILES, deliver, finish, make_archive
from transparency.models import Artifact, Delivery, LogEntry, TrustAnchor
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.receive_delivery import receive_delivery
from transparency.services.stored_files import Received
from transparency.web.own_checks import own_checks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.cast import Cast, Key
    from tests.web.conftest import Browse
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)


def quarantine(
    cast: Cast, key: Key | None, files: Mapping[str, bytes] = OPEN_FILES, *, restricted: bool = False
) -> Delivery:
    release = ensure_release(vendor="acme", product="broken", version="1.0", restricted=restricted)
    enrol_product_anchor(product=release.product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    archive = make_archive(files)
    signatures = [key.sign(archive)] if key else []
    received = Received("broken-1.0.tar.gz", io.BytesIO(archive))
    finish(receive_delivery(release=release, archive=received, signatures=signatures, sender=cast.vendor, send=False))
    return Delivery.objects.get(release=release)


def page_of(browse: Browse, person: str | None, delivery: Delivery) -> str:
    return browse(person).get(f"/deliveries/{delivery.pk}/").content.decode()


def test_a_valid_delivery_shows_each_step_and_what_it_proves(browse: Browse, open_release: Release) -> None:
    delivery = open_release.deliveries.get()
    entry = LogEntry.objects.get(kind="delivery")
    page = page_of(browse, None, delivery)
    for text in (
        "signed by an enrolled key",
        "Signature 1: signature holds".lower(),
        "over exactly these bytes",
        delivery.archive_sha256,
        delivery.swhid,
        "Whoever holds the enrolled key signed exactly these bytes.",
        "Who holds the key. That it is the vendor&#x27;s is this centre&#x27;s word",
        "This does not show that no back door exists.",
        f'href="/log/entry/{entry.index}/"',
    ):
        assert text in page, text
    assert f'href="/jobs/{delivery.job_id}/"' not in page
    assert "Withdraw this delivery" not in page
    assert f'href="/jobs/{delivery.job_id}/"' in page_of(browse, "vera", delivery)


def test_the_commands_of_the_page_say_what_it_says_they_say(
    browse: Browse, open_release: Release, tmp_path: Path
) -> None:
    """Everything is taken from the page and from public addresses, but for the archive: that one has."""
    delivery, client = open_release.deliveries.get(), browse(None)
    (tmp_path / "widget-1.0.tar.gz").write_bytes(make_archive(OPEN_FILES, "widget-1.0"))
    signature = client.get(f"/deliveries/{delivery.pk}/signatures/1")
    name = signature.headers["Content-Disposition"].partition('"')[2].rstrip('"')
    (tmp_path / name).write_bytes(signature.content)
    checks = own_checks(delivery, open_release.product.anchors.all())
    page = page_of(browse, None, delivery)
    assert len(checks) == 4
    for check in checks:
        assert escape(check.commands) in page
        assert escape(check.says) in page
        if not check.commands.startswith("transparency "):
            done = subprocess.run(["bash", "-ec", check.commands], cwd=tmp_path, capture_output=True, check=True)
            assert check.says in done.stdout.decode(), check.title


def test_a_name_that_a_shell_could_obey_is_in_no_command(cast: Cast, open_release: Release) -> None:
    delivery = open_release.deliveries.get()
    for name in ("a;rm -rf ~.tar.gz", "-x.tar.gz", "$(id).tar", "a b.tar", "a\nb", "`id`", ""):
        delivery.archive_name = name
        for check in own_checks(delivery, open_release.product.anchors.all()):
            assert not name or name not in check.commands, name
            assert "ARCHIVE" in check.commands


def test_quarantine_is_for_sender_vendor_and_operator(browse: Browse, cast: Cast, keys: Mapping[str, Key]) -> None:
    delivery = quarantine(cast, keys["outsider"])
    for person in ("vera", "olga"):
        page = browse(person).get(f"/deliveries/{delivery.pk}/").content.decode()
        assert "In quarantine" in page
        assert ">unknown key<" in page
        assert "Nothing about its origin: no enrolled key vouches for these bytes." in page
        assert "If the key is the vendor&#x27;s, enrol it and check again" in page
        assert "broken-1.0.tar.gz" in browse(person).get("/quarantine/").content.decode()
        assert "broken-1.0.tar.gz" in browse(person).get("/").content.decode()
    for other in (None, "anna", "stan"):
        assert browse(other).get(f"/deliveries/{delivery.pk}/").status_code == 404
        for place in ("/", "/products/broken/", "/products/broken/1.0/"):
            assert "broken-1.0.tar.gz" not in browse(other).get(place).content.decode()
    assert "Nothing is in quarantine that you may see." in browse("anna").get("/quarantine/").content.decode()
    assert browse(None).get("/quarantine/").status_code == 302


def test_a_release_without_admitted_source_shows_nothing_as_proved(browse: Browse, cast: Cast) -> None:
    quarantine(cast, None)
    page = browse(None).get("/products/broken/1.0/").content.decode()
    assert "No source of this release has been admitted" in page
    assert ">proved<" not in page
    assert browse("anna").get("/products/broken/1.0/tree/").status_code == 404


def test_refused_members_are_named_with_their_rule(browse: Browse, cast: Cast) -> None:
    delivery = quarantine(cast, cast.vendor_key, {"a": b"x", "a/../../evil\u202e": b"y"})
    page = browse("olga").get(f"/deliveries/{delivery.pk}/").content.decode()
    assert "1 member refused: <code>path-dotdot</code>" in page
    assert "The path climbs out of its folder" in page
    assert "no signature and no reason can lift" in page
    assert "Check it again" not in page
    assert "Admit it as" not in page
    assert "evil%E2%80%AE" in page
    assert "\u202e" not in page


def test_flagged_paths_of_a_restricted_source_are_for_its_readers(browse: Browse, cast: Cast) -> None:
    release = deliver(cast, product="flags", files={"back\\slash": b"x\n", "b": b"y\n"}, restricted=True)
    place = f"/deliveries/{release.deliveries.get().pk}/"
    assert release.deliveries.get().flagged
    assert "back%5Cslash" in browse("vera").get(place).content.decode()
    page = browse("olga").get(place).content.decode()
    assert "back%5Cslash" not in page
    assert "1 more flagged member in folders that you may not read." in page


def test_flagged_paths_of_open_source_are_public(browse: Browse, cast: Cast) -> None:
    release = deliver(cast, product="flags", files={"back\\slash": b"x\n", "b": b"y\n"})
    page = browse(None).get(f"/deliveries/{release.deliveries.get().pk}/").content.decode()
    assert "1 member kept and flagged: <code>name-backslash</code>" in page
    assert "a separator of folders on Windows" in page
    assert "back%5Cslash" in page


def test_builds_are_compared_in_words(browse: Browse, open_release: Release) -> None:
    builds = open_release.build_lists.get()
    for name, listing in (("b", "listed-and-different"), ("c", "listed-and-missing"), ("d", "not-listed")):
        Artifact.objects.create(build_list=builds, name=name, listing=listing, listed="00" * 32)
    page = browse(None).get(f"/builds/{builds.pk}/").content.decode()
    for words in ("listed and equal", "listed and different", "listed and missing", "not listed"):
        assert f">{words}<" in page, words
    assert "nobody has attempted it" in page
    assert "no file was given" in page


def test_an_auditor_enrols_a_key_and_sees_its_fingerprint(browse: Browse, cast: Cast, keys: Mapping[str, Key]) -> None:
    client = browse("anna")
    answer = client.post("/keys/", {"public": keys["outsider"].public})
    assert answer.headers["Location"] == "/keys/"
    fingerprint = TrustAnchor.objects.filter(person=cast.auditor).latest("pk").fingerprint
    page = client.get("/keys/").content.decode()
    assert f"Enrolled {fingerprint}." in page
    assert page.count(fingerprint) == 2
    assert TrustAnchor.objects.filter(person=cast.auditor).count() == 2


@pytest.mark.parametrize(
    "text", ["", "nonsense", "ssh-ed25519 AAAA", "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", "<b>", "\0"]
)
def test_what_is_no_public_key_is_refused_and_pointed_at(browse: Browse, cast: Cast, text: str) -> None:
    before = TrustAnchor.objects.count()
    answer = browse("anna").post("/keys/", {"public": text})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id_public"' in page
    assert "<b>" not in page
    assert TrustAnchor.objects.count() == before
