"""The answer of a release page in two halves that are never mixed, in words for somebody who knows none of ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviews.services.gather_facts import builds_facts
from reviews.web.chain import CONCLUSIONS, WARNINGS, unread_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviews.rules.predicate import BuildsFacts
    from reviews.web.chain import ShownReview
    from transparency.models import Release
    from transparency.proofs.links.report import Report

_SOURCE = {
    "valid": "whoever holds the key enrolled for the vendor signed this source",
    "expired": "the key that signed this source had expired",
    "weak": "the signature of this source is of a kind that can be forged",
}
_NAMES = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """`warned`: somebody who read it has concerns or worse, which no other word on the page may drown."""

    machines: str
    people: str
    nobody: str
    warned: str


def answer_of(report: Report, reviews: Sequence[ShownReview], release: Release, verdict: str) -> Answer:
    """`verdict` is that of the subject's first delivery."""
    loud = [word for word in WARNINGS if any(each.said.conclusion == word for each in reviews)]
    warned = " and ".join(f"{_of(reviews, word)} {CONCLUSIONS[word]}" for word in loud)
    return Answer(
        machines=_machines(report, release, verdict),
        people=_people(reviews, release),
        nobody=_nobody(report, reviews, release),
        warned=warned,
    )


def _machines(report: Report, release: Release, verdict: str) -> str:
    if report.failed:
        return f"a link of the chain does not hold: {report.failed}. Nothing after it was looked at."
    source = _SOURCE.get(verdict, "no enrolled key vouches for this source")
    snapshot = release.subject
    builds = builds_facts(release, snapshot) if snapshot else ()
    return f"{source}; {_builds(builds)}."


def _builds(builds: Sequence[BuildsFacts]) -> str:
    if not builds:
        return "no build was published here, so no file in use can be compared with it"
    equal = sum(each.equal for each in builds if each.outcome == "valid")
    files = sum(each.equal + each.different + each.not_listed for each in builds)
    named = f"{equal:,} of {_count(files, 'published build')} {'is' if equal == 1 else 'are'} exactly what the vendor's signed list names"
    return f"{named}; nobody has rebuilt {'it' if files == 1 else 'them'} from the source"


def _people(reviews: Sequence[ShownReview], release: Release) -> str:
    lines = release.subject.lines if release.subject else 0
    if not reviews:
        return f"nobody states to have read any of its {lines:,} lines."
    people = len({each.reviewer or each.said.keyid for each in reviews})
    names = list(dict.fromkeys(each.organisation for each in reviews))
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    most = max(each.said.read for each in reviews)
    who = f"{people:,} {'person' if people == 1 else 'people'} of {', '.join(names[:_NAMES])}{more} signed"
    if len(reviews) == 1:
        return f"{who} that they read {most:,} of its {lines:,} lines."
    return (
        f"{who} {len(reviews):,} statements of what they read; none covers more than {most:,} of its {lines:,} lines."
    )


def _nobody(report: Report, reviews: Sequence[ShownReview], release: Release) -> str:
    """The three gaps that matter most, in short; the page's list has them all."""
    lines = release.subject.lines if release.subject else 0
    unread = unread_of([each.said for each in reviews], lines)
    gaps = [f"{unread} of its {lines:,} lines"] if unread else []
    gaps.append("whether a program in use was made from this source")
    gaps += ["what the links behind the failed one say"] if report.failed else []
    return f"{'; '.join(gaps)}; whether the log shows everybody the same."


def _of(reviews: Sequence[ShownReview], conclusion: str) -> str:
    found = [each for each in reviews if each.said.conclusion == conclusion]
    return f"{len(found):,} of {_count(len(reviews), 'statement')}"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
