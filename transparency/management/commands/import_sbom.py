"""`manage.py import_sbom FILE`: a bill of materials beside the source of a release, and how the two compare."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from transparency.errors import EvidenceError, UnusableInputError
from transparency.management.imports import follow_job, open_received
from transparency.management.output import PortalCommand, printable
from transparency.models import Job, Sbom
from transparency.queries import find_release
from transparency.reports import sbom_report
from transparency.services.receive_sbom import receive_sbom

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser

_COUNTS = ("declared", "same", "differing", "absent", "undeclared", "unchecked")


class Command(PortalCommand):
    help = (
        "Compare a bill of materials (SPDX 2.3, SPDX 3.0 or CycloneDX 1.6, as JSON) with the source of a release. "
        "Exit 0 when it was compared, whatever came out; 1 when it is refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--product", required=True, metavar="SLUG")
        parser.add_argument("--release", required=True, metavar="VERSION")

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        release = find_release(options["product"], options["release"])
        if release is None:
            found = f"{options['product']} {options['release']}"
            raise UnusableInputError("release-unknown", expected="a release of this centre", found=found)
        with ExitStack() as stack:
            job = receive_sbom(release=release, document=open_received(stack, options["file"]), send=False)
        job = follow_job(self, job)
        if job.state != Job.State.DONE:
            ended = job.error or {"code": "cancelled"}
            raise EvidenceError(ended["code"], expected=ended.get("expected", ""), found=ended.get("found", ""))
        row = Sbom.objects.select_related("release__product", "snapshot").get(pk=(job.result or {})["sbom"])
        return 0, sbom_report(row) | {"job": str(job.pk)}

    def show(self, answer: Mapping[str, Any]) -> None:
        tree = answer["tree"]
        self.stdout.write(f"{answer['form']}; packages declared: {answer['packagesDeclared']}")
        for name in _COUNTS:
            self.stdout.write(f"{tree[name]:>9,} {name}")
        for word in ("absent", "undeclared"):
            for path in tree[f"{word}Paths"]:
                self.stdout.write(f"{word}: {printable(path)}")
        for item in tree["differences"]:
            self.stdout.write(f"differing: {printable(item['path'])}: {item['algorithm']}")
            self.stdout.write(f"      declared {item['declared']}")
            self.stdout.write(f"      found {item['found']}")
        for finding in answer["findings"]:
            self.stdout.write(f"{finding['rule']}: {printable(finding['detail'])}")
