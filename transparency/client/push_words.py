"""What a push says: how far it is, on stderr, and what came of it, on stdout."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from transparency.client.terminal import printable

if TYPE_CHECKING:
    from transparency.client.send_file import Sent

EXIT_REFUSED = 1
SAY_SECONDS, SAY_SECONDS_WATCHED = 10.0, 0.5
_MIB = 1024 * 1024


class Teller:
    """What goes on: one line, rewritten, for somebody who watches; a line now and then for a log."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._every = SAY_SECONDS_WATCHED if self._watched else SAY_SECONDS
        self._last = 0.0

    def say(self, text: str) -> None:
        """A line that stays."""
        print(("\r\x1b[K" if self._watched else "") + printable(text), file=sys.stderr, flush=True)

    def now(self, text: str) -> None:
        """A line that the next one replaces."""
        if self._watched:
            print(f"\r\x1b[K{printable(text)}", end="", file=sys.stderr, flush=True)
        else:
            self.say(text)

    def show(self, sent: Sent) -> None:
        whole, now = sent.there >= sent.size, time.monotonic()
        if not whole and sent.there > sent.before and now - self._last < self._every:
            return
        self._last = now
        text = f"{sent.name}: {sent.there / _MIB:,.1f} of {sent.size / _MIB:,.1f} MiB"
        speed = (sent.there - sent.before) / max(now - sent.began, 0.001)
        if speed and not whole:
            text += f", {speed / _MIB:.1f} MiB/s, {(sent.size - sent.there) / speed:.0f} s left"
        if sent.there == sent.before and 0 < sent.before < sent.size:
            text += ", going on from there"
        if whole:
            self.say(text)
        else:
            self.now(text)


def tell_outcome(job: dict[str, Any], *, as_json: bool) -> int:
    """Print what came of it, and return the exit code."""
    found, error = job.get("report"), job.get("error")
    report: dict[str, Any] = found if isinstance(found, dict) else {}
    ended_badly = job["state"] in {"failed", "cancelled"}
    why: dict[str, Any] = error if ended_badly and isinstance(error, dict) else {}
    if as_json:
        answer = {"state": job["state"], **report, "job": job["job"], "page": job["page"]}
        print(json.dumps({**answer, "error": why} if why else answer, sort_keys=True))
    else:
        _show(job, report, why)
    return EXIT_REFUSED if ended_badly or (report and report.get("state") != "admitted") else 0


def _show(job: dict[str, Any], report: dict[str, Any], error: dict[str, Any]) -> None:
    if error:
        print(f"{printable(job['state'])}: {printable(error.get('code', ''))}: {printable(error.get('found', ''))}")
    if report:
        would = "would be " if str(job.get("kind")).startswith("check-") else ""
        deliveries = report.get("deliveries")
        for each in deliveries if isinstance(deliveries, list) else [report]:
            _show_report(each, would, f"{printable(each.get('role', ''))}: " if deliveries else "")
    print(printable(job["page"]))


def _show_report(report: dict[str, Any], would: str, which: str = "") -> None:
    verdict = report.get("verdict") or {}
    outcome, code = printable(verdict.get("outcome", "")), printable(verdict.get("code", ""))
    print(f"{which}{would}{printable(report.get('state', ''))}: verdict {outcome} ({code})")
    for kind in ("refused", "flagged"):
        for item in report.get(kind) or []:
            detail = f" ({item['detail']})" if item.get("detail") else ""
            print(f"{kind}: {printable(item['rule'])}: {printable(item['path'])}{printable(detail)}")
    if report.get("manifest"):
        print(f"manifest {printable(report['manifest'])}")
