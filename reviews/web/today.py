"""The operator's *Today*: what the installation needs, a line each, with what to do next. What is not known is said as that.

Nothing here gives the operator more than numbers and names of the installation's own things: no source, no note, no reading.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from reviews.templatetags.ui import octets
from reviews.web.today_line import Line, Link, ago, recorded_time
from transparency.errors import sentence_for
from transparency.models import Job, LogEntry, TrustAnchor
from transparency.queries import last_upkeep, log_head
from transparency.services.contain import sandbox
from transparency.services.invite_person import open_invitations
from transparency.services.stores import objects

if TYPE_CHECKING:
    from datetime import datetime

BACKUP_DAYS = CHECK_DAYS = 7
FAILED_DAYS = 30
KEY_DAYS = 60
WEEKS_LEFT = 8
SHOWN = 5
WAITING = timedelta(minutes=10)


def today() -> list[Line]:
    """Every line, in the order in which an operator looks."""
    now = timezone.now()
    return [
        _work(now),
        _log(now),
        _check(now),
        _witnesses(),
        _backup(now),
        _keys(now),
        _disk(),
        _sandbox(),
        _invitations(),
    ]


def _work(now: datetime) -> Line:
    state, jobs = Job.State, reverse("jobs")
    kinds = {
        "lapsed": Q(state=state.RUNNING, lease_until__lt=now),
        "late": Q(state=state.QUEUED, created_at__lt=now - WAITING),
        "again": Q(state__in=[state.QUEUED, state.RUNNING], attempt__gt=1),
        "failed": Q(state=state.FAILED, finished_at__gte=now - timedelta(days=FAILED_DAYS)),
        "open": Q(state__in=[state.QUEUED, state.RUNNING]),
    }
    found = Job.objects.aggregate(**{name: Count("pk", filter=kind) for name, kind in kinds.items()})
    said = [
        text
        for name, text in (
            ("failed", f"{found['failed']} failed in {FAILED_DAYS} days"),
            ("lapsed", f"{found['lapsed']} running without a sign of life: the sweep gives them to another worker"),
            ("late", f"{found['late']} waiting for more than 10 minutes: is a worker there?"),
            ("again", f"{found['again']} tried more than once"),
        )
        if found[name]
    ]
    if not said:
        return Line("Work", "in order", f"{found['open']} in work, none stuck.", links=(Link("All work", jobs),))
    links = [Link("All work", jobs)]
    if found["failed"]:
        links.insert(0, Link("What failed, and why", f"{jobs}?state=failed"))
    return Line("Work", "look at it", "; ".join(said) + ".", links=tuple(links))


def _log(now: datetime) -> Line:
    head = log_head()
    pending = LogEntry.objects.filter(Q(index__isnull=True) | Q(index__gte=head.size)).count()
    said = f"{head.size:,} entries; the checkpoint moved {ago(head.moved_at, now)}."
    link = (Link("The log", reverse("log")),)
    if pending:
        said += f" {pending:,} wait for their place: normally a moment."
        return Line("Log", "look at it", said, links=link, command="manage.py publish_checkpoint")
    return Line("Log", "in order", f"{said} Nothing waits.", links=link)


def _check(now: datetime) -> Line:
    """The log against the rows."""
    name, command, known = "Log against its rows", "manage.py verify_log", last_upkeep("verify-log") or {}
    when = recorded_time(known)
    if when is None:
        return Line(name, "not known", "Never checked here.", command=command)
    if "error" in known:
        sentence = sentence_for(str(known["error"].get("code", "")))
        return Line(name, "wrong", f"{ago(when, now).capitalize()}: {sentence}", command=command)
    said = f"Equal {ago(when, now)}, at {known.get('size', 0):,} entries."
    return Line(name, "to do" if now - when > timedelta(days=CHECK_DAYS) else "in order", said, command=command)


def _witnesses() -> Line:
    said = (
        "None cosigns this log yet, so nobody outside confirms that all see the same one. "
        "Until then let others keep checkpoints of it."
    )
    return Line("Witnesses", "not there", said, links=(Link("The newest checkpoint", reverse("log-checkpoint")),))


def _backup(now: datetime) -> Line:
    if settings.PRODUCTION:
        said = (
            "In production the backups of the database and of the bucket count, and this page does not see them. "
            "Stop the sweep, run this, then copy objects/, log/ and keys/ of the data folder."
        )
        return Line("Backup", "not known", said, command="pg_dump --format=custom --file=portal.dump $DATABASE_URL")
    command, known = f"manage.py backup /another/disk/{now:%Y-%m-%d}", last_upkeep("backup") or {}
    when = recorded_time(known)
    if when is None:
        return Line("Backup", "to do", "None was made here.", command=command)
    said = f"The last good one {ago(when, now)}, {octets(known.get('bytes', 0))}, in {known.get('folder', '')}."
    return Line("Backup", "to do" if now - when > timedelta(days=BACKUP_DAYS) else "in order", said, command=command)


def _keys(now: datetime) -> Line:
    """By the windows that were entered here."""
    until = now + timedelta(days=KEY_DAYS)
    ending = TrustAnchor.objects.filter(revoked_at__isnull=True, valid_until__gte=now, valid_until__lte=until)
    count = ending.count()
    note = " When an OpenPGP certificate ends by itself, its own page says so, not this one."
    if not count:
        return Line("Keys", "in order", f"None ends in {KEY_DAYS} days by what was entered here.{note}")
    rows = ending.select_related("product", "person", "organisation").order_by("valid_until")[:SHOWN]
    links = tuple(Link(f"{_owner(row)}, until {row.valid_until:%Y-%m-%d}", _key_page(row)) for row in rows)
    return Line("Keys", "to do", f"{count} end in {KEY_DAYS} days.{note}", links=links)


def _owner(row: TrustAnchor) -> str:
    return str(row.product or (row.person.display_name if row.person else row.organisation))


def _key_page(row: TrustAnchor) -> str:
    if row.product:
        return reverse("anchors", args=[row.product.slug])
    if row.person:
        return reverse("person", args=[row.person.get_username()])
    return reverse("vendor-keys", args=[row.organisation.slug])


def _disk() -> Line:
    free, known = objects().free_bytes(), last_upkeep("storage") or {}
    weekly = known.get("bytesPerWeek")
    if weekly is None:
        said = f"{octets(free)} free. How long that lasts is not known: less than a week of deliveries was measured."
        return Line("Disk", "not known", said)
    if not weekly:
        return Line("Disk", "in order", f"{octets(free)} free; nothing was stored in {known.get('days')} days.")
    weeks = free // weekly
    said = f"{octets(free)} free: {weeks:,} weeks at {octets(weekly)} a week, as in the last {known.get('days')} days."
    return Line("Disk", "to do" if weeks < WEEKS_LEFT else "in order", said)


def _sandbox() -> Line:
    links = (Link("Settings check", reverse("settings-check")),)
    if sandbox().kind == "bubblewrap":
        return Line(
            "Sandbox", "in order", "What arrives is parsed by bubblewrap: no network, no files, limits.", links=links
        )
    said = "Only the limits of a process contain what is parsed here: install bubblewrap, then start again."
    return Line("Sandbox", "to do", said, links=links, command="apt-get install bubblewrap")


def _invitations() -> Line:
    waiting = open_invitations()
    count = waiting.count()
    rows = waiting.select_related("organisation").order_by("valid_until")[:SHOWN]
    links = tuple(
        Link(
            f"{row.organisation.name}, until {row.valid_until:%Y-%m-%d}",
            reverse("organisation", args=[row.organisation.slug]),
        )
        for row in rows
    )
    if not count:
        return Line(
            "Invitations", "in order", "None is open.", links=(Link("Organisations", reverse("organisations")),)
        )
    return Line("Invitations", "open", f"{count} not answered yet.", links=links)
