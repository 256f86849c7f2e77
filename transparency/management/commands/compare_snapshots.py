"""`manage.py compare_snapshots FIRST SECOND`: how two trees differ, and which of it nothing accounts for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transparency.comparisons import files_of, findings_of
from transparency.errors import EvidenceError, UnusableInputError
from transparency.management.imports import follow_job
from transparency.management.output import EXIT_REFUSED, PortalCommand, printable
from transparency.models import Comparison, Delivery, Job, Snapshot
from transparency.queries import find_release
from transparency.services.compare_snapshots import Wanted, request_comparison

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser

    from transparency.comparisons import ComparedFile

_PARTS = 3


class Command(PortalCommand):
    help = (
        "Compare the tree as it was written (FIRST) with the tree as it was shipped (SECOND). Each is PRODUCT/VERSION, "
        "PRODUCT/VERSION/ROLE or a manifest digest. Exit 0 when everything is explained, 1 when something is not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("first", metavar="FIRST")
        parser.add_argument("second", metavar="SECOND")
        parser.add_argument("--first-below", default="", metavar="FOLDER", help="compare only this folder of FIRST")
        parser.add_argument("--second-below", default="", metavar="FOLDER", help="compare only this folder of SECOND")

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        first, second = _snapshot(options["first"]), _snapshot(options["second"])
        wanted = Wanted(first, second, options["first_below"].strip("/"), options["second_below"].strip("/"))
        try:
            job = follow_job(self, request_comparison(wanted=wanted, by=None, send=False))
        except EvidenceError as error:
            raise UnusableInputError(error.code, expected=error.expected, found=error.found) from error
        if job.state != Job.State.DONE:
            why = job.error or {"code": "cancelled"}
            raise EvidenceError(why["code"], expected=why.get("expected", ""), found=why.get("found", ""))
        found = (job.result or {})["comparison"]
        row = Comparison.objects.select_related("first__product", "second__product").get(pk=found)
        told = told_comparison(row)
        return (EXIT_REFUSED if told["unexplained"] else 0), told | {"job": str(job.pk)}

    def show(self, answer: Mapping[str, Any]) -> None:
        for name, count in answer["counts"].items():
            if count:
                self.stdout.write(f"{count:>9,} {name}")
        for file in answer["files"]:
            if not file["explained"]:
                self.stdout.write(f"{file['class']}: {printable(file.get('second') or file['first'])}")
        self.stdout.write(f"{answer['unexplained']} unexplained")


def told_comparison(row: Comparison) -> dict[str, Any]:
    """The comparison with every file that differs, as the command prints it."""
    findings = findings_of(row)
    return {
        "comparison": row.pk,
        "rules": row.rules,
        "first": {"product": row.first.product.slug, "manifest": row.first.manifest, "below": row.first_below},
        "second": {"product": row.second.product.slug, "manifest": row.second.manifest, "below": row.second_below},
        "counts": findings.counts,
        "unexplained": findings.unexplained,
        "files": [told_file(file) for file in files_of(row)],
    }


def told_file(file: ComparedFile) -> dict[str, Any]:
    """A file on both sides, as far as it is there; `rule` is the line of a `.gitattributes` that accounts for it."""
    value: dict[str, Any] = {"class": file.found.kind.value, "explained": file.found.is_explained}
    for side, entry, path in (("first", file.first, file.first_path), ("second", file.second, file.second_path)):
        if entry is not None:
            value[side] = path
            value[f"{side}Sha256"] = entry.sha256.hex
            value[f"{side}Mode"] = f"{entry.mode:o}"
    if file.known is not None:
        value["known"] = {
            "sameAs": file.known.same_as,
            "butComments": file.known.but_comments,
            "versions": file.known.versions,
            "serial": file.known.serial,
            "serials": list(file.known.serials),
        }
    return value | ({"rule": f"{file.rule_file}:{file.rule_line}"} if file.rule_line else {})


def _snapshot(text: str) -> Snapshot:
    """What a name on the command line means (`snapshot-unknown`, `snapshot-ambiguous`)."""
    parts = text.split("/")
    if len(parts) == 1:
        rows = Snapshot.objects.select_related("product").filter(manifest=text)
    else:
        release = find_release(parts[0], parts[1])
        if release is None or len(parts) > _PARTS:
            raise UnusableInputError("release-unknown", expected="PRODUCT/VERSION[/ROLE]", found=text[:200])
        deliveries = Delivery.objects.filter(release=release, state=Delivery.State.ADMITTED)
        named = (
            deliveries.filter(role=parts[2]) if len(parts) == _PARTS else deliveries.filter(snapshot=release.subject)
        )
        rows = Snapshot.objects.select_related("product").filter(pk__in=named.values("snapshot"))
    found = list(rows[:2])
    if not found:
        raise UnusableInputError("snapshot-unknown", expected="an admitted source of this centre", found=text[:200])
    if len(found) > 1:
        raise UnusableInputError("snapshot-ambiguous", expected="one source", found=text[:200])
    return found[0]
