"""Perform the import of a Debian source package: up to three deliveries, all visible in one transaction or none.

1. The .dsc is taken apart; its signature is judged over exactly the text that it signs, and the files that it names (judge_debian.py).
2. `upstream`: the upstream archive, by its own signature where that key is enrolled, else as one of the files of the .dsc.
3. `distribution`: upstream and what the distribution adds, patches not applied. This is the release's subject: every byte of it is signed.
4. `patched`: the same with the patches applied, derived from the second. A series that does not apply quarantines this one alone.

Where one in quarantine is decided anew, those that came with it and are still there come along, each in its own row; what was let in
is left alone. An operator's reason counts for what rests on the signature that it was stated about, and for nothing else.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from django.db import transaction

from transparency.errors import EvidenceError
from transparency.gateways.debian_parsing import read_source
from transparency.gateways.durable import temporary_file
from transparency.gateways.sandbox import Meter
from transparency.models import Delivery
from transparency.services.admit_delivery import admit_delivery, quarantine_delivery
from transparency.services.admit_quarantined import admitted_together, quarantined_with
from transparency.services.arrival import Arrival, admission_of
from transparency.services.claim_job import finish_job
from transparency.services.contain import intake_limits, sandbox
from transparency.services.debian_source import DISTRIBUTION, PATCHED, UPSTREAM, arrivals_of, take_apart
from transparency.services.judge_debian import judge_beside, judge_description, judge_upstream
from transparency.services.note_progress import note_progress
from transparency.services.read_archive import Heartbeat, StoredIntake, read_archive, store_intake
from transparency.services.stores import objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from transparency.proofs.signatures.judge import Verdict
    from transparency.services.claim_job import Claim
    from transparency.services.debian_source import DebianSource

_Judged = tuple[Arrival, "Verdict"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One delivery of the source: what arrived, what its signatures are worth, what was read."""

    arrival: Arrival
    verdict: Verdict
    intake: StoredIntake | None


def import_debian_source(claim: Claim) -> None:
    """Do the whole import for a claimed job; a file that is no source description fails the job (`dsc-…`, `admission-outdated`)."""
    meter = Meter()
    outcomes = judge_and_read_source(claim, meter)
    with transaction.atomic():
        # Nothing is left to decide where another import was faster: then the result names what was asked about.
        deliveries = [row.pk for row in keep_source(claim, outcomes)] or [claim.payload["again"]]
        finish_job(claim, result={"delivery": deliveries[0], "deliveries": deliveries, "contained": asdict(meter)})


def judge_and_read_source(claim: Claim, meter: Meter, *, dry_run: bool = False) -> list[Outcome]:
    """What is to become of each delivery, the distribution's tree first; a dry run reads whatever the verdict, and stores nothing."""
    source = take_apart(claim.payload)
    judged = _judge(claim, source, meter, dry_run=dry_run)
    if again := claim.payload.get("again"):
        judged = _decided_anew(claim, Delivery.objects.get(pk=again), judged)
    return [_read(claim, source, arrival, verdict, meter) for arrival, verdict in judged.values()]


def _judge(claim: Claim, source: DebianSource, meter: Meter, *, dry_run: bool) -> dict[str, _Judged]:
    """Arrival and verdict by role."""
    arrivals = arrivals_of(source, claim.payload, dry_run=dry_run)
    beat = Heartbeat(claim, source.text.size, "checking signatures")
    of_dsc = judge_description(source, arrivals[DISTRIBUTION], meter, beat)
    of_trees = judge_beside(arrivals[DISTRIBUTION], of_dsc, meter, beat)
    note_progress(claim, text=f"The verdict on the description is {of_dsc.outcome}: {of_dsc.code}.")
    for finding in of_trees.beside:
        name = arrivals[DISTRIBUTION].beside[finding.file].file.name
        note_progress(claim, text=f"The signature over {name} alone is {finding.outcome}: {finding.code}.")
    judged = {role: (arrivals[role], of_trees) for role in (DISTRIBUTION, PATCHED) if role in arrivals}
    if UPSTREAM in arrivals:
        judged[UPSTREAM] = judge_upstream(arrivals[UPSTREAM], of_dsc, meter, beat)
        verdict = judged[UPSTREAM][1]
        note_progress(claim, text=f"The verdict on the upstream archive is {verdict.outcome}: {verdict.code}.")
    return judged


def _decided_anew(claim: Claim, first: Delivery, judged: Mapping[str, _Judged]) -> dict[str, _Judged]:
    """What came in `first`'s job and is in quarantine still; with an operator's reason, only what that reason admits."""
    admission = admission_of(claim.payload)
    rows = admitted_together(first) if admission else quarantined_with(first)
    decided: dict[str, _Judged] = {}
    for row in rows:
        arrival, verdict = judged[row.role]
        arrival = replace(arrival, again=row.pk, admission=admission)
        same = (arrival.cover is None) == (row.cover is None)
        if admission is None or (same and verdict.outcome in arrival.admissible):
            decided[row.role] = (arrival, verdict)
        elif row.pk == first.pk:
            raise EvidenceError("admission-outdated", expected=admission.outcome, found=verdict.outcome)
    return decided


def _read(claim: Claim, source: DebianSource, arrival: Arrival, verdict: Verdict, meter: Meter) -> Outcome:
    """Only what the verdict lets in is parsed; in a dry run all that is whole."""
    whole = arrival.role == UPSTREAM or all(name in source.files for name in source.split.archives)
    if not (whole and arrival.is_read(verdict)):
        return Outcome(arrival, verdict, None)
    if arrival.role == UPSTREAM:
        keep = not arrival.dry_run
        intake = read_archive(claim, release=arrival.release, archive=arrival.archive, meter=meter, keep=keep)
        return Outcome(arrival, verdict, intake)
    return Outcome(arrival, verdict, _read_tree(claim, source, arrival, meter))


def _read_tree(claim: Claim, source: DebianSource, arrival: Arrival, meter: Meter) -> StoredIntake:
    """One of the two trees that the archives make together."""
    compartment = source.release.product.store_key
    scratch = objects().scratch(compartment)
    total = sum(source.files[name].size for name in source.split.archives)
    with ExitStack() as stack, temporary_file(scratch, f"pack.{claim.attempt}") as (pack, path):
        archives = {
            name: stack.enter_context(objects().open(compartment, source.files[name].digest))
            for name in source.split.archives
        }
        intake = read_source(
            sandbox(),
            source.split,
            archives,
            pack,
            patched=arrival.role == PATCHED,
            limits=intake_limits(),
            scratch=scratch,
            tick=Heartbeat(claim, total, f"reading the {arrival.role} tree"),
            meter=meter,
        )
        note_progress(claim, text=f"Read the {arrival.role} tree: {intake.files} files, {len(intake.refused)} refused.")
        return store_intake(compartment, intake, pack, path, keep=not arrival.dry_run)


def keep_source(claim: Claim, outcomes: list[Outcome]) -> list[Delivery]:
    """Inside a transaction: the distribution's tree first, so that it is the subject, and what is derived from it after it."""
    kept: list[Delivery] = []
    for item in outcomes:
        arrival, stored = item.arrival, item.intake
        if arrival.role == PATCHED:
            arrival = replace(arrival, derived_from=_origin(arrival, kept))
        if stored is None or stored.refused or item.verdict.outcome not in arrival.admissible:
            kept.append(quarantine_delivery(job=claim.job, arrival=arrival, verdict=item.verdict, intake=stored))
        else:
            kept.append(admit_delivery(job=claim.job, arrival=arrival, verdict=item.verdict, intake=stored))
    return kept


def _origin(arrival: Arrival, kept: list[Delivery]) -> Delivery | None:
    """The distribution's tree that the patches were applied to: kept with it, or let in before it by the same description."""
    if kept and kept[0].role == DISTRIBUTION:
        return kept[0]
    same = Delivery.objects.filter(
        release=arrival.release, role=DISTRIBUTION, archive_sha256=arrival.archive.sha256, snapshot__isnull=False
    )
    return same.order_by("pk").first()
