"""A restricted product stays unknown: no public byte holds a path, a size or a digest of its source."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client

from reviews.services.build_dossier import build_dossier
from reviews.services.export_trust import export_trust
from tests.cast import RESTRICTED_FILES, Cast
from transparency.models import LogEntry, Release
from transparency.queries import log_head
from transparency.services.publish_log import publish_log

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db(transaction=True)


def secrets_of(release: Release) -> dict[str, bytes]:
    """Everything that must not be seen, by what it is."""
    snapshot, delivery, builds = release.subject, release.deliveries.get(), release.build_lists.get()
    assert snapshot is not None
    found = {"product": b"vault", "archive": delivery.archive_sha256.encode(), "manifest": snapshot.manifest.encode()}
    found |= {
        "root": snapshot.opening_root.encode(),
        "tree": snapshot.git_tree.encode(),
        "list": builds.sha256.encode(),
    }
    found |= {"record": delivery.record_digest.encode(), "build record": builds.record_digest.encode()}
    for path, data in RESTRICTED_FILES.items():
        found[f"path {path}"] = path.encode()
        found[f"name {path}"] = path.rpartition("/")[2].encode()
        found[f"sha256 {path}"] = hashlib.sha256(data).hexdigest().encode()
        found[f"sha1 {path}"] = (
            hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest().encode()
        )
        found[f"content {path}"] = data[:20]
    for artifact in builds.artifacts.all():
        found[f"build {artifact.name}"] = artifact.name.encode()
        found[f"build digest {artifact.name}"] = artifact.sha256.encode()
    return found


def public_addresses() -> Iterator[str]:
    size = log_head().size
    yield from (
        "/",
        "/products/",
        "/log/",
        "/log/checkpoint",
        "/sign-in/",
        "/healthz",
        "/products/widget/",
        "/products/widget/1.0/",
    )
    yield from ("/products/widget/1.0/dossier.zip", f"/log/tile/0/000.p/{size}", f"/log/tile/entries/000.p/{size}")
    for index in range(size):
        yield f"/log/entry/{index}/"
        yield f"/log/entry/{index}/proof.tlog-proof"
    for identity in range(1, 8):
        yield f"/deliveries/{identity}/"
        yield f"/builds/{identity}/"
    for path in (
        "",
        "1.0/",
        "9.9/",
        "9.9/dossier.zip",
        "9.9/tree/",
        "9.9/file/secret-plan.txt",
        "9.9/raw/secret-plan.txt",
    ):
        yield f"/products/vault/{path}"
    yield from ("/quarantine/", "/engagements/", "/keys/", "/nothing/")


def test_no_public_byte_names_anything_of_it(cast: Cast, open_release: Release, restricted_release: Release) -> None:
    publish_log()
    hidden = secrets_of(restricted_release)
    seen = {"trust file": export_trust(open_only=True).data} if hasattr(export_trust(open_only=True), "data") else {}
    client = Client()
    for address in public_addresses():
        answer = client.get(address)
        seen[f"{address} {answer.status_code}"] = b"".join(answer) if answer.streaming else answer.content
        seen[f"{address} headers"] = json.dumps(dict(answer.headers)).encode()
    seen |= {
        f"file {path.relative_to(settings.LOG_ROOT)}": path.read_bytes()
        for path in settings.LOG_ROOT.rglob("*")
        if path.is_file()
    }
    seen["dossier"] = build_dossier(release=open_release)
    for place, data in seen.items():
        # The asked address may come back in the page's own form: that tells nothing.
        if place.startswith("/products/vault"):
            data = data.replace(place.split()[0].encode(), b"")
        for what, secret in hidden.items():
            assert secret not in data, f"{what} in {place}"
    assert len(seen) > 40
    assert sum("200" in place for place in seen) > 15


def test_unknown_and_hidden_get_the_same_answer(cast: Cast, restricted_release: Release) -> None:
    for person in (None, "stan", "anna", "bela"):
        client = Client()
        if person:
            assert client.login(username=person, password=f"{person}-password-long")
        for hidden, missing in (
            ("/products/vault/", "/products/nvult/"),
            ("/products/vault/9.9/", "/products/nvult/9.9/"),
            ("/deliveries/1/", "/deliveries/9/"),
        ):
            one, two = client.get(hidden), client.get(missing)
            assert (one.status_code, two.status_code) == (404, 404)
            assert strip(one.content, b"vault") == strip(two.content, b"nvult")


def strip(page: bytes, asked: bytes) -> bytes:
    """Without what differs by request: the asked address in the footer's form, the form's token."""
    kept = [
        line
        for line in page.replace(asked, b"").splitlines()
        if b"csrfmiddlewaretoken" not in line and b'name="next"' not in line
    ]
    return b"\n".join(kept)


def test_the_leaves_of_a_restricted_product_are_commitments(cast: Cast, restricted_release: Release) -> None:
    for entry in LogEntry.objects.all():
        leaf = json.loads(bytes(entry.leaf))
        assert set(leaf) == {"v", "kind", "commitment", "subjects", "org", "time"}
        assert all(set(subject) == {"name", "commitment"} for subject in leaf["subjects"])
        assert set(leaf["org"]) == {"commitment"}


@pytest.mark.parametrize(("person", "status"), [("vera", 200), ("olga", 404), ("stan", 404), ("anna", 404)])
def test_its_source_is_read_by_its_own_vendor_and_nobody_else(
    cast: Cast, restricted_release: Release, person: str, status: int
) -> None:
    client = Client()
    assert client.login(username=person, password=f"{person}-password-long")
    for address in ("tree/hidden/", "file/secret-plan.txt", "raw/secret-plan.txt", "dossier.zip"):
        assert client.get(f"/products/vault/9.9/{address}").status_code == status, address
    answer = client.get("/products/vault/9.9/")
    assert answer.status_code == (200 if person in {"vera", "olga"} else 404)
    if status == 200:
        assert client.get("/products/vault/9.9/file/secret-plan.txt").headers["Cache-Control"] == "no-store"
