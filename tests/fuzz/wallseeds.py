"""Seeds of the targets in wall.py: honest answers of contained tasks, and xz files."""

from __future__ import annotations

import io
import json
import lzma

from tests.fuzz.shaped import DIGESTS, LIMITS, NOW
from tests.proofs.sources.tars import END, PlainStream, file, folder
from transparency.gateways.contained.wire import digests_json, intake_json, verdict_json
from transparency.proofs.signatures.judge import judge_all
from transparency.proofs.sources.intake import take_in
from transparency.proofs.sources.membersource import TarSource

_TAR = folder(b"p/") + file(b"p/a", b"hello\n") + file(b"p/con.txt", b"x") + END
_REFUSED = file(b"../a", b"x") + END


def add_wall(found: dict[str, list[bytes]]) -> None:
    """Put them beside the others; the signatures are those of the seeds that are there."""
    found["contained_intake"] = []
    for tar in (_TAR, _REFUSED):
        intake = take_in(TarSource(PlainStream(tar), LIMITS), io.BytesIO(), limits=LIMITS)
        answer = json.dumps(intake_json(intake)).encode()
        found["contained_intake"].append(len(answer).to_bytes(2, "big") + answer + intake.manifest)
    signatures = found["judge"][:3]
    verdict = judge_all(signatures, DIGESTS, (), now=NOW, content=None, openpgp=None)
    found["contained_verdict"] = [bytes([len(signatures)]) + json.dumps(verdict_json(verdict)).encode()]
    failure = {"root": "evidence", "code": "limit-memory", "expected": "less", "found": "more", "subject": ""}
    messages = ({"answer": digests_json(DIGESTS), "usage": {"cpu": 1.5, "rss": 1}}, {"error": failure})
    found["contained_message"] = [json.dumps(message).encode() for message in messages]
    single = lzma.compress(_TAR, lzma.FORMAT_XZ, check=lzma.CHECK_NONE)
    small = lzma.compress(b"abc", lzma.FORMAT_XZ, check=lzma.CHECK_NONE)
    found["xz"] = [single[6:], (small + single)[6:], small[6:]]
    found["xz_streams"] = [single, small * 3]
