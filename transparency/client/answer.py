"""A verification's report for people: what machines found, what people state, as of when, the outcome, what to do next.

Each link is a line that begins with its status in words; colour is never the only sign. Everything that came out of the
dossier is escaped.
"""

from __future__ import annotations

from typing import TextIO

from transparency.client.terminal import coloured, has_colour, printable, wrapped
from transparency.proofs.links.report import (
    EXIT_FAILED,
    EXIT_MET,
    EXIT_NO_TRUST,
    EXIT_UNMET,
    REQUIREMENTS,
    LinkReport,
    LinkStatus,
    Report,
    StatedReview,
)

_COLOURS: dict[LinkStatus, str] = {"ok": "green", "failed": "red", "not claimed": "yellow", "not checked": "yellow"}
_STATUS_WIDTH = max(map(len, _COLOURS))
_INDENT = " " * (_STATUS_WIDTH + 4)

# By the link's name without its number: what is looked at, whatever came of it.
_MEANINGS = {
    "container": "one zip file, nothing hidden in it",
    "index": "what the dossier is about, and its members",
    "documents": "the explanations that come with it",
    "keys": "the keys as the centre states them",
    "log": "the log's checkpoint, and its newest entry",
    "manifest": "the list of all source files; its digest names the source",
    "deliveries": "how the source came in, as it was logged",
    "deliveries/signature": "the vendor's signature over that archive",
    "builds": "published files against the vendor's list, as it was logged",
    "builds/signature": "the vendor's signature over that list",
    "file": "the file that you have",
    "rebuild": "the same files built again by others from this source",
    "attestations": "a signed review of this source, as it was logged",
    REQUIREMENTS: "what your trust file asks for",
}
_OUTCOMES = {
    EXIT_MET: "No link fails, and everything that your trust file requires is met.",
    EXIT_FAILED: "The link {failed} fails. Do not rely on this dossier{file}.",
    EXIT_NO_TRUST: "Internally consistent, origin not established: without a trust file the dossier was only compared "
    "with itself, and whoever made it could have made all of it.",
    EXIT_UNMET: "No link fails, but your trust file requires what is not met: {unmet}.",
}
_DAMAGED = (
    "Fetch the dossier again from where it is published. If that fails too, keep it and tell the vendor and the centre."
)
_NEXT_BY_FAILURE = {
    "container": _DAMAGED,
    "index": _DAMAGED,
    "documents": _DAMAGED,
    "keys": _DAMAGED,
    "log": "The log's key in your trust file did not sign this. Ask the centre through another channel which of the two is wrong.",
    "file": "Your file is none of this release. Do not use it before you know where it comes from.",
}
_NEXT_OTHERWISE = "Keep the dossier as evidence, and ask the vendor and the centre what happened."
_NEXT_NO_TRUST = (
    "Get the keys from where you trust them, not from whoever gave you this dossier: the vendor's own site, the authority's "
    "letter, a colleague. A centre writes a trust file to begin with (manage.py export_trust); compare each key in it through "
    "another channel. Then: transparency verify DOSSIER --trust FILE"
)
_NEXT_UNMET = "See the link `requirements`. Where a signature needs the archive itself, give the archive as FILE."
_NEXT_MET = (
    "That the archive holds exactly this source is the centre's record: with the archive, `transparency manifest ARCHIVE` "
    "shows it without the centre."
)


def show_report(report: Report, stream: TextIO, *, file: str | None) -> None:
    """Write the whole answer to `stream`."""
    colour = has_colour(stream)
    lines = [*_title(report), "", _bold("Machines found, checked here and now", colour), ""]
    for link in report.links:
        lines += _link(link, colour)
    if report.reviews:
        lines += ["", _bold("People state, and answer for it; that they read cannot be proved", colour), ""]
        for review in report.reviews:
            lines += _review(review, trusted=report.trusted)
    lines += ["", wrapped(_as_known(report), first="", rest=""), "", *_outcome(report, file, colour)]
    stream.write("\n".join(lines) + "\n")


def _title(report: Report) -> list[str]:
    index = report.index
    if index is None:
        return ["A dossier that could not be read"]
    title = f"{index.product} {index.release} by {index.vendor} ({index.visibility} dossier)"
    return [printable(title), f"source  sha256:{index.subject}"]


def _link(link: LinkReport, colour: bool) -> list[str]:  # noqa: FBT001 - of the stream, not an option
    # An unmet requirement is no broken link, and people should not read it as one.
    word = "not met" if link.name == REQUIREMENTS and link.status == "failed" else link.status
    status = coloured(f"{word:<{_STATUS_WIDTH}}", _COLOURS[link.status], enabled=colour)
    meaning = _MEANINGS.get(_kind(link.name), "")
    lines = [f"  {status}  {printable(link.name)}" + (f" - {meaning}" if meaning else "")]
    if link.detail:
        lines.append(wrapped(link.detail, first=_INDENT, rest=_INDENT))
    return lines


def _kind(name: str) -> str:
    first, _, rest = name.partition("/")
    return f"{first}/signature" if rest.endswith("/signature") else first


def _review(review: StatedReview, *, trusted: bool) -> list[str]:
    signed = "signed" if trusted else "signed with a key that only the dossier vouches for"
    counted = signed if review.is_counted else "NOT CHECKED, not counted"
    twice = f", {review.read_twice:,} of them by two or more" if review.read_twice else ""
    lines = [
        wrapped(f"{review.link} by {review.authority} ({counted})", first="  ", rest="    "),
        wrapped(f"conclusion      {review.conclusion}, depth {review.depth}", first="    ", rest=_FACTS),
        wrapped(f"lines read      {review.read:,} of {review.in_scope:,} in scope{twice}", first="    ", rest=_FACTS),
        wrapped(f"machines found  {review.machines_found}", first="    ", rest=_FACTS),
        wrapped(f"people state    {review.people_state}", first="    ", rest=_FACTS),
    ]
    lines += [wrapped(f"limitation      {text}", first="    ", rest=_FACTS) for text in review.limitations]
    return [*lines, wrapped(review.not_shown, first=_FACTS, rest=_FACTS)]


_FACTS = " " * 20


def _as_known(report: Report) -> str:
    seen = report.checkpoint
    if seen is None:
        return "No checkpoint could be established: this answer is as of no date; withdrawals cannot be seen offline."
    return f"As known at checkpoint {seen.size} of {seen.time:%Y-%m-%d}; later withdrawals cannot be seen offline."


def _outcome(report: Report, file: str | None, colour: bool) -> list[str]:  # noqa: FBT001 - as above
    code = report.exit_code
    about = {
        "failed": report.failed or "",
        "unmet": ", ".join(report.unmet),
        "file": " or on that file" if file else "",
    }
    sentence = wrapped(_OUTCOMES[code].format(**about), first="Outcome: ", rest="         ")
    lines = [coloured(sentence, "bold", enabled=colour)]
    unchecked = [link.name for link in report.links if link.status == "not checked"]
    if unchecked:
        lines.append(wrapped(f"Not checked: {', '.join(unchecked)}.", first="         ", rest="         "))
    steps = {EXIT_MET: _NEXT_MET, EXIT_NO_TRUST: _NEXT_NO_TRUST, EXIT_UNMET: _NEXT_UNMET}
    step = steps.get(code) or _NEXT_BY_FAILURE.get(report.failed or "", _NEXT_OTHERWISE)
    return [*lines, wrapped(step, first="Next:    ", rest="         "), f"Exit code {code}."]


def _bold(text: str, colour: bool) -> str:  # noqa: FBT001 - as above
    return coloured(text, "bold", enabled=colour)
