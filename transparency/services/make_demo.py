"""The demonstration: people, throw-away keys and two products, brought in through the same services as any vendor's.

Every step looks first whether it was done, so an interrupted first start is finished by the next one. All of it is marked `demo`, and
production's system checks refuse it.
"""

from __future__ import annotations

import io
import json
import secrets
from typing import TYPE_CHECKING

from django.conf import settings

from transparency.errors import UnavailableError
from transparency.gateways.durable import write_durable
from transparency.gateways.own_source import archive_files, build_wheel, own_files, own_version
from transparency.models import Job, Organisation, Person, Release
from transparency.proofs.digest import Digest
from transparency.services.demo_keys import demo_key
from transparency.services.demo_ledger import LEDGER_FILES, LEDGER_VERSION
from transparency.services.enrol_anchor import enrol_person_anchor, enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.perform_job import perform_job
from transparency.services.receive_builds import receive_builds
from transparency.services.receive_delivery import receive_delivery
from transparency.services.stored_files import Received

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from transparency.services.demo_keys import DemoKey

VENDOR = "maker"
_ORGANISATIONS = (
    (VENDOR, "Maker of this portal (demo)", Organisation.Kind.VENDOR),
    ("agency-north", "Northern Agency (demo)", Organisation.Kind.AUTHORITY),
    ("agency-south", "Southern Agency (demo)", Organisation.Kind.AUTHORITY),
    ("centre", "Transparency Centre", Organisation.Kind.OPERATOR),
)
_PEOPLE = (
    ("vera", "Vera Vendor", VENDOR, "vendor's release engineer"),
    ("anna", "Anna North", "agency-north", "auditor"),
    ("bela", "Bela South", "agency-south", "auditor"),
    ("olga", "Olga Operator", "centre", "operator"),
)


def make_demo(say: Callable[[str], object]) -> None:
    """Make what is missing of the demonstration and print who can sign in."""
    people = _people()
    vendor_key = demo_key("vendor-maker")
    for username in ("anna", "bela"):
        enrol_person_anchor(
            person=people[username],
            public_text=demo_key(f"auditor-{username}").public,
            enrolled_by=people[username],
            demo=True,
        )
    version = own_version(settings.BASE_DIR)
    portal = _release("transparency-centre", version, restricted=False, key=vendor_key, by=people["vera"])
    if not portal.build_lists.exists():
        say("first start: importing this portal's own source and builds")
        archive = archive_files(own_files(settings.BASE_DIR), f"transparency-centre-{version}")
        _import(
            portal, f"transparency-centre-{version}.tar.gz", archive, build_wheel(archive), vendor_key, people["vera"]
        )
    ledger = _release("ledger-core", LEDGER_VERSION, restricted=True, key=vendor_key, by=people["vera"])
    if not ledger.build_lists.exists():
        archive = archive_files(LEDGER_FILES, f"ledger-core-{LEDGER_VERSION}")
        build = (f"ledger-core-{LEDGER_VERSION}.bin", archive_files({"ledger": LEDGER_FILES["src/ledger.c"]}, "bin"))
        _import(ledger, f"ledger-core-{LEDGER_VERSION}.tar.gz", archive, build, vendor_key, people["vera"])
    _introduce(say)


def _people() -> dict[str, Person]:
    for slug, name, kind in _ORGANISATIONS:
        Organisation.objects.get_or_create(slug=slug, defaults={"name": name, "kind": kind})
    passwords = _passwords()
    people = {}
    for username, name, organisation, _ in _PEOPLE:
        person = Person.objects.filter(username=username).first()
        if person is None:
            first, last = name.split()
            person = Person.objects.create_user(
                username,
                password=passwords[username],
                first_name=first,
                last_name=last,
                organisation=Organisation.objects.get(slug=organisation),
                demo=True,
            )
        people[username] = person
    return people


def _passwords() -> Mapping[str, str]:
    """Made once, kept beside the demo's keys so that each start can print them."""
    path: Path = settings.DEMO_ROOT / "passwords.json"
    if not path.exists():
        fresh = {username: secrets.token_urlsafe(12) for username, *_ in _PEOPLE}
        write_durable(path, json.dumps(fresh).encode(), mode=0o600)
    known: dict[str, str] = json.loads(path.read_text())
    return known


def _release(product: str, version: str, *, restricted: bool, key: DemoKey, by: Person) -> Release:
    release = ensure_release(vendor=VENDOR, product=product, version=version, restricted=restricted)
    enrol_product_anchor(product=release.product, public_text=key.public, enrolled_by=by, demo=True)
    return release


def _import(
    release: Release, name: str, archive: bytes, build: tuple[str, bytes], key: DemoKey, sender: Person
) -> None:
    """Sign and deliver the source, then the build with its signed checksum list; all kept under `demo/` to try the commands on."""
    sums = f"{Digest.of(build[1])}  {build[0]}\n".encode()
    files = {
        name: archive,
        f"{name}.sig": key.sign(archive, "file"),
        build[0]: build[1],
        "SHA256SUMS": sums,
        "SHA256SUMS.sig": key.sign(sums, "file"),
    }
    folder = settings.DEMO_ROOT / f"{release.product.slug}-{release.version}"
    for filename, data in files.items():
        write_durable(folder / filename, data, mode=0o644)
    if release.subject_id is None:
        job = receive_delivery(
            release=release,
            archive=Received(name, io.BytesIO(archive)),
            signatures=[files[f"{name}.sig"]],
            sender=sender,
            send=False,
        )
        _finish(job)
    job = receive_builds(
        release=release,
        files=[Received(build[0], io.BytesIO(build[1]))],
        manifest=Received("SHA256SUMS", io.BytesIO(sums)),
        signatures=[files["SHA256SUMS.sig"]],
        sender=sender,
        send=False,
    )
    _finish(job)


def _finish(job: Job) -> None:
    if job.state == Job.State.QUEUED:
        perform_job(job=job.pk)
    job.refresh_from_db()
    if job.state != Job.State.DONE:
        raise UnavailableError("demo-incomplete", expected="a finished import", found=str(job.error or job.state))


def _introduce(say: Callable[[str], object]) -> None:
    passwords = _passwords()
    say("Demonstration: made-up people and throw-away keys, for trying out only.")
    for username, name, _, role in _PEOPLE:
        say(f"  {username:6} {passwords[username]:18} {name}, {role}")
    say(f"  keys and files to try the commands on: {settings.DEMO_ROOT}")
