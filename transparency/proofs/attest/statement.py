"""in-toto Statements v1 (https://in-toto.io/Statement/v1): what is said (the predicate) about which bytes (the subjects).

As we hand them out they are canonical JSON. Readers take any strict JSON: what counts is the exact bytes that were signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.canonical import JSON, Fields, canonical_json, parse_json
from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from transparency.proofs.digest import Digest

TYPE = "https://in-toto.io/Statement/v1"
MAX_STATEMENT_BYTES = 512 * 1024
MAX_SUBJECTS = 64
MANIFEST_SUBJECT = "manifest"


@dataclass(frozen=True, slots=True)
class StatementSubject:
    """A name and digests by algorithm, hex; only `sha256` is evidence for us."""

    name: str
    digests: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """Subjects, the predicate's type and its JSON."""

    subjects: tuple[StatementSubject, ...]
    predicate_type: str
    predicate: JSON


def parse_statement(data: bytes) -> Statement:
    """Read a statement (`statement-malformed`, `json-…`)."""
    fields = Fields(parse_json(data, limit=MAX_STATEMENT_BYTES), "statement")
    if fields.text("_type") != TYPE:
        raise EvidenceError("statement-malformed", expected=TYPE, found=fields.text("_type")[:100])
    subjects = tuple(_parse_subject(item) for item in fields.objects("subject"))
    if not 0 < len(subjects) <= MAX_SUBJECTS:
        raise EvidenceError("statement-malformed", expected=f"1 to {MAX_SUBJECTS} subjects", found=str(len(subjects)))
    return Statement(subjects, fields.text("predicateType"), fields.raw("predicate"))


def format_statement(statement: Statement) -> bytes:
    """Canonical JSON without a final newline."""
    return canonical_json(
        {
            "_type": TYPE,
            "subject": [{"name": subject.name, "digest": dict(subject.digests)} for subject in statement.subjects],
            "predicateType": statement.predicate_type,
            "predicate": statement.predicate,
        }
    )


def manifest_subject(manifest: Digest, git_tree: str) -> StatementSubject:
    """The subject that names a snapshot."""
    return StatementSubject(MANIFEST_SUBJECT, (("gitTree", git_tree), ("sha256", manifest.hex)))


def check_subject(statement: Statement, manifest: Digest) -> None:
    """Raise `subject-mismatch` unless exactly one subject is the manifest, with this SHA-256."""
    found = [
        dict(subject.digests).get("sha256", "") for subject in statement.subjects if subject.name == MANIFEST_SUBJECT
    ]
    if found != [manifest.hex]:
        raise EvidenceError("subject-mismatch", expected=manifest.hex, found=", ".join(found)[:200] or "no manifest")


def _parse_subject(fields: Fields) -> StatementSubject:
    digests = fields.object("digest")
    return StatementSubject(fields.text("name"), tuple((key, digests.text(key)) for key in sorted(digests.keys())))
