"""Write down that a verdict is another than before: the row, its signatures' rows, and an event with its leaf, in one transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from transparency.models import Delivery, Event, SignatureFile
from transparency.services.admit_delivery import signature_values
from transparency.services.record_event import record_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.models import BuildList, Person
    from transparency.proofs.signatures.judge import SignatureFinding, Step, Verdict


def change_verdict(
    *,
    judged: Delivery | BuildList,
    verdict: Verdict,
    signatures: Sequence[str],
    beside: Sequence[str] = (),
    by: Person | None,
) -> bool:
    """Whether the outcome changed; call it inside a transaction. `signatures` are the digests of the files that were judged, each once;
    `beside` those of the files over single files of a description.

    What lies in quarantine is changed without an event: nothing of it is in the log or on anybody else's page. The same outcome for
    another reason is no event either; the page shows the reason.
    """
    _change_signatures(judged, verdict, signatures, beside)
    before, after = judged.verdict, verdict.outcome
    if (before, judged.verdict_code) == (after, verdict.code):
        return False
    judged.verdict, judged.verdict_code, judged.policy = after, verdict.code, verdict.policy
    judged.save(update_fields=["verdict", "verdict_code", "policy"])
    delivery = judged if isinstance(judged, Delivery) else None
    if before != after and (delivery is None or delivery.state == Delivery.State.ADMITTED):
        record_event(
            kind=Event.Kind.VERDICT_CHANGED,
            product=judged.release.product,
            release=judged.release,
            delivery=delivery,
            before=before,
            after=after,
            reason="" if delivery else f"of the builds whose record has the digest {judged.record_digest}",
            by=by,
        )
    return before != after


def _change_signatures(
    judged: Delivery | BuildList, verdict: Verdict, signatures: Sequence[str], beside: Sequence[str]
) -> None:
    """In place: the record names the signature files in the order of these rows."""
    found: dict[str, list[SignatureFinding]] = defaultdict(list)
    for finding in verdict.findings:
        found[signatures[finding.file]].append(finding)
    seen: Counter[str] = Counter()
    rows = SignatureFile.objects.filter(pk__in=judged.signatures.values("pk")).order_by("position")
    own = [row for row in rows if not row.over_file]
    for row in own:
        findings = found[row.sha256]
        finding = findings[seen[row.sha256] % len(findings)]
        seen[row.sha256] += 1
        general = verdict.steps if finding is verdict.findings[-1] else ()
        _change(row, finding, general)
    kept = {row.position: row for row in rows if row.over_file}
    for position, finding in enumerate(verdict.beside, start=len(own) + 1):
        row = kept.get(position) or SignatureFile(delivery_id=judged.pk, position=position)
        row.sha256 = beside[finding.file]
        _change(row, finding)


def _change(row: SignatureFile, finding: SignatureFinding, general: Sequence[Step] = ()) -> None:
    """The row says what was found, if that is another outcome than before."""
    if (row.outcome, row.code) == (finding.outcome, finding.code):
        return
    for name, value in signature_values(finding, general).items():
        setattr(row, name, value)
    row.save()
