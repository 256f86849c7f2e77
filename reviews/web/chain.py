"""The chain of a release in the words of its page: the links that `transparency verify` prints about its dossier, what
people state beside them, and what nobody checked. Nothing is decided here (reviews/queries.py, release_report).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviews.permissions import may_know_reviewer
from reviews.queries import attestations_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reviews.models import Attestation
    from transparency.models import Release
    from transparency.permissions import Someone
    from transparency.proofs.links.report import LinkReport, Report, StatedReview

# Links in which a person states something; everything else is a machine's.
STATED = "attestations"
_HIDDEN = frozenset({"index", "requirements"})
_LOOKS = {"proved": "proved", "stated": "stated", "failed": "failed"}
_TITLES = {
    "log": "The log's checkpoint is signed by the log's key",
    "manifest": "Every file of the source is named by its digest",
    "rebuild": "Others rebuilt the builds from this source",
    "builds": "The vendor published builds",
    STATED: "Auditors read the source",
}
CONCLUSIONS = {
    "no-unexplained": "found nothing unexplained in what they read",
    "concerns": "has concerns",
    "violation": "states a violation",
    "abstain": "draws no conclusion",
}
WARNINGS = ("violation", "concerns")
_KINDS = {"deliveries": "Source delivery", "builds": "Published builds", STATED: "Attestation"}


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link in the words of a page: `look` is proved, stated, failed, or open."""

    name: str
    title: str
    word: str
    look: str
    detail: str


@dataclass(frozen=True, slots=True)
class ShownReview:
    """What one attestation states. `person` is empty for who may not know the name; `index` is the log entry's, `digest` the envelope's.

    `reviewer` tells one person's statements from another's, whatever keys they used; it is never shown.
    """

    said: StatedReview
    organisation: str
    person: str
    index: int | None
    reviewer: int | None = None
    digest: str = ""

    @property
    def conclusion(self) -> str:
        """The conclusion in words that somebody understands who knows none of ours."""
        return CONCLUSIONS.get(self.said.conclusion, "")

    @property
    def covers_nothing(self) -> bool:
        return self.said.in_scope == 0


def shown_links(report: Report) -> list[ShownLink]:
    """A file that somebody has comes first in the chain, and only they can compare it."""
    yours = "Only you can compare it: run the commands of this page with the file that you have."
    links = [_shown(link) for link in report.links if link.name not in _HIDDEN]
    return [ShownLink("file", "A file on a machine", "yours to check", "open", yours), *links]


def shown_reviews(report: Report, *, asked_by: Someone, release: Release) -> list[ShownReview]:
    """The attestations whose signature holds: those that warn first, then the newest."""
    rows = {row.statement.digest: row for row in attestations_of(asked_by=asked_by, release=release)}
    counted = [said for said in reversed(report.reviews) if said.is_counted]
    counted.sort(key=lambda said: WARNINGS.index(said.conclusion) if said.conclusion in WARNINGS else len(WARNINGS))
    return [_review(said, rows, asked_by) for said in counted]


def unchecked(report: Report, release: Release) -> list[str]:
    """What nobody checked, in sentences."""
    counted = [said for said in report.reviews if said.is_counted]
    lines = release.subject.lines if release.subject else 0
    said = []
    if not counted:
        said.append(f"The source: of its {lines:,} lines nobody states to have read one.")
    elif unread := unread_of(counted, lines):
        said.append(f"The source: {unread} of its {lines:,} lines nobody states to have read.")
    said += [f"{_title(link.name)}: {link.detail}." for link in report.links if link.status == "not checked"]
    built = any(link.name.startswith("builds/") for link in report.links)
    said.append(
        "That the builds come from this source: nobody has rebuilt them."
        if built
        else "That any program in use comes from this source: no build was published here."
    )
    said.append("That the log shows everybody the same: no witness cosigns it yet.")
    return said


def unread_of(counted: Sequence[StatedReview], lines: int) -> str:
    """How many lines nobody states to have read; empty for none. Statements do not say which lines: of several only bounds are known."""
    least = lines - sum(each.read for each in counted)
    most = lines - max((each.read for each in counted), default=0)
    if most <= 0:
        return ""
    if least == most:
        return f"{most:,}"
    return f"at least {least:,}" if least > 0 else f"up to {most:,}"


def _shown(link: LinkReport) -> ShownLink:
    word: str = link.status
    if link.status == "ok":
        word = "stated" if link.name.startswith(STATED) else "proved"
    elif link.name == "rebuild":
        word = "not attempted"
    return ShownLink(link.name, _title(link.name), word, _LOOKS.get(word, "open"), link.detail)


def _review(said: StatedReview, rows: Mapping[str, Attestation], asked_by: Someone) -> ShownReview:
    row = rows.get(said.payload.hex)
    if row is None:
        return ShownReview(said, said.authority, "", None)
    authority = row.statement.engagement.authority
    name = row.statement.reviewer.display_name if may_know_reviewer(asked_by, authority) else ""
    return ShownReview(said, authority.name, name, row.entry.index, row.statement.reviewer_id, row.digest)


def _title(name: str) -> str:
    if name in _TITLES:
        return _TITLES[name]
    kind, _, rest = name.partition("/")
    number, _, what = rest.partition("/")
    base = f"{_KINDS.get(kind, kind.capitalize())} {int(number) if number.isdecimal() else number}".strip()
    if kind == STATED:
        return f"{base}: auditors state what they read"
    return f"{base}: signed by the vendor" if what == "signature" else f"{base}: recorded and logged"
