"""`backup` and `restore`: consistent beside running imports, checked file by file, never over anything, never silently behind the log."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection
from django.test import Client

from tests.cast import Cast, deliver, finish, make_archive
from transparency.errors import EvidenceError
from transparency.gateways.backupfolder import Backup
from transparency.gateways.upkeep import read_upkeep, upkeep_lock
from transparency.models import Job, Release, Upload
from transparency.services.claim_job import claim_job
from transparency.services.receive_delivery import receive_delivery
from transparency.services.stored_files import Received
from transparency.services.sweep_objects import Swept, sweep_objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parent.parent.parent
# What a stranger and a worker meet in the restored installation.
VISIT = """
import json, sys, django
django.setup()
from django.conf import settings
settings.ALLOWED_HOSTS = ["testserver"]
from django.core.management import call_command
call_command("collectstatic", verbosity=0, interactive=False)
from django.test import Client
from django.utils import timezone
from transparency.models import Job
from transparency.services.perform_job import perform_job
states = {}
for row in Job.objects.exclude(state="done"):
    Job.objects.filter(pk=row.pk, state="running").update(lease_until=timezone.now())
    perform_job(job=row.pk)
    states[str(row.pk)] = [row.state, Job.objects.get(pk=row.pk).state]
print(json.dumps({"jobs": states, "pages": {place: Client().get(place).status_code for place in sys.argv[1:]}}))
"""


def run(*arguments: object) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command(*map(str, arguments), "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as ended:
        return int(ended.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def elsewhere(home: Path, *arguments: object, **more: str) -> tuple[int, dict[str, Any]]:
    """A command in a process whose data folder is `home`."""
    environment = {
        **os.environ,
        "TRANSPARENCY_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "transparency.settings",
        **more,
    }
    for name in ("DATABASE_URL", "REDIS_URL", "TRANSPARENCY_KEYS"):
        if name not in more:
            environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def restore(home: Path, folder: Path, *more: object) -> tuple[int, dict[str, Any]]:
    return elsewhere(home, ROOT / "manage.py", "restore", folder, *more, "--json")


def content(folder: Path) -> Mapping[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def waiting_delivery(cast: Cast, release: Release, name: str) -> Job:
    archive = make_archive({"a.c": f"/* {name} */\n".encode() * 2000}, name)
    return receive_delivery(
        release=release,
        archive=Received(f"{name}.tar.gz", io.BytesIO(archive)),
        signatures=[cast.vendor_key.sign(archive)],
        sender=cast.vendor,
        send=False,
    )


def spoil(how: str, copy: Path, folder: Path) -> None:
    """A backup at `folder` that somebody changed."""
    shutil.copytree(copy, folder)
    sums = folder / "SHA256SUMS"
    victim = min(folder.glob("objects/*/*/*"))
    name = victim.relative_to(folder).as_posix()
    if how == "bit":
        victim.write_bytes(victim.read_bytes()[:-1] + b"!")
    elif how == "link":
        victim.unlink()
        victim.symlink_to(copy / name)
    elif how == "more":
        (folder / "keys" / "extra").write_bytes(b"")
    elif how == "out":
        sums.write_text(sums.read_text() + f"{'0' * 64}  ../outside\n")
    elif how == "unfinished":
        sums.unlink()
    else:
        victim.unlink()
        if how == "unlisted-object":
            lines = [line for line in sums.read_text().splitlines() if not line.endswith(name)]
            sums.write_text("\n".join(lines) + "\n")


def test_a_backup_beside_running_imports_makes_a_whole_installation(
    cast: Cast, open_release: Release, restricted_release: Release, tmp_path: Path
) -> None:
    """One import is in its middle, others begin and end while the copy is made; the restored place goes on with each."""
    Client().force_login(cast.vendor)
    Upload.objects.create(product=open_release.product, sender=cast.vendor, name="half.tar", size=9)
    held = waiting_delivery(cast, open_release, "held")
    assert claim_job(job=held.pk)
    stop = threading.Event()
    made: list[Release] = []
    troubles: list[BaseException] = []

    def go_on() -> None:
        try:
            while not stop.is_set() and len(made) < 200:
                made.append(deliver(cast, product=f"more-{len(made)}", files={"a": f"{len(made)}\n".encode()}))
        except BaseException as trouble:  # noqa: BLE001 - shown by the assertion below
            troubles.append(trouble)
        finally:
            connection.close()

    worker = threading.Thread(target=go_on)
    worker.start()
    while not made and worker.is_alive():
        worker.join(0.05)
    code, answer = run("backup", tmp_path / "copy")
    running_on = worker.is_alive()
    stop.set()
    worker.join()
    assert (code, troubles, running_on) == (0, [], True), answer

    assert subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=tmp_path / "copy", check=True)
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (tmp_path / "copy").rglob("*")} == {0}
    with sqlite3.connect(f"file:{tmp_path / 'copy/database.sqlite3'}?mode=ro", uri=True) as copy:
        assert [
            copy.execute(question).fetchone()
            for question in ("SELECT count(*) FROM django_session", "SELECT count(*) FROM transparency_upload")
        ] == [(0,), (0,)]
    told = read_upkeep(django_settings.HOME, "backup")
    assert told
    assert (told["folder"], told["log"]) == (str(tmp_path / "copy"), answer["log"])

    code, restored = restore(tmp_path / "new", tmp_path / "copy")
    assert (code, restored["log"]["root"]) == (0, answer["log"]["root"]), restored
    assert restored["warnings"]
    code, seen = elsewhere(
        tmp_path / "new", "-c", VISIT, "/products/widget/1.0/", "/products/vault/9.9/", "/products/more-0/1.0/"
    )
    assert seen["pages"] == {"/products/widget/1.0/": 200, "/products/vault/9.9/": 404, "/products/more-0/1.0/": 200}
    assert seen["jobs"][str(held.pk)] == ["running", "done"]
    assert {after for _, after in seen["jobs"].values()} == {"done"}
    code, log = elsewhere(tmp_path / "new", ROOT / "manage.py", "verify_log", "--json")
    assert (code, log["size"] > answer["log"]["size"]) == (0, True), "it goes on with the log"

    # The old place published more since: whoever goes on from the copy would fork the log.
    code, refused = restore(
        tmp_path / "behind", tmp_path / "copy", "--published", django_settings.LOG_ROOT / "checkpoint"
    )
    assert (code, refused["error"]["code"]) == (1, "log-behind")
    assert set(content(tmp_path / "behind")) <= {"keys/django-secret"}
    code, refused = restore(tmp_path / "new", tmp_path / "copy")
    assert (code, refused["error"]["code"]) == (2, "home-not-empty")


def test_a_backup_that_was_changed_is_refused_and_leaves_nothing(
    cast: Cast, open_release: Release, tmp_path: Path
) -> None:
    assert run("backup", tmp_path / "copy")[0] == 0
    expected = {
        "bit": "backup-damaged",
        "gone": "backup-damaged",
        "link": "backup-damaged",
        "more": "backup-unlisted",
        "out": "backup-damaged",
        "unfinished": "backup-unknown",
    }
    for how, code in expected.items():
        spoil(how, tmp_path / "copy", tmp_path / how)
        with pytest.raises(EvidenceError) as caught:
            Backup(tmp_path / how).copy_into(tmp_path / f"aside-{how}", progress=lambda _: None)
        assert caught.value.code == code, how
    assert not (tmp_path / "outside").exists()
    for how, code in (("bit", "backup-damaged"), ("unlisted-object", "object-missing")):
        if not (tmp_path / how).exists():
            spoil(how, tmp_path / "copy", tmp_path / how)
        _, answer = restore(tmp_path / f"home-{how}", tmp_path / how)
        assert answer["error"]["code"] == code
        assert set(content(tmp_path / f"home-{how}")) <= {"keys/django-secret"}, how


def test_a_damaged_object_is_named_and_no_backup_counts(cast: Cast, open_release: Release, tmp_path: Path) -> None:
    victim = next(path for path in (django_settings.OBJECT_ROOT).glob("p*/[0-9a-f]*/*") if len(path.name) == 64)
    victim.chmod(0o600)
    victim.write_bytes(b"other bytes")
    code, answer = run("backup", tmp_path / "copy")
    assert (code, answer["error"]["code"], answer["error"]["expected"]) == (1, "object-damaged", victim.name)
    assert list((tmp_path / "copy").iterdir()) == []
    assert read_upkeep(django_settings.HOME, "backup") is None


def test_what_a_backup_refuses_and_what_waits_for_it(cast: Cast, settings: Settings, tmp_path: Path) -> None:
    with upkeep_lock(settings.HOME, wait=True) as held:
        assert held
        assert sweep_objects() == Swept(0, 0), "nothing is removed while a backup is made"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_bytes(b"mine")
    (tmp_path / "file").write_bytes(b"")
    found = [
        run("backup", folder)[1]["error"]["code"]
        for folder in (tmp_path / "full", settings.HOME / "copies", tmp_path / "file")
    ]
    assert found == ["backup-exists", "backup-inside", "file-unwritable"]
    assert content(tmp_path / "full") == {"mine": b"mine"}
    settings.PRODUCTION = True
    code, answer = run("backup", tmp_path / "copy")
    assert (code, answer["error"]["code"]) == (2, "backup-embedded-only")
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("restore", str(tmp_path / "copy"), stdout=io.StringIO(), stderr=out)
    assert "pg_dump" in out.getvalue()


def test_a_check_of_the_log_is_remembered_good_or_bad(cast: Cast, open_release: Release, tmp_path: Path) -> None:
    kept = tmp_path / "checkpoint"
    kept.write_bytes((django_settings.LOG_ROOT / "checkpoint").read_bytes())
    finish(waiting_delivery(cast, open_release, "later"))
    code, answer = run("verify_log", "--published", kept)
    told = read_upkeep(django_settings.HOME, "verify-log")
    assert told
    assert (code, told["size"]) == (0, answer["size"])
    bundle = next((django_settings.LOG_ROOT / "tile/entries").rglob("*.p/*"))
    bundle.chmod(0o600)
    bundle.unlink()
    kept.write_bytes(b"nonsense")
    assert run("verify_log", "--published", kept)[0] == 1
    told = read_upkeep(django_settings.HOME, "verify-log")
    assert told
    assert told["error"]["code"]
