"""Make an installation out of a backup, where there is none: into an empty data folder, checked file by file and then as a whole.

1. Nothing may be there but the secret that Django makes for itself at each start.
2. Every file is copied beside its place and compared with the sums; only when all of them are right does anything get its place.
3. The rows are brought to this version, the log is computed again from them and compared, and every object that they name must be there.
4. Whoever has a newer checkpoint of this log gives it (`published`): going on behind it would fork the log, so that is refused.

What fails takes everything away again; the backup itself is only read.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from transparency.errors import EvidenceError, UnusableInputError
from transparency.gateways.backupfolder import DATABASE, FACTS, Backup
from transparency.gateways.durable import make_folder, write_durable
from transparency.models import Product
from transparency.proofs.canonical import parse_canonical
from transparency.proofs.digest import Digest
from transparency.services.back_up import VERSION, require_embedded
from transparency.services.stores import objects
from transparency.services.sweep_objects import named_objects
from transparency.services.verify_log import verify_log

if TYPE_CHECKING:
    from collections.abc import Callable

_ASIDE = "restoring"
_OWN = frozenset({"keys", "keys/django-secret"})
_FOLDERS = ("objects", "log", "demo")


def restore_backup(*, folder: Path, published: bytes | None, progress: Callable[[str], None]) -> dict[str, Any]:
    """Return what is there now (`home-not-empty`, `backup-unknown`, `backup-damaged`, `log-behind`, `object-missing`)."""
    require_embedded()
    _require_nothing_there()
    backup = Backup(folder)
    facts = _facts(backup)
    aside = settings.HOME / _ASIDE
    try:
        backup.copy_into(aside, progress=progress)
        _put_in_place(aside)
        progress("checking the whole")
        call_command("migrate", verbosity=0, interactive=False)
        log = verify_log(progress=progress, published=published)
        missing = _missing_objects()
    except BaseException:
        connection.close()
        _take_away(aside)
        raise
    if missing:
        _take_away(aside)
        raise EvidenceError("object-missing", expected=missing[0], found="nothing", subject=f"{len(missing)} objects")
    return {"time": facts["time"], "files": len(backup.names), "log": log, "home": str(settings.HOME)}


def _require_nothing_there() -> None:
    there = {path.relative_to(settings.HOME).as_posix() for path in settings.HOME.rglob("*")} - _OWN
    places = {settings.KEY_ROOT / "log.skey", Path(connection.settings_dict["NAME"])}
    found = sorted(there) or sorted(str(path) for path in places if path.exists())
    if found:
        raise UnusableInputError("home-not-empty", expected=f"nothing in {settings.HOME}", found=found[0])


def _facts(backup: Backup) -> dict[str, Any]:
    facts = parse_canonical(backup.facts, limit=len(backup.facts))
    if not isinstance(facts, dict) or facts.get("v") != VERSION or DATABASE not in backup.names:
        raise UnusableInputError("backup-unknown", expected=f"a backup of version {VERSION}", found="another")
    return facts


def _put_in_place(aside: Path) -> None:
    for name in _FOLDERS:
        if (aside / name).exists():
            (aside / name).rename(settings.HOME / name)
    make_folder(settings.KEY_ROOT)
    for key in (aside / "keys").iterdir():
        write_durable(settings.KEY_ROOT / key.name, key.read_bytes(), mode=0o600)
    connection.close()
    shutil.move(aside / DATABASE, connection.settings_dict["NAME"])
    (aside / FACTS).unlink()
    shutil.rmtree(aside)


def _missing_objects() -> list[str]:
    return [
        f"{product.store_key}/{digest}"
        for product in Product.objects.all()
        for digest in sorted(set(named_objects(product)))
        if not objects().has(product.store_key, Digest.parse(digest))
    ]


def _take_away(aside: Path) -> None:
    """All of it was put there by us: nothing was there before."""
    shutil.rmtree(aside, ignore_errors=True)
    for name in _FOLDERS:
        shutil.rmtree(settings.HOME / name, ignore_errors=True)
    database = connection.settings_dict["NAME"]
    for path in (settings.KEY_ROOT / "log.skey", *(Path(f"{database}{end}") for end in ("", "-wal", "-shm", ".turn"))):
        path.unlink(missing_ok=True)
