"""Perform the import of a Debian source package: up to three deliveries, all visible in one transaction or none.

1. The .dsc is taken apart; its signature is judged over exactly the text that it signs.
2. Every file that it names must be there with its size and digest.
3. `upstream`: the upstream archive, by its own signature where there is one, else as one of the files of the .dsc.
4. `distribution`: upstream and what the distribution adds, patches not applied. This is the release's subject: every byte of it is signed.
5. `patched`: the same with the patches applied, derived from the second. A series that does not apply quarantines this one alone.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from django.db import transaction

from transparency.gateways.debian_parsing import SplitDsc, read_source, split_dsc
from transparency.gateways.durable import temporary_file
from transparency.gateways.parsing import Over
from transparency.gateways.sandbox import Meter
from transparency.models import Delivery, Release
from transparency.proofs.records import DSC
from transparency.proofs.signatures.judge import Step, Verdict
from transparency.proofs.sources.membersource import Limits
from transparency.services.admit_delivery import admit_delivery, quarantine_delivery
from transparency.services.arrival import Arrival, Cover, admission_of
from transparency.services.claim_job import finish_job
from transparency.services.contain import sandbox
from transparency.services.judge_arrival import first_logged
from transparency.services.judge_files import judge_file
from transparency.services.note_progress import note_progress
from transparency.services.read_archive import Heartbeat, StoredIntake, read_archive, store_intake
from transparency.services.stored_files import Received, StoredFile, store_file
from transparency.services.stores import objects

if TYPE_CHECKING:
    from transparency.services.claim_job import Claim

UPSTREAM, DISTRIBUTION, PATCHED = "upstream", "distribution", "patched"
MAX_TEXT_BYTES = 2 * 1024**2


@dataclass(frozen=True, slots=True)
class _Source:
    """The package, taken apart: its .dsc, the stored text and signature of it, and the files by name."""

    release: Release
    dsc: StoredFile
    split: SplitDsc
    text: StoredFile
    signature: str
    files: dict[str, StoredFile]


@dataclass(frozen=True, slots=True)
class _Outcome:
    arrival: Arrival
    verdict: Verdict
    intake: StoredIntake | None


def import_debian_source(claim: Claim) -> None:
    """Do the whole import for a claimed job; a file that is no source description fails the job (`dsc-…`)."""
    meter = Meter()
    source = _take_apart(claim)
    arrivals = _arrivals(claim, source)
    verdict = _judge_dsc(claim, source, arrivals[DISTRIBUTION], meter)
    note_progress(claim, text=f"The verdict on the description is {verdict.outcome}: {verdict.code}.")
    outcomes = [
        _read_tree(claim, source, arrivals[role], verdict, meter)
        for role in (DISTRIBUTION, PATCHED)
        if role in arrivals
    ]
    if UPSTREAM in arrivals:
        outcomes.append(_upstream(claim, source, arrivals[UPSTREAM], verdict, meter))
    with transaction.atomic():
        deliveries = _keep(claim, outcomes)
        finish_job(
            claim,
            result={
                "delivery": deliveries[0].pk,
                "deliveries": [delivery.pk for delivery in deliveries],
                "contained": asdict(meter),
            },
        )


def _take_apart(claim: Claim) -> _Source:
    payload = claim.payload
    release = Release.objects.select_related("product__vendor").get(pk=payload["release"])
    product, dsc = release.product, StoredFile.from_json(payload["dsc"])
    scratch = objects().scratch(product.store_key)
    with (
        objects().open(product.store_key, dsc.digest) as stream,
        temporary_file(scratch, "text") as (text, _),
        temporary_file(scratch, "signature") as (signature, _),
    ):
        split = split_dsc(sandbox(), stream, text=text, signature=signature)
        for part in (text, signature):
            part.seek(0)
        return _Source(
            release=release,
            dsc=dsc,
            split=split,
            text=store_file(product=product, received=Received(f"{dsc.name}.text", text), limit=MAX_TEXT_BYTES),
            signature=store_file(
                product=product, received=Received("signature", signature), limit=MAX_TEXT_BYTES
            ).sha256,
            files={file["name"]: StoredFile.from_json(file) for file in payload["files"]},
        )


def _arrivals(claim: Claim, source: _Source) -> dict[str, Arrival]:
    """What will be delivered, by role. The archive of the trees is the .dsc; the files that it names are their components."""
    split, payload = source.split, claim.payload
    whole = Arrival(
        release=source.release,
        role=DISTRIBUTION,
        archive=source.dsc,
        signatures=(source.signature,),
        cover=Cover(DSC, source.text),
        components=tuple(source.files[name] for name, _, _ in split.files if name in source.files),
        sender=payload["sender"],
        again=payload.get("again"),
        admission=admission_of(payload),
    )
    found = {DISTRIBUTION: whole}
    if split.debian or split.diff:
        found[PATCHED] = replace(whole, role=PATCHED, may_be_subject=False)
    if split.orig and split.orig in source.files:
        upstream = replace(whole, role=UPSTREAM, archive=source.files[split.orig], components=(), may_be_subject=False)
        signature = dict(split.signatures).get(split.orig)
        if signature and signature in source.files:
            upstream = replace(upstream, signatures=(source.files[signature].sha256,), cover=None)
        found[UPSTREAM] = upstream
    return found


def _judge_dsc(claim: Claim, source: _Source, arrival: Arrival, meter: Meter) -> Verdict:
    """The verdict over the text, which must name files that were handed in."""
    verdict = judge_file(
        product=source.release.product,
        file=source.text,
        signatures=arrival.signatures,
        logged_at=first_logged(arrival),
        over=Over("text"),
        tick=Heartbeat(claim, source.text.size, "checking signatures"),
        meter=meter,
    )
    for name, size, sha256 in source.split.files:
        given = source.files.get(name)
        if given is None or (given.size, given.sha256) != (size, sha256):
            found = "no such file" if given is None else f"{given.size} bytes, sha256 {given.sha256}"
            step = Step("files are those of the description", "fails", f"{name}: {size} bytes, sha256 {sha256}", found)
            code = "dsc-file-missing" if given is None else "dsc-file-differs"
            return replace(verdict, outcome="invalid", code=code, steps=(*verdict.steps, step))
    step = Step(
        "files are those of the description", "holds", found=f"{len(source.split.files)} files by size and SHA-256"
    )
    return replace(verdict, steps=(*verdict.steps, step))


def _upstream(claim: Claim, source: _Source, arrival: Arrival, of_dsc: Verdict, meter: Meter) -> _Outcome:
    if arrival.cover:
        return _Outcome(arrival, of_dsc, _read_one(claim, arrival, of_dsc, meter))
    verdict = judge_file(
        product=source.release.product,
        file=arrival.archive,
        signatures=arrival.signatures,
        logged_at=first_logged(arrival),
        tick=Heartbeat(claim, arrival.archive.size, "checking signatures"),
        meter=meter,
    )
    if verdict.outcome == "unknown-key" and of_dsc.outcome == "valid":
        # Nobody enrolled upstream's key; the distribution's signature still covers these bytes, and says no more than that.
        arrival = replace(arrival, signatures=(source.signature,), cover=Cover(DSC, source.text))
        verdict = of_dsc
    return _Outcome(arrival, verdict, _read_one(claim, arrival, verdict, meter))


def _read_one(claim: Claim, arrival: Arrival, verdict: Verdict, meter: Meter) -> StoredIntake | None:
    if verdict.outcome not in arrival.admissible:
        return None
    return read_archive(claim, release=arrival.release, archive=arrival.archive, meter=meter)


def _read_tree(claim: Claim, source: _Source, arrival: Arrival, verdict: Verdict, meter: Meter) -> _Outcome:
    """One of the two trees that the archives make together."""
    if verdict.outcome not in arrival.admissible:
        return _Outcome(arrival, verdict, None)
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
            limits=Limits(),
            scratch=scratch,
            tick=Heartbeat(claim, total, f"reading the {arrival.role} tree"),
            meter=meter,
        )
        note_progress(claim, text=f"Read the {arrival.role} tree: {intake.files} files, {len(intake.refused)} refused.")
        return _Outcome(arrival, verdict, store_intake(compartment, intake, pack, path, keep=True))


def _keep(claim: Claim, outcomes: list[_Outcome]) -> list[Delivery]:
    """Inside a transaction: the distribution's tree first, so that it is the subject, and what is derived from it after it."""
    kept: list[Delivery] = []
    for item in outcomes:
        origin = kept[0] if kept and item.arrival.role == PATCHED else None
        arrival = replace(item.arrival, derived_from=origin)
        if arrival.again and Delivery.objects.filter(pk=arrival.again).exclude(role=arrival.role).exists():
            arrival = replace(arrival, again=None)
        stored = item.intake
        if stored is None or stored.refused:
            kept.append(quarantine_delivery(job=claim.job, arrival=arrival, verdict=item.verdict, intake=stored))
        else:
            kept.append(admit_delivery(job=claim.job, arrival=arrival, verdict=item.verdict, intake=stored))
    return kept
