"""Members of an archive that a rule names, by rule: an archive of a malicious kind has ten thousand of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transparency.models import Delivery
from transparency.permissions import Right, may
from transparency.rule_words import rule_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.permissions import Someone

SHOWN = 20
Finding = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """The members that one rule names; only the first of them are on the delivery's own page."""

    rule: str
    sentence: str
    count: int
    first: tuple[Finding, ...]

    @property
    def more(self) -> int:
        return self.count - len(self.first)


def grouped(findings: Sequence[Finding]) -> list[RuleGroup]:
    """By rule, in the order in which the rules first appear."""
    rules = dict.fromkeys(finding["rule"] for finding in findings)
    return [_group(rule, [finding for finding in findings if finding["rule"] == rule]) for rule in rules]


def told(person: Someone, row: Delivery, findings: list[Finding]) -> list[Finding]:
    """Findings name paths: those of a restricted source are for people who may read it there, or who handle its quarantine."""
    open_paths = not row.release.product.is_restricted or row.state == Delivery.State.QUARANTINED
    return [
        finding
        for finding in findings
        if open_paths or may(person, Right.READ_SOURCE, row.release, path=finding["path"])
    ]


def told_package(person: Someone, row: Delivery) -> dict[str, str] | None:
    """What the package declares: words out of one of its files, so for whoever may be told of that file."""
    if row.package is None or not told(person, row, [{"path": row.package["file"]}]):
        return None
    package: dict[str, str] = row.package
    return package


def _group(rule: str, findings: list[Finding]) -> RuleGroup:
    return RuleGroup(rule, rule_sentence(rule), len(findings), tuple(findings[:SHOWN]))
