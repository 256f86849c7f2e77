"""The tasks on hostile input as functions: each runs in the sandbox, and its answer is read strictly (contained/wire.py)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, cast

from transparency.gateways.contained.wire import (
    base64_of,
    digests_json,
    key_json,
    parse_digests,
    parse_intake,
    parse_verdict,
)
from transparency.proofs.errors import EvidenceError
from transparency.proofs.escaping import unescape_path
from transparency.proofs.sources.intake import Intake
from transparency.proofs.sources.membersource import Limits, Progress
from transparency.proofs.sources.paths import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from transparency.gateways.sandbox import Meter, Sandbox
    from transparency.proofs.signatures.judge import FileDigests, Verdict
    from transparency.proofs.signatures.keys import EnrolledKey


@dataclass(frozen=True, slots=True)
class Over:
    """What signatures are over: a checksum list that names an archive, a text (`text`), a tag or commit, or a `decompressed` tar."""

    kind: Literal["checksums", "text", "git", "decompressed"]
    name: str = ""
    archive: FileDigests | None = None

    def as_json(self) -> dict[str, Any]:
        archive = digests_json(self.archive) if self.archive else None
        return {"kind": self.kind, "name": self.name, "archive": archive}


# What is called while a task lasts, with how far it is.
Tick = Callable[[Progress], None]

_PARTS = ("manifest", "table", "index")
MAX_PART_BYTES = 2 * 1024**3
MAX_COUNT = 1 << 63


def quiet(_progress: Progress) -> None:
    """Nobody waits for it."""


def read_members(
    sandbox: Sandbox,
    archive: BinaryIO,
    pack: BinaryIO,
    *,
    limits: Limits,
    scratch: Path,
    name: str = "",
    tick: Tick = quiet,
    meter: Meter | None = None,
) -> Intake:
    """Everything that a snapshot is made of but its opening root, or the refusals; `pack` is an empty file that gets the git pack.

    `name` is the archive's: packages of some kinds are told by it, when their shape leaves it open.
    """
    request = {"intake": asdict(limits), "name": name}
    with ExitStack() as stack:
        return read_intake(
            sandbox,
            "read-members",
            request,
            inputs={"archive": archive},
            pack=pack,
            scratch=scratch,
            stack=stack,
            tick=tick,
            meter=meter,
        )


def read_intake(
    sandbox: Sandbox,
    task: str,
    request: Mapping[str, Any],
    *,
    inputs: Mapping[str, BinaryIO],
    pack: BinaryIO,
    scratch: Path,
    stack: ExitStack,
    tick: Tick,
    meter: Meter | None,
) -> Intake:
    """Run a task that takes in; what stops at a limit of the process, or is wrong with what it reads, is a refusal."""
    parts = {
        name: cast("BinaryIO", stack.enter_context(tempfile.TemporaryFile(dir=scratch)))  # noqa: SIM115 - the stack closes it
        for name in _PARTS
    }
    try:
        answer = sandbox.run(
            task,
            request,
            inputs=inputs,
            outputs={"pack": pack, **parts},
            tick=told(tick),
            meter=meter,
            scratch=scratch,
        )
    except EvidenceError as error:
        if error.code == "contained-answer":
            raise
        detail = f"expected {error.expected}, found {error.found}"
        return Intake((), (Finding(_escaped(error.subject), error.code, detail, fatal=True),))
    read = {name: _read(stream, name) for name, stream in parts.items()}
    return parse_intake(answer, manifest=read["manifest"], file_table=read["table"], index=read["index"])


def judge_signatures(
    sandbox: Sandbox,
    signatures: Sequence[bytes],
    content: BinaryIO,
    digests: FileDigests,
    keys: Sequence[EnrolledKey],
    *,
    now: datetime,
    logged_at: datetime | None = None,
    over: Over | None = None,
    tick: Tick = quiet,
    meter: Meter | None = None,
) -> Verdict:
    """The verdict over `content`, whose digests the caller computed; `over` says what it is, when it is not the archive itself."""
    request = {
        "signatures": [base64_of(item) for item in signatures],
        "digests": digests_json(digests),
        "keys": [key_json(key) for key in keys],
        "now": now.isoformat(),
        "loggedAt": logged_at.isoformat() if logged_at else None,
        "over": over.as_json() if over else {"kind": "archive"},
    }
    answer = sandbox.run("judge", request, inputs={"content": content}, tick=told(tick), meter=meter)
    return parse_verdict(answer, files=len(signatures))


def decompress(
    sandbox: Sandbox,
    archive: BinaryIO,
    plain: BinaryIO,
    *,
    limits: Limits,
    tick: Tick = quiet,
    meter: Meter | None = None,
) -> FileDigests:
    """Write the decompressed archive to `plain`, within the limits of an import (`stream-…`, `limit-…`)."""
    return parse_digests(
        sandbox.run(
            "decompress",
            {"intake": asdict(limits)},
            inputs={"archive": archive},
            outputs={"plain": plain},
            tick=told(tick),
            meter=meter,
        )
    )


def told(tick: Tick) -> Callable[[Mapping[str, Any]], None]:
    """What a task says of its progress, as counts that any row can hold."""

    def tell(said: Mapping[str, Any]) -> None:
        counts = [said.get(name, 0) for name in ("members", "bytes", "archiveBytes")]
        tick(Progress(*(count if isinstance(count, int) and 0 <= count < MAX_COUNT else 0 for count in counts)))

    return tell


def _escaped(subject: str) -> str:
    """A member's name as tasks write it, escaped already; nothing else may stand in a finding."""
    try:
        unescape_path(subject)
    except EvidenceError as error:
        raise EvidenceError(
            "contained-answer", subject="subject", expected="an escaped path", found=repr(subject)[:80]
        ) from error
    return subject


def _read(stream: Any, name: str) -> bytes:
    stream.seek(0)
    data: bytes = stream.read(MAX_PART_BYTES + 1)
    if len(data) > MAX_PART_BYTES:
        raise EvidenceError("contained-answer", subject=name, expected=f"at most {MAX_PART_BYTES} bytes", found="more")
    return data
