"""Write down that a verdict is another than before: the row, its signatures' rows, and an event with its leaf, in one transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from transparency.models import Delivery, Event, SignatureFile
from transparency.services.record_event import record_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.models import BuildList, Person
    from transparency.proofs.signatures.judge import SignatureFinding, Verdict


def change_verdict(
    *, judged: Delivery | BuildList, verdict: Verdict, signatures: Sequence[str], by: Person | None
) -> bool:
    """Whether the outcome changed; call it inside a transaction. `signatures` are the digests of the files that were judged, each once.

    What lies in quarantine is changed without an event: nothing of it is in the log or on anybody else's page. The same outcome for
    another reason is no event either; the page shows the reason.
    """
    _change_signatures(judged, verdict, signatures)
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


def _change_signatures(judged: Delivery | BuildList, verdict: Verdict, signatures: Sequence[str]) -> None:
    """In place: the record names the signature files in the order of these rows."""
    found: dict[str, list[SignatureFinding]] = defaultdict(list)
    for finding in verdict.findings:
        found[signatures[finding.file]].append(finding)
    seen: Counter[str] = Counter()
    for row in SignatureFile.objects.filter(pk__in=judged.signatures.values("pk")).order_by("position"):
        findings = found[row.sha256]
        finding = findings[seen[row.sha256] % len(findings)]
        seen[row.sha256] += 1
        if (row.outcome, row.code) != (finding.outcome, finding.code):
            row.outcome, row.code, row.key = finding.outcome, finding.code, finding.key or ""
            general = verdict.steps if finding is verdict.findings[-1] else ()
            row.steps = [
                {"name": step.name, "status": step.status, "expected": step.expected, "found": step.found}
                for step in (*finding.steps, *general)
            ]
            row.save(update_fields=["outcome", "code", "key", "steps"])
