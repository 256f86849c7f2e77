"""The real import command on a disk that is full or failing: at every system call by which it or what it starts touches the data folder.

Whatever is refused: a coded error and no traceback, nothing half-visible, and the same command without the fault succeeds.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cast import make_archive, make_key
from tests.services.test_debian import Source
from tests.stories.traced import COMMAND, Ended, Place, Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KINDS = ("archive", "list", "decompressed", "debian")
TASKS = {"debian": ("split-dsc", "read-source", "read-members"), "decompressed": ("decompress", "read-members")}
ERRORS = ("ENOSPC", "EIO")
CODES = {"disk-full", "disk-failed", "database-failed"}
SAMPLE = 20
SQLITE_CALLS = {"pwrite64", "fdatasync"}
VERSION = "1.1"
PUBLISH = (["publish_checkpoint", "--json"], ["verify_log", "--json"])


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """An installation in which one release was imported; in memory where there is room, for the disk is not what is waited for."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    folder = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None))
    made = Site(folder)
    key = make_key(folder / "keys", "vendor")
    files = folder / "files"
    files.mkdir()
    for version, size in (("1.0", 10), (VERSION, 300_000)):
        data = make_archive({"a.c": b"int a;\n", "noise": random.Random(version).randbytes(size)}, f"pump-{version}")
        archive = files / f"pump-{version}.tar.gz"
        archive.write_bytes(data)
        archive.with_suffix(".sig").write_bytes(key.sign(data))
        listed = f"{hashlib.sha256(data).hexdigest()}  {archive.name}\n".encode()
        (files / "SHA256SUMS").write_bytes(listed)
        (files / "SHA256SUMS.sig").write_bytes(key.sign(listed))
        plain = subprocess.run(["gzip", "-dc"], input=data, capture_output=True, check=True).stdout
        (files / "plain.sig").write_bytes(key.sign(plain))
    source = Source()
    for name, data in source.files().items():
        (files / name).write_bytes(data)
    (files / "pump_1.0-2.dsc").write_bytes(source.dsc())
    (files / "packager.asc").write_text(source.signer.key.public)
    done = made.run(
        ["migrate", "-v0"], ["init", "--origin", "log.disk.test/source", "--json"], ask(made, "archive", "1.0")
    )
    assert done.status == 0, done.complaint
    made.keep()
    yield made
    shutil.rmtree(folder)


def ask(site: Site, kind: str, version: str = VERSION) -> list[str]:
    """The command that imports the release in one of its forms."""
    files = site.folder / "files"
    archive = files / f"pump-{version}.tar.gz"
    command = ["import_snapshot", str(archive), "--product", "pump", "--release", version, "--json"]
    key = ["--key", str(site.folder / "keys" / "vendor.pub")]
    if kind == "debian":
        command[1] = str(files / "pump_1.0-2.dsc")
        return [*command, "--key", str(files / "packager.asc")]
    given = {
        "archive": ["--signature", str(archive.with_suffix(".sig"))],
        "list": ["--signature", str(files / "SHA256SUMS.sig"), "--checksums", str(files / "SHA256SUMS")],
        "decompressed": ["--signature", str(files / "plain.sig"), "--signature-over", "decompressed"],
    }
    return [*command, *key, *given[kind]]


def processes(kind: str) -> tuple[str, ...]:
    return (COMMAND, *TASKS.get(kind, ("read-members",)))


def clean_run(site: Site, kind: str) -> tuple[list[Place], str]:
    site.renew()
    done = site.run(ask(site, kind), trace=processes(kind))
    assert done.status == 0, done.complaint
    return site.places(done), done.printed[0]["manifest"]


def rows(site: Site, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(site.home / "portal.sqlite3")) as database:
        return database.execute(sql, (VERSION,)).fetchall()


DELIVERIES = (
    "select d.state from transparency_delivery d join transparency_release r on r.id = d.release_id where r.version = ?"
)
SUBJECT = "select 1 from transparency_release where version = ? and subject_id is not null"
LEAVES = "select 1 from transparency_logentry where kind = 'delivery' and ? <> ''"
DONE = "select 1 from transparency_job where state = 'done' and ? <> ''"


def unfinished(site: Site) -> list[str]:
    return [path.name for path in site.home.glob("objects/p*/incoming/*")]


def fails_clearly(site: Site, ended: Ended, what: str) -> None:
    """Exit 1 with one coded error, and of the import nothing; or it went well in spite of the fault."""
    assert "Traceback" not in ended.complaint, (what, ended.complaint)
    assert len(ended.printed) == 1, (what, ended)
    if ended.status == 0:
        assert ended.printed[0]["state"] == "admitted", what
        return
    assert ended.status == 1, (what, ended)
    assert ended.printed[0]["error"]["code"] in CODES, (what, ended.printed)
    assert (rows(site, DELIVERIES), rows(site, SUBJECT)) == ([], []), what
    assert (len(rows(site, LEAVES)), len(rows(site, DONE))) == (1, 1), what


def works_again(site: Site, kind: str, manifest: str, what: str) -> None:
    again = site.run(ask(site, kind), *PUBLISH)
    assert again.status == 0, (what, again.printed, again.complaint)
    assert again.printed[0]["manifest"] == manifest, what
    states = [state for (state,) in rows(site, DELIVERIES)]
    assert states == ["admitted"] * (3 if kind == "debian" else 1), what
    assert len(rows(site, SUBJECT)) == 1, what
    assert len(rows(site, LEAVES)) == 1 + len(states), what


def strike(site: Site, kind: str, places: Sequence[tuple[Place, str]], manifest: str) -> str:
    """Refuse each place in a run of its own; what became of the runs, for the report."""
    struck = failed = 0
    for place, error in places:
        site.renew()
        ended = site.run(ask(site, kind), trace=processes(kind), place=place, error=error)
        refused = site.struck(ended)
        what = f"{kind}: {place} {error}: {refused}"
        struck += bool(refused)
        fails_clearly(site, ended, what)
        if not place.call.startswith("unlink"):  # a file that cannot be removed is the sweep's
            assert unfinished(site) == [], what
        failed += ended.status != 0
        works_again(site, kind, manifest, what)
    assert struck >= 0.9 * len(places), f"{kind}: only {struck} of {len(places)} faults struck the data folder"
    return (
        f"{kind}: {len(places)} faults, {struck} struck the data folder, {failed} failed the command, all retried well"
    )


@pytest.mark.timeout(900)
def test_a_call_of_each_name_by_each_process_refused_is_a_clear_error_and_the_retry_works(site: Site) -> None:
    chance = random.Random(20261127)
    kind = "decompressed"  # the one with the most that happens
    places, manifest = clean_run(site, kind)
    groups: dict[tuple[str, str], list[Place]] = {}
    for place in places:
        groups.setdefault((place.process, place.call), []).append(place)
    chosen = [chance.choice(group) for group in groups.values()]
    chosen += chance.sample(sorted(set(places) - set(chosen), key=str), max(0, SAMPLE - len(chosen)))
    print(strike(site, kind, [(place, ERRORS[turn % 2]) for turn, place in enumerate(chosen)], manifest))  # noqa: T201 - the report


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("kind", KINDS)
def test_every_call_refused_is_a_clear_error_and_the_retry_works(site: Site, kind: str) -> None:
    """Full and failing by turns. What SQLite writes is the same for every kind, so that it is refused in the first alone."""
    places, manifest = clean_run(site, kind)
    own = [place for place in places if kind == KINDS[0] or place.call not in SQLITE_CALLS]
    print(strike(site, kind, [(place, ERRORS[turn % 2]) for turn, place in enumerate(own)], manifest))  # noqa: T201 - the report


@pytest.fixture
def small_disk(site: Site) -> Iterator[Site]:
    """The data folder on a disk of its own, whose size can be set; mounting takes root."""
    site.renew()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(site.home)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a disk of a given size needs root, and the right to mount")
    yield site
    subprocess.run(["umount", str(site.home)], check=True)


def refill(site: Site) -> None:
    for path in site.home.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(site.folder / "template", site.home, dirs_exist_ok=True)


def resize(site: Site, kilobytes: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", str(site.home)], check=True)


def used_kilobytes(site: Site) -> int:
    disk = os.statvfs(site.home)
    return (disk.f_blocks - disk.f_bfree) * disk.f_bsize // 1024


def fill_at(site: Site, steps: int) -> str:
    """Import on disks of growing size, from no room at all to enough; the last one must have had enough."""
    refill(site)
    base = used_kilobytes(site)
    done = site.run(ask(site, "archive"))
    assert done.status == 0, done.complaint
    manifest, most = done.printed[0]["manifest"], used_kilobytes(site) - base + 1024  # what is there for a while only
    failed = 0
    for step in range(steps + 1):
        resize(site, 64 * 1024)
        refill(site)
        room = most * step // steps
        resize(site, base + room)
        ended = site.run(ask(site, "archive"), attempts=2)
        what = f"{room} KiB of room"
        resize(site, 64 * 1024)  # without any room SQLite cannot even be read
        fails_clearly(site, ended, what)
        assert unfinished(site) == [], what
        failed += ended.status != 0
        works_again(site, "archive", manifest, what)
    assert ended.status == 0, "the last disk had room enough"
    assert failed > steps // 4
    return f"{steps + 1} sizes from {base} to {base + most} KiB, {failed} too small; all retried well"


@pytest.mark.timeout(900)
def test_a_disk_that_fills_during_the_import_is_said_and_the_retry_with_room_works(small_disk: Site) -> None:
    print(fill_at(small_disk, 3))  # noqa: T201 - the report


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_a_disk_that_fills_at_any_stage_of_the_import_is_said_and_the_retry_with_room_works(small_disk: Site) -> None:
    print(fill_at(small_disk, 60))  # noqa: T201 - the report
