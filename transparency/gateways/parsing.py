"""The tasks on hostile input as functions: each runs in the sandbox, and its answer is read strictly (contained/wire.py)."""

from __future__ import annotations

import tempfile
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
from transparency.proofs.escaping import escape_path
from transparency.proofs.sources.intake import Intake
from transparency.proofs.sources.membersource import Limits, Progress
from transparency.proofs.sources.paths import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from transparency.gateways.sandbox import Meter, Sandbox
    from transparency.proofs.signatures.judge import FileDigests, Verdict
    from transparency.proofs.signatures.keys import EnrolledKey


@dataclass(frozen=True, slots=True)
class Over:
    """What signatures are over: a checksum list that names an archive, a text (`text`), or a `decompressed` tar."""

    kind: Literal["checksums", "text", "decompressed"]
    name: str = ""
    archive: FileDigests | None = None

    def as_json(self) -> dict[str, Any]:
        archive = digests_json(self.archive) if self.archive else None
        return {"kind": self.kind, "name": self.name, "archive": archive}


_PARTS = ("manifest", "table", "index")
MAX_PART_BYTES = 2 * 1024**3


def read_members(
    sandbox: Sandbox,
    archive: BinaryIO,
    pack: BinaryIO,
    *,
    limits: Limits,
    scratch: Path,
    tick: Callable[[Progress], None] = lambda _: None,
    meter: Meter | None = None,
) -> Intake:
    """Everything that a snapshot is made of but its opening root, or the refusals; `pack` is an empty file that gets the git pack."""
    request = {"intake": asdict(limits)}
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
    tick: Callable[[Progress], None],
    meter: Meter | None,
) -> Intake:
    """Run a task that takes in; what stops at a limit of the process, or is wrong with what it reads, is a refusal."""

    def tell(said: Mapping[str, Any]) -> None:
        counts = [said.get(name, 0) for name in ("members", "bytes", "archiveBytes")]
        tick(Progress(*(count if isinstance(count, int) else 0 for count in counts)))

    parts = {
        name: cast("BinaryIO", stack.enter_context(tempfile.TemporaryFile(dir=scratch)))  # noqa: SIM115 - the stack closes it
        for name in _PARTS
    }
    try:
        answer = sandbox.run(task, request, inputs=inputs, outputs={"pack": pack, **parts}, tick=tell, meter=meter)
    except EvidenceError as error:
        if error.code == "contained-answer":
            raise
        detail = f"expected {error.expected}, found {error.found}"
        return Intake((), (Finding(escape_path(error.subject.encode()), error.code, detail, fatal=True),))
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
    answer = sandbox.run("judge", request, inputs={"content": content}, meter=meter)
    return parse_verdict(answer, files=len(signatures))


def decompress(sandbox: Sandbox, archive: BinaryIO, plain: BinaryIO, *, limit: int) -> FileDigests:
    """Write the decompressed archive to `plain`; at most `limit` bytes come out (`stream-…`, `limit-content`)."""
    return parse_digests(
        sandbox.run("decompress", {"limit": limit}, inputs={"archive": archive}, outputs={"plain": plain})
    )


def _read(stream: Any, name: str) -> bytes:
    stream.seek(0)
    data: bytes = stream.read(MAX_PART_BYTES + 1)
    if len(data) > MAX_PART_BYTES:
        raise EvidenceError("contained-answer", subject=name, expected=f"at most {MAX_PART_BYTES} bytes", found="more")
    return data
