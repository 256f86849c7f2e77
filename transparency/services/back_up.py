"""Copy the whole installation of the embedded size into a folder while it goes on working.

1. Nothing is removed meanwhile: the sweep of unused objects waits for its next turn.
2. While no entry can be ordered, one state of the database and the log's files are copied: the checkpoint is that of the rows.
3. Keys, then objects. An object is durable before a row names it and is never changed, so whatever the copied rows name is there to be
   copied, however many imports run meanwhile; what those put is copied as well, or not, and no copied row names it. A job that ran is
   taken up again after a restore like after a power cut.
4. The sums are written last, and only then is this the last good backup.

Left out: what the cache and the broker hold, files that are only half here and their rows, and the sessions of people.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from transparency.errors import UnavailableError, UnusableInputError
from transparency.gateways.backupfolder import BackupWriter
from transparency.gateways.upkeep import upkeep_lock
from transparency.models import Installation, LogHead, Upload
from transparency.proofs.canonical import canonical_json
from transparency.proofs.times import format_time
from transparency.services.record_upkeep import record_upkeep
from transparency.services.stores import log_store

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = 1
_KEYS = frozenset({"log.skey", "django-secret"})
_OBJECT = re.compile(r"p[0-9]{1,18}/[0-9a-f]{2}/[0-9a-f]{64}\Z")


def back_up(*, folder: Path, progress: Callable[[str], None]) -> dict[str, Any]:
    """Return what was kept (`backup-embedded-only`, `backup-exists`, `backup-inside`, `object-damaged`; `not-initialised`)."""
    require_embedded()
    target = folder.absolute()
    if target.resolve().is_relative_to(settings.HOME):
        raise UnusableInputError("backup-inside", expected=f"a folder outside {settings.HOME}", found=str(folder))
    if not Installation.objects.exists():
        raise UnavailableError("not-initialised", expected="an identity made by `manage.py init`", found="none")
    with upkeep_lock(settings.HOME, wait=True):
        writer = BackupWriter(target)
        try:
            facts = _write(writer, progress)
        except BaseException:
            _empty(target)
            raise
        answer = {**facts, "folder": str(target), "files": len(writer), "bytes": writer.bytes}
        record_upkeep("backup", answer)
    return answer


def require_embedded() -> None:
    """Production keeps its rows and objects in systems that have backups of their own (`backup-embedded-only`)."""
    if settings.PRODUCTION or connection.vendor != "sqlite":
        raise UnusableInputError(
            "backup-embedded-only", expected="SQLite and a folder of objects", found=connection.vendor
        )


def _write(writer: BackupWriter, progress: Callable[[str], None]) -> dict[str, Any]:
    progress("database and log")
    with log_store().sequencer_lock():
        head = LogHead.objects.get()
        log_store().write("checkpoint", bytes(head.checkpoint))  # a process may have died just before
        time = format_time(timezone.now())
        writer.add_database(Path(connection.settings_dict["NAME"]), without=_left_out())
        writer.add_folder("log", settings.LOG_ROOT, keep=lambda name: not name.startswith(".") and ".tmp" not in name)
    progress("keys")
    writer.add_folder("keys", settings.KEY_ROOT, keep=_KEYS.__contains__)
    writer.add_folder("demo", settings.DEMO_ROOT, keep=lambda name: ".tmp" not in name)
    progress("objects")
    writer.add_folder("objects", settings.OBJECT_ROOT, keep=lambda name: bool(_OBJECT.match(name)))
    facts = {
        "v": VERSION,
        "time": time,
        "origin": Installation.objects.get().origin,
        "log": {"size": head.size, "root": head.root},
    }
    writer.finish(canonical_json(facts))
    return facts


def _left_out() -> tuple[str, ...]:
    """Sessions, or a stolen copy would let its thief in; files that are half here, which are not copied."""
    return (
        f"DELETE FROM {UserSession._meta.db_table}",  # noqa: S608, SLF001 - our own tables' names
        f"DELETE FROM {Session._meta.db_table}",  # noqa: S608, SLF001
        f"DELETE FROM {Upload._meta.db_table} WHERE state = '{Upload.State.RECEIVING}'",  # noqa: S608, SLF001
    )


def _empty(folder: Path) -> None:
    """What is there is ours: the folder was empty when this began."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
