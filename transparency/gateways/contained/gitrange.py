"""The commits between an earlier tag and this one: which are signed, by which enrolled key, and what is odd about them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from transparency.gateways.contained.wire import key_of, moment_of
from transparency.gateways.openpgp import OpenPgp
from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.judge import Content, FileDigests, judge_all
from transparency.proofs.signatures.keys import for_git
from transparency.proofs.sources.gitobject import MAX_OBJECT_BYTES, GitCommit, parse_commit
from transparency.proofs.sources.gitrange import odd_dates, times_of

if TYPE_CHECKING:
    from datetime import datetime

    from transparency.gateways.foreignpack import ForeignPack, ObjectReader
    from transparency.proofs.signatures.keys import EnrolledKey

MAX_LOOKED_AT = 5000
MAX_TOLD = 200
MAX_MERGES = 100


def commits_since(
    foreign: ForeignPack, reader: ObjectReader, commit: str, heads: list[str], asked: dict[str, Any]
) -> dict[str, Any]:
    """The members of a CommitRange; `asked` has the earlier commit, the keys that count, and the time."""
    since, now = asked["since"], moment_of(asked["now"])
    if now is None:
        raise AssertionError("the caller gives the time")
    keys = for_git(key_of(item) for item in asked["keys"])
    line = _line(foreign, reader, since, commit)
    names = _between(foreign, commit, since, line)
    found = [_look(reader, name, keys, now) for name in reversed(names[:MAX_LOOKED_AT])]  # parents come first
    merges = [item["name"] for item in found if item["parents"] > 1][-MAX_MERGES:]
    changed = {
        name for name in merges if foreign.ask("show", "--remerge-diff", "--name-only", "--format=", name).strip()
    }
    _add_dates(found, changed, int(now.timestamp()))
    told = [[item["name"], item["outcome"], item["key"], item["odd"]] for item in reversed(found)]
    told.sort(key=lambda item: not item[3])  # what is odd is told in any case
    return {
        "line": line,
        "onBranch": bool(heads)
        and not foreign.ask("rev-list", "--max-count=1", "--stdin", stdin=_outside(commit, heads)).strip(),
        "count": len(names),
        "lookedAt": len(found),
        "signed": sum(item["outcome"] == "valid" for item in found),
        "odd": sum(bool(item["odd"]) for item in found),
        "commits": told[:MAX_TOLD],
    }


def _outside(commit: str, heads: list[str]) -> str:
    """The question which commits no branch has."""
    return "\n".join((commit, *(f"^{head}" for head in heads))) + "\n"


def _line(foreign: ForeignPack, reader: ObjectReader, since: str, commit: str) -> str:
    try:
        reader.whole(since, "commit", MAX_OBJECT_BYTES)
    except EvidenceError:
        return "missing"
    return "follows" if foreign.holds("merge-base", "--is-ancestor", since, commit) else "rewritten"


def _between(foreign: ForeignPack, commit: str, since: str, line: str) -> list[str]:
    """Names, the newest first; all of them where the earlier commit is not here."""
    without = () if line == "missing" else (f"^{since}",)
    return foreign.ask("rev-list", "--topo-order", commit, *without).decode("ascii").split()


def _look(reader: ObjectReader, name: str, keys: list[EnrolledKey], now: datetime) -> dict[str, Any]:
    """One commit, as far as it reads."""
    told: dict[str, Any] = {"name": name, "outcome": "unsigned", "key": "", "odd": [], "parents": 0, "dates": None}
    try:
        commit = parse_commit(reader.whole(name, "commit", MAX_OBJECT_BYTES), reader.object_format)
    except EvidenceError:
        return told | {"outcome": "invalid", "odd": ["unreadable"]}
    if commit.signature:
        told |= _judge(commit, commit.signature, keys, now)
    dates = (times_of(commit.author), times_of(commit.committer), commit.parents)
    return told | {"parents": len(commit.parents), "dates": dates}


def _judge(commit: GitCommit, signature: bytes, keys: list[EnrolledKey], now: datetime) -> dict[str, str]:
    data = commit.payload
    hashed = hashlib.sha256(data).digest(), hashlib.sha512(data).digest(), hashlib.blake2b(data).digest()
    verdict = judge_all(
        [signature], FileDigests(len(data), *hashed), keys, now=now, content=Content(data=data), openpgp=OpenPgp()
    )
    return {"outcome": verdict.outcome, "key": (verdict.findings[0].key or "") if verdict.findings else ""}


def _add_dates(found: list[dict[str, Any]], changed: set[str], now: int) -> None:
    committed = {item["name"]: item["dates"][1] for item in found if item["dates"]}
    for item in found:
        if item["dates"]:
            author, committer, parents = item["dates"]
            known = [committed[parent] for parent in parents if parent in committed]
            item["odd"] += odd_dates(author=author, committer=committer, parents=known, now=now)
        item["odd"] += ["merge-changes"] if item["name"] in changed else []
