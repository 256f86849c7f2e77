"""`manage.py import_builds`: published build files against their signed checksum list (DESIGN section 7)."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from transparency.errors import EvidenceError, UnusableInputError
from transparency.management.imports import (
    add_release_arguments,
    enrol_keys,
    follow_job,
    open_received,
    read_small_file,
)
from transparency.management.output import EXIT_REFUSED, PortalCommand, printable
from transparency.models import BuildList, Job
from transparency.reports import builds_report
from transparency.services.ensure_release import ensure_release
from transparency.services.receive_builds import receive_builds
from transparency.services.receive_delivery import MAX_SIGNATURE_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser

# A vendor may hand over fewer files than the list names; a different or an unlisted one is another matter.
_SOUND = frozenset({"listed-and-equal", "listed-and-missing"})


class Command(PortalCommand):
    help = "Compare published build files with their checksum list, judge the list's signature, log the result."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("files", nargs="*", metavar="FILE")
        add_release_arguments(parser)
        parser.add_argument("--manifest", metavar="SHA256SUMS", help="the checksum list")
        parser.add_argument(
            "--signature", action="append", default=[], metavar="FILE", help="a detached signature over the list"
        )

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        signatures = [read_small_file(name, MAX_SIGNATURE_BYTES) for name in options["signature"]]
        if signatures and not options["manifest"]:
            raise UnusableInputError("nothing-given", expected="--manifest with --signature", found="a signature alone")
        with ExitStack() as stack:
            files = [open_received(stack, name) for name in options["files"]]
            manifest = open_received(stack, options["manifest"]) if options["manifest"] else None
            release = ensure_release(
                vendor=options["vendor"],
                product=options["product"],
                version=options["release"],
                restricted=options["restricted"],
            )
            enrol_keys(release.product, options["key"])
            job = receive_builds(release=release, files=files, manifest=manifest, signatures=signatures, send=False)
        job = follow_job(self, job)
        if job.state != Job.State.DONE:
            error = job.error or {"code": "cancelled"}
            raise EvidenceError(error["code"], expected=error.get("expected", ""), found=error.get("found", ""))
        report = builds_report(BuildList.objects.get(pk=(job.result or {})["builds"]))
        sound = report["verdict"]["outcome"] == "valid" and all(
            item["listing"] in _SOUND for item in report["artifacts"]
        )
        return (0 if sound else EXIT_REFUSED), report

    def show(self, answer: Mapping[str, Any]) -> None:
        for item in answer["artifacts"]:
            self.stdout.write(f"{item['listing'].replace('-', ' '):22} {printable(item['name'])}")
        self.stdout.write(f"list: {answer['verdict']['outcome']} ({answer['verdict']['code']})")
