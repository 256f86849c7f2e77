"""Perform the import of a git repository: one signed tag or commit, and the tree that it leads to.

1. In the sandbox the whole repository goes through git's strictest check, and the one object is taken out (proofs/sources/gitobject.py).
2. Its signature is judged over exactly the bytes that it covers, against the keys enrolled for the product.
3. Only an admissible delivery's tree is read, as that of an archive is; every object is compared with its name.
4. A tag that led to another object in an earlier delivery is refused, in the transaction that would admit it.
"""

from __future__ import annotations

import io
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, BinaryIO, cast

from django.db import transaction

from transparency.errors import EvidenceError
from transparency.gateways.durable import temporary_file
from transparency.gateways.git_parsing import GitFiles, SplitGit, read_git, split_git
from transparency.gateways.sandbox import Meter
from transparency.models import Product
from transparency.proofs.records import GIT_COMMIT, GIT_TAG
from transparency.proofs.signatures.keys import GIT_NAMESPACE
from transparency.proofs.sources.gitobject import MAX_OBJECT_BYTES, Wanted
from transparency.proofs.sources.intake import Intake
from transparency.proofs.sources.paths import Finding
from transparency.services.arrival import Arrival, Cover, admission_of, as_if_of, release_of
from transparency.services.claim_job import finish_job
from transparency.services.contain import intake_limits, sandbox
from transparency.services.git_objects import kept_git, moved_from, since_earlier
from transparency.services.import_snapshot import keep_delivery
from transparency.services.judge_arrival import judge_arrival
from transparency.services.judge_files import no_signature
from transparency.services.note_progress import note_progress
from transparency.services.read_archive import Heartbeat, StoredIntake, store_intake
from transparency.services.receive_delivery import MAX_SIGNATURE_BYTES
from transparency.services.stored_files import Received, StoredFile, store_file
from transparency.services.stores import objects

if TYPE_CHECKING:
    from transparency.models import Delivery
    from transparency.proofs.signatures.judge import Verdict
    from transparency.services.claim_job import Claim

TAG_ROLE, COMMIT_ROLE = "signed-tag", "signed-commit"
# What a sender got wrong about its own repository; everything else is wrong with the repository.
_ASKED_WRONGLY = frozenset({"git-ref-missing", "git-object-name", "git-object-kind", "contained-answer"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What arrived, what its signature is worth, what was read."""

    arrival: Arrival
    verdict: Verdict
    intake: StoredIntake | None


def import_git(claim: Claim) -> None:
    """Do the whole import for a claimed job (`git-ref-missing`, `git-object-name`, `git-object-kind`, `admission-outdated`)."""
    meter = Meter()
    outcome = judge_and_read_git(claim, meter)
    with transaction.atomic():
        delivery = keep_git(claim, outcome)
        finish_job(claim, result={"delivery": delivery.pk, "contained": asdict(meter)})


def judge_and_read_git(claim: Claim, meter: Meter, *, dry_run: bool = False) -> Outcome:
    """What is to become of the delivery; a dry run reads whatever the verdict, and keeps nothing that it read."""
    arrival = _arrival_of(claim, dry_run=dry_run)
    compartment = arrival.release.product.store_key
    scratch = objects().scratch(compartment)
    with ExitStack() as stack:
        opened = [cast("BinaryIO", stack.enter_context(tempfile.TemporaryFile(dir=scratch))) for _ in fields(GitFiles)]
        files = GitFiles(*opened)
        source = stack.enter_context(objects().open(compartment, arrival.archive.digest))
        beat = Heartbeat(claim, arrival.archive.size, "checking the repository")
        wanted = Wanted(**claim.payload["wanted"])
        try:
            split = split_git(
                sandbox(),
                source,
                wanted,
                files,
                limits=intake_limits(),
                scratch=scratch,
                since=since_earlier(arrival.release.product, wanted),
                tick=beat,
                meter=meter,
            )
        except EvidenceError as error:
            if error.code in _ASKED_WRONGLY:
                raise
            note_progress(claim, text=f"The repository is refused: {error}")
            return _refused(arrival, error)
        arrival = _with_object(arrival, split, files)
        note_progress(claim, text=f"Found {split.ref or 'the commit'} at {split.object}, its tree is {split.tree}.")
        arrival, verdict = judge_arrival(arrival, meter, beat)
        note_progress(claim, text=f"The verdict is {verdict.outcome}: {verdict.code}.")
        if not arrival.is_read(verdict):
            if arrival.admission:
                raise EvidenceError("admission-outdated", expected=arrival.admission.outcome, found=verdict.outcome)
            return Outcome(arrival, verdict, None)
        return Outcome(arrival, verdict, _read(claim, arrival, split, files, meter))


def keep_git(claim: Claim, outcome: Outcome) -> Delivery:
    """Inside a transaction: a tag that moved since it was imported is refused, whoever signed it."""
    arrival, intake = outcome.arrival, outcome.intake
    product = Product.objects.select_for_update().filter(pk=arrival.release.product.pk).first()
    moved = moved_from(product, arrival.git) if product and arrival.git and intake and not intake.refused else None
    if moved and moved.git:
        detail = f"expected {moved.git['object']}, as in delivery {moved.pk}, found {(arrival.git or {})['object']}"
        intake = StoredIntake(Intake((), (Finding("", "git-tag-moved", detail, fatal=True),)))
    return keep_delivery(claim, arrival, outcome.verdict, intake)


def _arrival_of(claim: Claim, *, dry_run: bool) -> Arrival:
    payload = claim.payload
    return Arrival(
        release=release_of(payload),
        role=TAG_ROLE if payload["wanted"]["tag"] else COMMIT_ROLE,
        archive=StoredFile.from_json(payload["archive"]),
        signatures=(),
        sender=payload["sender"],
        again=payload.get("again"),
        admission=admission_of(payload),
        dry_run=dry_run,
        as_if=tuple(replace(key, namespaces=(GIT_NAMESPACE,)) for key in as_if_of(payload)) if dry_run else (),
    )


def _refused(arrival: Arrival, error: EvidenceError) -> Outcome:
    """What is no sound repository, or leads to no sound object, is signed by nobody."""
    detail = f"expected {error.expected}, found {error.found}" if error.expected else error.found
    verdict = replace(no_signature(), outcome="invalid", code=error.code)
    return Outcome(arrival, verdict, StoredIntake(Intake((), (Finding("", error.code, detail, fatal=True),))))


def _with_object(arrival: Arrival, split: SplitGit, files: GitFiles) -> Arrival:
    """The arrival with what was signed, which is kept, and its signature."""
    product = arrival.release.product
    signature = _small(files.signature, MAX_SIGNATURE_BYTES + 1)
    name = split.ref.rpartition("/")[2] if split.ref else split.commit
    signed = Received(f"{name}.{'tag' if split.ref else 'commit'}", io.BytesIO(_small(files.payload, MAX_OBJECT_BYTES)))
    cover = store_file(product=product, received=signed, limit=MAX_OBJECT_BYTES)
    return replace(
        arrival,
        signatures=(objects().put_bytes(product.store_key, signature).hex,) if signature else (),
        cover=Cover(GIT_TAG if split.ref else GIT_COMMIT, cover),
        git=kept_git(product, split, _small(files.commit, MAX_OBJECT_BYTES)),
    )


def _small(stream: BinaryIO, limit: int) -> bytes:
    stream.seek(0)
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise EvidenceError("contained-answer", subject="git", expected=f"at most {limit} bytes", found="more")
    return data


def _read(claim: Claim, arrival: Arrival, split: SplitGit, files: GitFiles, meter: Meter) -> StoredIntake:
    compartment = arrival.release.product.store_key
    scratch = objects().scratch(compartment)
    with temporary_file(scratch, f"pack.{claim.attempt}") as (pack, path):
        intake = read_git(
            sandbox(),
            split,
            files,
            pack,
            limits=intake_limits(),
            scratch=scratch,
            tick=Heartbeat(claim, arrival.archive.size, "reading the tree"),
            meter=meter,
        )
        note_progress(claim, text=f"Read {intake.files} files: {len(intake.refused)} refused.")
        return store_intake(compartment, intake, pack, path, keep=not arrival.dry_run)
