"""What this installation is set to, for whoever operates it: checks in words, sandbox, keys, limits, tools. No secret is in any of it."""

from __future__ import annotations

import platform
import shutil
import stat
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.db import connection

from transparency.errors import UnavailableError
from transparency.gateways.tools import TOOLS, Tool, tool_version
from transparency.services.contain import sandbox

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

PACKAGES = ("transparency-centre", "django", "django-allauth", "celery", "cryptography", "pysequoia")
# Names of settings that are whole numbers, with what they bound; shown with the variable that sets them.
_SIZES = (
    ("Content of one archive", "TRANSPARENCY_LIMIT_CONTENT", "LIMIT_CONTENT_BYTES"),
    ("One file of an archive", "TRANSPARENCY_LIMIT_MEMBER", "LIMIT_MEMBER_BYTES"),
    ("Memory of a contained task", "TRANSPARENCY_PARSE_MEMORY", "PARSE_MEMORY_BYTES"),
    ("Cache", "TRANSPARENCY_CACHE_BYTES", "CACHE_BYTES"),
    ("Uploads of one person, not delivered yet", "TRANSPARENCY_UPLOAD_BYTES_PER_PERSON", "UPLOAD_BYTES_PER_PERSON"),
    ("Uploads for one product, not delivered yet", "TRANSPARENCY_UPLOAD_BYTES_PER_PRODUCT", "UPLOAD_BYTES_PER_PRODUCT"),
    ("Kept free on the disk", "TRANSPARENCY_UPLOAD_RESERVE", "UPLOAD_RESERVE_BYTES"),
)
_COUNTS = (
    ("Members of one archive", "TRANSPARENCY_LIMIT_MEMBERS", "LIMIT_MEMBERS", ""),
    ("Out of an archive, for each byte that went in", "TRANSPARENCY_LIMIT_RATIO", "LIMIT_RATIO", "bytes"),
    ("CPU of a contained task", "TRANSPARENCY_PARSE_CPU", "PARSE_CPU_SECONDS", "seconds"),
    ("A contained task by the clock", "TRANSPARENCY_PARSE_SECONDS", "PARSE_SECONDS", "seconds"),
    ("Until a silent worker loses its job", "TRANSPARENCY_JOB_LEASE", "JOB_LEASE_SECONDS", "seconds"),
    ("How often a job is tried", "TRANSPARENCY_JOB_ATTEMPTS", "JOB_MAX_ATTEMPTS", "times"),
)
_TO_DO = {
    "transparency.E001": "Give TRANSPARENCY_SECRET_KEY 50 random characters or more, and start again.",
    "transparency.E002": "Give TRANSPARENCY_HOSTS the names that browsers ask for, separated by commas.",
    "transparency.E003": "Give DATABASE_URL a PostgreSQL address.",
    "transparency.E004": "Use a name that is yours. A log's origin never changes: with an .example one this stays a trial.",
    "transparency.E005": "Begin with an empty database: people of the demonstration have passwords that others may know.",
    "transparency.E006": "Begin with an empty database: secret halves of the demonstration's keys lie in its folder.",
    "transparency.E007": "Take TRANSPARENCY_DEBUG away.",
    "transparency.E008": "See that the database runs and that its account may read; the process's own output has its words.",
    "transparency.E009": "Install bubblewrap and allow it to make user namespaces; docs/operate.md says how in containers.",
}
# Their text may quote what a driver says, which may name accounts and hosts.
_UNQUOTED = {"transparency.E008": "The database could not be asked."}


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that the system checks found."""

    identity: str
    severe: bool
    text: str
    to_do: str


@dataclass(frozen=True, slots=True)
class Limit:
    what: str
    variable: str
    value: int
    unit: str  # empty for a count, `octets` for a size


@dataclass(frozen=True, slots=True)
class FoundTool:
    tool: Tool
    version: str | None


@dataclass(frozen=True, slots=True)
class SigningKeyFile:
    """How the log's signing key lies on the disk; nothing of what is in it."""

    there: bool
    private: bool


@dataclass(frozen=True, slots=True)
class Inspected:
    complaints: tuple[Complaint, ...]
    production: bool
    sandbox: str  # bubblewrap, rlimits, or none
    database: str
    own_broker: bool
    own_secret: bool
    signing_key: SigningKeyFile
    free_bytes: int
    limits: tuple[Limit, ...]
    packages: tuple[tuple[str, str], ...]
    tools: tuple[FoundTool, ...]


def inspect_installation() -> Inspected:
    """Ask everything now; nothing is changed by asking."""
    return Inspected(
        complaints=_complaints(),
        production=settings.PRODUCTION,
        sandbox=_sandbox(),
        database=f"{connection.display_name} {'.'.join(map(str, connection.get_database_version()))}",
        own_broker=settings.CELERY_BROKER_URL.startswith("redis+socket:"),
        own_secret=(settings.HOME / "keys" / "django-secret").exists(),
        signing_key=_signing_key(),
        free_bytes=shutil.disk_usage(settings.HOME if settings.HOME.exists() else settings.BASE_DIR).free,
        limits=(
            *(Limit(what, variable, getattr(settings, name), "octets") for what, variable, name in _SIZES),
            *(Limit(what, variable, getattr(settings, name), unit) for what, variable, name, unit in _COUNTS),
        ),
        packages=(("Python", platform.python_version()), *((name, _version(name)) for name in PACKAGES)),
        tools=tuple(FoundTool(tool, tool_version(tool)) for tool in TOOLS),
    )


def _complaints() -> tuple[Complaint, ...]:
    found = run_checks(include_deployment_checks=settings.PRODUCTION, databases=["default"])
    return tuple(_complaint(each) for each in sorted(found, key=lambda each: -each.level) if not each.is_silenced())


def _complaint(found: CheckMessage) -> Complaint:
    identity = found.id or ""
    text = _UNQUOTED.get(identity, str(found.msg))
    return Complaint(identity, found.level >= ERROR, text, _TO_DO.get(identity) or found.hint or "")


def _sandbox() -> str:
    try:
        return sandbox().kind
    except UnavailableError:
        return "none"


def _signing_key() -> SigningKeyFile:
    path = settings.KEY_ROOT / "log.skey"
    try:
        mode = path.stat().st_mode
    except OSError:
        return SigningKeyFile(there=False, private=False)
    return SigningKeyFile(there=True, private=not mode & (stat.S_IRWXG | stat.S_IRWXO))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "run from its source folder"
