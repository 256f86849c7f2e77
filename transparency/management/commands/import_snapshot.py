"""`manage.py import_snapshot`: one signed archive into a readable snapshot (DESIGN section 7)."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transparency.errors import EvidenceError, UnusableInputError
from transparency.gateways.decompress import KINDS
from transparency.management.imports import (
    add_release_arguments,
    enrol_keys,
    follow_job,
    open_received,
    read_small_file,
)
from transparency.management.output import EXIT_REFUSED, PortalCommand, printable
from transparency.models import Delivery, Job, Release
from transparency.proofs.links.dsc import MAX_FILE_BYTES
from transparency.reports import delivery_report
from transparency.services.ensure_release import ensure_release
from transparency.services.receive_debian_source import beside_dsc, receive_debian_source
from transparency.services.receive_delivery import MAX_SIGNATURE_BYTES, receive_delivery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser


class Command(PortalCommand):
    help = "Check a vendor's signed archive, read it once, keep it as a snapshot of the release; or put it into quarantine."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("source", help=f"{KINDS}")
        add_release_arguments(parser)
        parser.add_argument("--role", default="release-archive")
        parser.add_argument(
            "--signature", action="append", default=[], metavar="FILE", help="a detached signature over SOURCE"
        )
        parser.add_argument(
            "--checksums", metavar="FILE", help="signatures are over this SHA256SUMS or SHA512SUMS, which names SOURCE"
        )
        parser.add_argument(
            "--signature-over",
            choices=("archive", "decompressed"),
            default="archive",
            help="what the signatures cover: the file as it is, or the tar in it without its compression",
        )
        parser.add_argument("--dry-run", action="store_true", help="judge and read everything, keep nothing")

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        signatures = [read_small_file(name, MAX_SIGNATURE_BYTES) for name in options["signature"]]
        is_dsc = options["source"].endswith(".dsc")
        with ExitStack() as stack:
            archive = open_received(stack, options["source"])
            cover = open_received(stack, options["checksums"]) if options["checksums"] else None
            release = ensure_release(
                vendor=options["vendor"],
                product=options["product"],
                version=options["release"],
                restricted=options["restricted"],
            )
            enrol_keys(release.product, options["key"])
            job = (
                self._receive_source(stack, release, options)
                if is_dsc
                else receive_delivery(
                    release=release,
                    archive=archive,
                    signatures=signatures,
                    cover=cover,
                    over=options["signature_over"],
                    role=options["role"],
                    dry_run=options["dry_run"],
                    send=False,
                )
            )
        job = follow_job(self, job)
        if job.state != Job.State.DONE:
            ended = job.error or {"code": "cancelled"}
            raise EvidenceError(ended["code"], expected=ended.get("expected", ""), found=ended.get("found", ""))
        result = job.result or {}
        if "deliveries" in result:
            return _source_answer(result)
        report = result.get("report") or delivery_report(Delivery.objects.get(pk=result["delivery"]))
        return (0 if report["state"] == Delivery.State.ADMITTED else EXIT_REFUSED), report

    def _receive_source(self, stack: ExitStack, release: Release, options: dict[str, Any]) -> Job:
        """A Debian source package: the .dsc, and what lies beside it under the names that it lists."""
        if options["signature"] or options["checksums"] or options["dry_run"]:
            raise UnusableInputError(
                "dsc-options",
                expected="a .dsc alone; its signature is inside",
                found="--signature, --checksums or --dry-run",
            )
        path = Path(options["source"])
        listed = beside_dsc(read_small_file(options["source"], MAX_FILE_BYTES))
        files = [open_received(stack, str(path.with_name(name))) for name in listed if path.with_name(name).is_file()]
        return receive_debian_source(release=release, dsc=open_received(stack, str(path)), files=files, send=False)

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
        super().show(
            {key: value for key, value in answer.items() if key not in {"steps", "refused", "flagged", "deliveries"}}
        )


def _source_answer(result: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The report of the tree that is the release's subject, with those of all deliveries."""
    rows = Delivery.objects.in_bulk(result["deliveries"])
    reports = [delivery_report(rows[key]) for key in result["deliveries"]]
    readable = reports[0]["state"] == Delivery.State.ADMITTED
    return (0 if readable else EXIT_REFUSED), {**reports[0], "deliveries": reports}
