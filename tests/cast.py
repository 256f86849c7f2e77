"""The cast: one centre, one vendor, two authorities, an operator, a stranger; an open and a restricted release, imported for real."""

from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache

from transparency.models import Installation, Job, Organisation, Person, Release
from transparency.proofs.digest import Digest
from transparency.services import stores
from transparency.services.enrol_anchor import enrol_person_anchor, enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.initialise import initialise
from transparency.services.perform_job import perform_job
from transparency.services.receive_builds import receive_builds
from transparency.services.receive_delivery import receive_delivery
from transparency.services.stored_files import Received

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ORIGIN = "log.centre.test/source"
OPEN_FILES = {
    "README": b"hello\nworld\n",
    "src/main.c": b'#include "util.h"\n\nint main(void) {\n    return util();\n}\n',
    "src/util.h": b"int util(void);\n",
    "src/empty": b"",
    "logo.bin": b"\x00\x01\x02binary",
}
RESTRICTED_FILES = {
    "secret-plan.txt": b"the restricted product's plan\n",
    "hidden/engine-core.c": b"int engine_core(void) { return 42; }\n/* forty-two */\n",
}


@dataclass(frozen=True)
class Key:
    """An OpenSSH key pair made and used by ssh-keygen."""

    path: Path

    @property
    def public(self) -> str:
        return self.path.with_suffix(".pub").read_text()

    def sign(self, data: bytes, namespace: str = "file") -> bytes:
        done = subprocess.run(
            ["ssh-keygen", "-Y", "sign", "-n", namespace, "-f", str(self.path)],
            input=data,
            capture_output=True,
            check=True,
        )
        return done.stdout


def make_key(folder: Path, name: str) -> Key:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], check=True)
    return Key(path)


def make_archive(files: Mapping[str, bytes], prefix: str = "product-1.0") -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(f"{prefix}/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return gzip.compress(plain.getvalue(), mtime=0)


@dataclass(frozen=True)
class Cast:
    """People and keys by role."""

    vendor: Person
    auditor: Person
    other_auditor: Person
    operator: Person
    stranger: Person
    vendor_key: Key
    auditor_key: Key
    other_auditor_key: Key


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Key]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: make_key(folder, name) for name in ("vendor", "auditor", "other-auditor", "outsider")}


@pytest.fixture
def home(tmp_path: Path, settings: object) -> Iterator[Path]:
    """A data folder of this test's own, for everything that is not a row."""
    names = {
        "HOME": "",
        "OBJECT_ROOT": "objects",
        "CACHE_ROOT": "cache",
        "LOG_ROOT": "log",
        "KEY_ROOT": "keys",
        "DEMO_ROOT": "demo",
    }
    for name, folder in names.items():
        setattr(settings, name, tmp_path / "var" / folder)
    settings.STATIC_ROOT = tmp_path / "static"  # type: ignore[attr-defined]
    settings.STATIC_ROOT.mkdir()  # type: ignore[attr-defined]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # no collectstatic before each test
    settings.STORAGES = {**django_settings.STORAGES, "staticfiles": plain}  # type: ignore[attr-defined]
    for remembered in (stores.objects, stores.cache, stores.log_store):
        remembered.cache_clear()
    yield tmp_path / "var"
    for remembered in (stores.objects, stores.cache, stores.log_store):
        remembered.cache_clear()
    shutil.rmtree(tmp_path / "var", ignore_errors=True)


@pytest.fixture
def centre(home: Path, transactional_db: None) -> Installation:
    """An initialised installation; real commits, so that what happens on commit happens."""
    assert home == django_settings.HOME
    cache.clear()  # its table is no model's: nothing else empties it between tests
    return initialise(origin=ORIGIN, name="Test Centre")


@pytest.fixture
def cast(centre: Installation, keys: Mapping[str, Key]) -> Cast:
    kinds = Organisation.Kind
    organisations = {
        slug: Organisation.objects.get_or_create(slug=slug, defaults={"name": name, "kind": kind})[0]
        for slug, name, kind in (
            ("acme", "Acme", kinds.VENDOR),
            ("rival", "Rival", kinds.VENDOR),
            ("north", "Northern Agency", kinds.AUTHORITY),
            ("south", "Southern Agency", kinds.AUTHORITY),
            ("centre", "Test Centre", kinds.OPERATOR),
        )
    }

    def person(username: str, organisation: str) -> Person:
        return Person.objects.create_user(
            username,
            password=f"{username}-password-long",
            first_name=username.title(),
            organisation=organisations[organisation],
        )

    cast = Cast(
        vendor=person("vera", "acme"),
        auditor=person("anna", "north"),
        other_auditor=person("bela", "south"),
        operator=person("olga", "centre"),
        stranger=person("stan", "rival"),
        vendor_key=keys["vendor"],
        auditor_key=keys["auditor"],
        other_auditor_key=keys["other-auditor"],
    )
    enrol_person_anchor(person=cast.auditor, public_text=cast.auditor_key.public, enrolled_by=cast.auditor)
    enrol_person_anchor(
        person=cast.other_auditor, public_text=cast.other_auditor_key.public, enrolled_by=cast.other_auditor
    )
    return cast


def deliver(
    cast: Cast,
    *,
    product: str,
    version: str = "1.0",
    files: Mapping[str, bytes] = OPEN_FILES,
    restricted: bool = False,
    builds: Mapping[str, bytes] | None = None,
) -> Release:
    """Import source (and builds) of a product of the cast's vendor through the services, signed by its key."""
    release = ensure_release(vendor="acme", product=product, version=version, restricted=restricted)
    enrol_product_anchor(product=release.product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    archive = make_archive(files, f"{product}-{version}")
    finish(
        receive_delivery(
            release=release,
            archive=Received(f"{product}-{version}.tar.gz", io.BytesIO(archive)),
            signatures=[cast.vendor_key.sign(archive)],
            sender=cast.vendor,
            send=False,
        )
    )
    if builds:
        sums = "".join(f"{Digest.of(data)}  {name}\n" for name, data in sorted(builds.items())).encode()
        finish(
            receive_builds(
                release=release,
                files=[Received(name, io.BytesIO(data)) for name, data in builds.items()],
                manifest=Received("SHA256SUMS", io.BytesIO(sums)),
                signatures=[cast.vendor_key.sign(sums)],
                sender=cast.vendor,
                send=False,
            )
        )
    release.refresh_from_db()
    return release


def finish(job: Job) -> Job:
    """Do the job here and insist that it ended well."""
    if job.state == Job.State.QUEUED:
        assert perform_job(job=job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error
    return job


@pytest.fixture
def open_release(cast: Cast) -> Release:
    return deliver(cast, product="widget", builds={"widget.bin": b"widget build\n"})


@pytest.fixture
def restricted_release(cast: Cast) -> Release:
    return deliver(
        cast,
        product="vault",
        version="9.9",
        files=RESTRICTED_FILES,
        restricted=True,
        builds={"vault.bin": b"vault build\n"},
    )
