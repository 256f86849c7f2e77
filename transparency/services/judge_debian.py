"""Judge a Debian source package: the signature over the description's text, the files that it names, and signatures over single files.

1. The .dsc's signature is judged over exactly the text that it signs, as a text (type 0x01).
2. Every file that the text names must be there with its size and digest.
3. A signature over a single file (`x.asc` beside `x`) is judged over that file. One by an unknown key changes nothing; an invalid one by
   an enrolled key makes the whole invalid. The upstream archive's decides about `upstream` alone, which rests on it where its key is
   enrolled; every other one decides about the trees that are made of its file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from transparency.gateways.parsing import Over, Tick, quiet
from transparency.proofs.signatures.cover import join_beside, over_one
from transparency.proofs.signatures.judge import Step
from transparency.services.admit_quarantined import ADMISSIBLE_BY_REASON
from transparency.services.debian_source import UPSTREAM, take_apart
from transparency.services.judge_arrival import first_logged
from transparency.services.judge_files import judge_file

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from transparency.gateways.sandbox import Meter
    from transparency.proofs.signatures.judge import SignatureFinding, Verdict
    from transparency.services.arrival import Arrival, Beside
    from transparency.services.debian_source import DebianSource

_FILES = "files are those of the description"
# A description with one of these verdicts says more of the upstream archive than a signature by a key that nobody enrolled.
_SAYS_MORE = frozenset({"valid", *ADMISSIBLE_BY_REASON})


def judge_description(
    source: DebianSource, arrival: Arrival, meter: Meter | None = None, tick: Tick = quiet
) -> Verdict:
    """Steps 1 and 2: the verdict over the arrival's text, which must name files that were handed in."""
    verdict = judge_file(
        product=arrival.release.product,
        file=arrival.cover.file if arrival.cover else source.text,
        signatures=arrival.signatures,
        logged_at=first_logged(arrival),
        over=Over("text"),
        tick=tick,
        meter=meter,
        as_if=arrival.as_if,
    )
    for name, size, sha256 in source.split.files:
        given = source.files.get(name)
        if given is None or (given.size, given.sha256) != (size, sha256):
            found = "no such file" if given is None else f"{given.size} bytes, sha256 {given.sha256}"
            step = Step(_FILES, "fails", f"{name}: {size} bytes, sha256 {sha256}", found)
            code = "dsc-file-missing" if given is None else "dsc-file-differs"
            return replace(verdict, outcome="invalid", code=code, steps=(*verdict.steps, step))
    step = Step(_FILES, "holds", found=f"{len(source.split.files)} files by size and SHA-256")
    return replace(verdict, steps=(*verdict.steps, step))


def judge_beside(arrival: Arrival, verdict: Verdict, meter: Meter | None = None, tick: Tick = quiet) -> Verdict:
    """Step 3: the verdict over the description, with what became of the signatures over the arrival's single files."""
    found: list[SignatureFinding] = []
    for position, item in enumerate(arrival.beside):
        of_file = judge_file(
            product=arrival.release.product,
            file=item.file,
            signatures=(item.signature,),
            logged_at=_first_logged(arrival, item),
            tick=tick,
            meter=meter,
            as_if=arrival.as_if,
        )
        found += _over_one(of_file, item, position)
    return join_beside(verdict, found)


def judge_upstream(
    arrival: Arrival, of_dsc: Verdict, meter: Meter | None = None, tick: Tick = quiet
) -> tuple[Arrival, Verdict]:
    """The upstream archive by its own signature, unless nobody enrolled that key; then the .dsc's still covers these bytes."""
    if arrival.beside:
        own = replace(arrival, signatures=(arrival.beside[0].signature,), cover=None, beside=())
        verdict = judge_file(
            product=arrival.release.product,
            file=own.archive,
            signatures=own.signatures,
            logged_at=first_logged(own),
            tick=tick,
            meter=meter,
            as_if=arrival.as_if,
        )
        if verdict.outcome != "unknown-key" or of_dsc.outcome not in _SAYS_MORE:
            return own, verdict
        return arrival, join_beside(of_dsc, _over_one(verdict, arrival.beside[0]))
    return arrival, of_dsc


def judge_debian_again(arrival: Arrival, payload: dict[str, Any], tick: Tick = quiet) -> tuple[Arrival, Verdict]:
    """A delivery that rests on a .dsc as it was judged when it came; `payload` is that of the job that brought it."""
    source = take_apart(payload)
    arrival = replace(arrival, beside=source.beside(arrival.role))
    return arrival, judge_beside(arrival, judge_description(source, arrival, tick=tick), tick=tick)


def _over_one(verdict: Verdict, item: Beside, position: int = 0) -> list[SignatureFinding]:
    """What was found of the arrival's signature at this position, each finding with the file that it is over."""
    return [over_one(each, position, name=item.file.name, content=item.file.digests) for each in verdict.findings]


def _first_logged(arrival: Arrival, item: Beside) -> datetime | None:
    """The record of a tree names the file, and a signature that is listed, as components; an upstream archive's its own signature."""
    if arrival.role != UPSTREAM:
        return first_logged(arrival) if item.is_listed else None
    return first_logged(replace(arrival, archive=item.file, signatures=(item.signature,)))
