"""`manage.py import_snapshot`: one signed archive into a readable snapshot (DESIGN section 7)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from transparency.errors import EvidenceError, UnusableInputError
from transparency.management.imports import add_release_arguments, enrol_keys, follow_job, read_small_file
from transparency.management.output import EXIT_REFUSED, PortalCommand, printable
from transparency.models import Delivery, Job
from transparency.reports import delivery_report
from transparency.services.ensure_release import ensure_release
from transparency.services.receive_delivery import MAX_SIGNATURE_BYTES, receive_delivery
from transparency.services.stored_files import Received

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser


class Command(PortalCommand):
    help = "Check a vendor's signed archive, read it once, keep it as a snapshot of the release; or put it into quarantine."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("source", help="a .tar.gz or .tar.xz file")
        add_release_arguments(parser)
        parser.add_argument("--role", default="release-archive")
        parser.add_argument(
            "--signature", action="append", default=[], metavar="FILE", help="a detached signature over SOURCE"
        )

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        source = Path(options["source"])
        signatures = [read_small_file(name, MAX_SIGNATURE_BYTES) for name in options["signature"]]
        try:
            stream = source.open("rb")
        except OSError as error:
            raise UnusableInputError(
                "file-unreadable", expected="a readable file", found=error.strerror or "", subject=source.name
            ) from error
        with stream:
            release = ensure_release(
                vendor=options["vendor"],
                product=options["product"],
                version=options["release"],
                restricted=options["restricted"],
            )
            enrol_keys(release.product, options["key"])
            job = receive_delivery(
                release=release,
                archive=Received(source.name, stream),
                signatures=signatures,
                role=options["role"],
                send=False,
            )
        job = follow_job(self, job)
        if job.state != Job.State.DONE:
            ended = job.error or {"code": "cancelled"}
            raise EvidenceError(ended["code"], expected=ended.get("expected", ""), found=ended.get("found", ""))
        delivery = Delivery.objects.get(pk=(job.result or {})["delivery"])
        report = delivery_report(delivery)
        return (0 if delivery.state == Delivery.State.ADMITTED else EXIT_REFUSED), report

    def show(self, answer: Mapping[str, Any]) -> None:
        for number, step in enumerate(answer["steps"], start=1):
            self.stdout.write(f"{number:2}. {printable(step['name'])}: {printable(step['status'])}")
            for word in ("expected", "found"):
                if step[word]:
                    self.stdout.write(f"      {word} {printable(step[word])}")
        for word in ("refused", "flagged"):
            for finding in answer[word]:
                self.stdout.write(
                    f"{word}: {printable(finding['path'])}: {finding['rule']}: {printable(finding['detail'])}"
                )
        super().show({key: value for key, value in answer.items() if key not in {"steps", "refused", "flagged"}})
