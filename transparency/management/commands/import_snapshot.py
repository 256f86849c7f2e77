"""`manage.py import_snapshot`: one signed archive, or one signed tag of a repository, into a readable snapshot (DESIGN section 7)."""

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
    open_repository,
    read_keys,
    read_small_file,
)
from transparency.management.output import EXIT_REFUSED, PortalCommand, printable
from transparency.models import Delivery, Job, Release, Sbom
from transparency.proofs.links.dsc import MAX_FILE_BYTES
from transparency.proofs.signatures.keys import GIT_NAMESPACE
from transparency.proofs.sources.gitobject import Wanted
from transparency.reports import delivery_report, sbom_report, source_report
from transparency.services.enrol_anchor import DELIVERY_NAMESPACES
from transparency.services.ensure_release import ensure_release
from transparency.services.imagine_release import imagine_release
from transparency.services.receive_debian_source import beside_dsc, receive_debian_source
from transparency.services.receive_delivery import MAX_SIGNATURE_BYTES, receive_delivery
from transparency.services.receive_git import check_wanted, receive_git

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser

    from transparency.services.stored_files import Received

_SHOWN_APART = frozenset({"steps", "refused", "flagged", "deliveries", "asIfEnrolled", "package", "sbom"})


class Command(PortalCommand):
    help = "Check a vendor's signed archive or git tag, read it once, keep it as a snapshot of the release; or put it into quarantine."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "source", help=f"{KINDS}; with --tag or --commit a git bundle, an archived bare repository, or its folder"
        )
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
        parser.add_argument("--tag", metavar="NAME", help="SOURCE is a git repository: import this signed tag")
        parser.add_argument("--commit", metavar="ID", help="SOURCE is a git repository: import this signed commit")
        parser.add_argument(
            "--sbom", metavar="FILE", help="a bill of materials, compared with the source once that is admitted"
        )
        parser.add_argument("--dry-run", action="store_true", help="judge and read everything, keep nothing")

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        signatures = [read_small_file(name, MAX_SIGNATURE_BYTES) for name in options["signature"]]
        is_dsc = options["source"].endswith(".dsc")
        wanted = _wanted(options)
        with ExitStack() as stack:
            is_folder = wanted is not None and Path(options["source"]).is_dir()
            archive = (open_repository if is_folder else open_received)(stack, options["source"])
            cover, bill = (
                open_received(stack, options[name]) if options[name] else None for name in ("checksums", "sbom")
            )
            release, as_if = _release(options)
            if wanted:
                job = _receive_git(archive, wanted, release, options, as_if)
            elif is_dsc:
                job = self._receive_source(stack, release, options, as_if)
            else:
                job = receive_delivery(
                    release=release,
                    archive=archive,
                    signatures=signatures,
                    cover=cover,
                    sbom=bill,
                    over=options["signature_over"],
                    role=options["role"],
                    dry_run=options["dry_run"],
                    as_if=as_if,
                    send=False,
                )
        job = follow_job(self, job)
        if job.state != Job.State.DONE:
            ended = job.error or {"code": "cancelled"}
            raise EvidenceError(ended["code"], expected=ended.get("expected", ""), found=ended.get("found", ""))
        result = job.result or {}
        report = result.get("report") or _import_report(result)
        if result.get("sbomJob"):
            report = report | {"sbom": _bill_report(follow_job(self, Job.objects.get(pk=result["sbomJob"])))}
        return (0 if report["state"] == Delivery.State.ADMITTED else EXIT_REFUSED), report

    def _receive_source(self, stack: ExitStack, release: Release, options: dict[str, Any], as_if: list[str]) -> Job:
        """A Debian source package: the .dsc, and what lies beside it under the names that it lists."""
        beside = options["signature"] or options["checksums"] or options["sbom"]
        if beside or options["signature_over"] != "archive":
            raise UnusableInputError(
                "dsc-options",
                expected="a .dsc alone; its signature is inside",
                found="--signature, --checksums, --sbom or --signature-over",
            )
        path = Path(options["source"])
        listed = beside_dsc(read_small_file(options["source"], MAX_FILE_BYTES))
        names = [*listed, *(f"{name}.asc" for name in listed if f"{name}.asc" not in listed)]
        files = [open_received(stack, str(path.with_name(name))) for name in names if path.with_name(name).is_file()]
        return receive_debian_source(
            release=release,
            dsc=open_received(stack, str(path)),
            files=files,
            dry_run=options["dry_run"],
            as_if=as_if,
            send=False,
        )

    def show(self, answer: Mapping[str, Any]) -> None:
        deliveries = answer.get("deliveries", ())
        for report in deliveries or (answer,):
            if deliveries:
                self.stdout.write(f"{report['role']}: {printable(report['archive'])}")
            self._show_one(report)
        if "asIfEnrolled" in answer:
            self.stdout.write("A dry run: nothing of it is kept.")
        for key in answer.get("asIfEnrolled", ()):
            self.stdout.write(
                f"The key {key['format']} {printable(key['fingerprint'])} counted as if it were enrolled. It is not."
            )

    def _show_one(self, report: Mapping[str, Any]) -> None:
        for number, step in enumerate(report["steps"], start=1):
            self.stdout.write(f"{number:2}. {printable(step['name'])}: {printable(step['status'])}")
            for word in ("expected", "found"):
                if step[word]:
                    self.stdout.write(f"      {word} {printable(step[word])}")
        for word, said in (report["package"] or {}).items():
            self.stdout.write(f"declared by the package: {word}: {printable(said) or 'nothing'}")
        if bill := report.get("sbom"):
            self.stdout.write(f"bill of materials: {printable(bill.get('error') or _told_bill(bill))}")
        for word in ("refused", "flagged"):
            for finding in report[word]:
                self.stdout.write(
                    f"{word}: {printable(finding['path'])}: {finding['rule']}: {printable(finding['detail'])}"
                )
        super().show({key: value for key, value in report.items() if key not in _SHOWN_APART})


def _wanted(options: dict[str, Any]) -> Wanted | None:
    """What of a repository is asked for, if SOURCE is one."""
    if options["tag"] is None and options["commit"] is None:
        return None
    beside = options["signature"] or options["checksums"] or options["sbom"]
    if beside or options["signature_over"] != "archive":
        found = "--signature, --checksums, --sbom or --signature-over"
        raise UnusableInputError("git-options", expected="a tag or a commit; its signature is inside", found=found)
    wanted = Wanted(tag=options["tag"], commit=options["commit"])
    check_wanted(wanted)
    return wanted


def _receive_git(
    repository: Received, wanted: Wanted, release: Release, options: dict[str, Any], as_if: list[str]
) -> Job:
    return receive_git(
        release=release,
        repository=repository,
        wanted=wanted,
        dry_run=options["dry_run"],
        as_if=as_if,
        send=False,
    )


def _told_bill(bill: Mapping[str, Any]) -> str:
    tree = bill["tree"]
    counts = ", ".join(f"{tree[name]} {name}" for name in ("declared", "same", "differing", "absent", "undeclared"))
    return f"{bill['form']}: {counts}"


def _bill_report(job: Job) -> dict[str, Any]:
    """How the bill that came along compares, or why it could not be compared: the source is admitted all the same."""
    if job.state != Job.State.DONE:
        return {"error": job.error or {"code": "cancelled"}}
    row = Sbom.objects.select_related("release__product", "snapshot").get(pk=(job.result or {})["sbom"])
    return sbom_report(row)


def _import_report(result: dict[str, Any]) -> dict[str, Any]:
    if "deliveries" not in result:
        return delivery_report(Delivery.objects.get(pk=result["delivery"]))
    rows = Delivery.objects.in_bulk(result["deliveries"])
    return source_report([delivery_report(rows[key]) for key in result["deliveries"]])


def _release(options: dict[str, Any]) -> tuple[Release, list[str]]:
    """The release, and keys that count as if they were enrolled. Only a dry run has these, and makes nothing; else `--key` enrols them."""
    asked = {name: options[name] for name in ("vendor", "product", "restricted")} | {"version": options["release"]}
    if options["dry_run"]:
        return imagine_release(**asked), read_keys(options["key"])
    release = ensure_release(**asked)
    is_git = options["tag"] is not None or options["commit"] is not None
    enrol_keys(release.product, options["key"], namespaces=(GIT_NAMESPACE,) if is_git else DELIVERY_NAMESPACES)
    return release, []
