"""Git repositories through the sandbox: the one signed object taken out of a repository, and the tree of its commit read."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from transparency.gateways.contained.rangewire import parse_range
from transparency.gateways.contained.wire import key_json
from transparency.gateways.parsing import Tick, quiet, read_intake, told
from transparency.proofs.errors import EvidenceError
from transparency.proofs.sources.gitobject import DIGITS, TAGS, ObjectFormat, Wanted, check_ref_name
from transparency.proofs.sources.paths import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from transparency.gateways.sandbox import Meter, Sandbox
    from transparency.proofs.signatures.keys import EnrolledKey
    from transparency.proofs.sources.gitrange import CommitRange
    from transparency.proofs.sources.intake import Intake
    from transparency.proofs.sources.membersource import Limits

_HEX = re.compile(r"[0-9a-f]+\Z")


@dataclass(frozen=True, slots=True)
class SplitGit:
    """Names in hex: the signed object, the commit that it leads to (itself, where a commit is signed), that commit's tree."""

    object_format: ObjectFormat
    ref: str | None
    object: str
    commit: str
    tree: str
    commits: CommitRange | None = None


@dataclass(frozen=True, slots=True)
class Since:
    """What is to be said of the commits since an earlier one: by which keys, and when it is asked."""

    commit: str
    keys: Sequence[EnrolledKey]
    now: datetime

    def as_json(self) -> dict[str, Any]:
        return {"since": self.commit, "keys": [key_json(key) for key in self.keys], "now": self.now.isoformat()}


@dataclass(frozen=True, slots=True)
class GitFiles:
    """Empty files that get what comes out of a repository. The two last ones are small."""

    objects: BinaryIO
    names: BinaryIO
    payload: BinaryIO
    signature: BinaryIO
    commit: BinaryIO


def split_git(
    sandbox: Sandbox,
    repository: BinaryIO,
    wanted: Wanted,
    files: GitFiles,
    *,
    limits: Limits,
    scratch: Path,
    since: Since | None = None,
    tick: Tick = quiet,
    meter: Meter | None = None,
) -> SplitGit:
    """Check all of a repository and take the wanted object out (`git-…`, `limit-…`)."""
    outputs = {name: cast("BinaryIO", getattr(files, name)) for name in GitFiles.__dataclass_fields__}
    answer = sandbox.run(
        "split-git",
        {**wanted.as_json(), "intake": asdict(limits), "range": since.as_json() if since else None},
        inputs={"repository": repository},
        outputs=outputs,
        tick=told(tick),
        meter=meter,
        scratch=scratch,
    )
    object_format = next((each for each in DIGITS if each == answer.get("objectFormat")), None)
    ref = answer.get("ref")
    if object_format is None or ref != (TAGS + check_ref_name(wanted.tag) if wanted.tag else None):
        raise _strange(ref)
    signed, commit, tree = (_name(answer, key, object_format) for key in ("object", "commit", "tree"))
    known = since and not isinstance(answer.get("noRange"), str)
    commits = (
        parse_range(answer.get("range"), since=since.commit, object_format=object_format) if since and known else None
    )
    return SplitGit(object_format, ref, signed, commit, tree, commits)


def read_git(
    sandbox: Sandbox,
    split: SplitGit,
    files: GitFiles,
    pack: BinaryIO,
    *,
    limits: Limits,
    scratch: Path,
    tick: Tick = quiet,
    meter: Meter | None = None,
) -> Intake:
    """The tree of the commit; it is compared with the commit's own name for it, where the two are of one kind (`git-tree-differs`)."""
    request = {"intake": asdict(limits), "objectFormat": split.object_format, "tree": split.tree}
    with ExitStack() as stack:
        intake = read_intake(
            sandbox,
            "read-git",
            request,
            inputs={"objects": files.objects, "names": files.names},
            pack=pack,
            scratch=scratch,
            stack=stack,
            tick=tick,
            meter=meter,
        )
    if split.object_format == "sha1" and not intake.refused and intake.git_tree != split.tree:
        detail = f"expected {split.tree}, found {intake.git_tree}"
        return type(intake)(intake.flagged, (Finding("", "git-tree-differs", detail, fatal=True),))
    return intake


def _name(answer: dict[str, Any], key: str, object_format: ObjectFormat) -> str:
    value = answer.get(key)
    if not isinstance(value, str) or len(value) != DIGITS[object_format] or not _HEX.match(value):
        raise _strange(value)
    return value


def _strange(found: Any) -> EvidenceError:
    return EvidenceError("contained-answer", subject="git", expected="names of objects", found=repr(found)[:80])
