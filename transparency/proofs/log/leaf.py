"""What one log entry says: open for open products, commitments for restricted ones (docs/formats.md section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.canonical import JSON, Fields, canonical_json, parse_canonical
from transparency.proofs.commitment import check_commitment, commit, commitment_salt
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.tiles import MAX_ENTRY_BYTES
from transparency.proofs.times import format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

VERSION = 1
MAX_SUBJECTS = 16
MAX_OPENING_BYTES = 8192


@dataclass(frozen=True, slots=True)
class LeafSubject:
    """A named digest, or the commitment that stands for it."""

    name: str
    value: Digest


@dataclass(frozen=True, slots=True)
class Leaf:
    """`committed` says whether `value`, the subjects' values and `org` are commitments. `org` is a slug, or a commitment's hex."""

    kind: str
    committed: bool
    value: Digest
    subjects: tuple[LeafSubject, ...]
    org: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Opening:
    """The salts of a committed leaf."""

    digest: bytes
    org: bytes
    subjects: tuple[bytes, ...]


def open_leaf(*, kind: str, digest: Digest, subjects: Sequence[tuple[str, Digest]], org: str, time: datetime) -> Leaf:
    """A leaf that shows everything."""
    return Leaf(kind, False, digest, tuple(LeafSubject(*subject) for subject in subjects), org, time)  # noqa: FBT003 - field


def committed_leaf(
    product_secret: bytes,
    *,
    kind: str,
    digest: Digest,
    subjects: Sequence[tuple[str, Digest]],
    org: str,
    time: datetime,
) -> tuple[Leaf, Opening]:
    """A leaf of commitments and what opens it. The salts depend on nothing but the secret, kind, digest and label."""

    def salt(label: str) -> bytes:
        return commitment_salt(product_secret, kind, digest.hex, label)

    opening = Opening(salt("digest"), salt("org"), tuple(salt(f"subject:{name}") for name, _ in subjects))
    leaf = Leaf(
        kind=kind,
        committed=True,
        value=commit(opening.digest, "digest", digest.hex),
        subjects=tuple(
            LeafSubject(name, commit(salted, f"subject:{name}", value.hex))
            for (name, value), salted in zip(subjects, opening.subjects, strict=True)
        ),
        org=commit(opening.org, "org", org).hex,
        time=time,
    )
    return leaf, opening


def format_leaf(leaf: Leaf) -> bytes:
    """Canonical JSON of at most 65,535 bytes (`leaf-too-large`)."""
    subjects: list[JSON] = [
        {
            "name": subject.name,
            **({"commitment": subject.value.hex} if leaf.committed else {"digest": {"sha256": subject.value.hex}}),
        }
        for subject in leaf.subjects
    ]
    value: dict[str, JSON] = {
        "v": VERSION,
        "kind": leaf.kind,
        "commitment" if leaf.committed else "digest": leaf.value.hex,
        "subjects": subjects,
        "org": {"commitment": leaf.org} if leaf.committed else leaf.org,
        "time": format_time(leaf.time),
    }
    data = canonical_json(value)
    if len(data) > MAX_ENTRY_BYTES:
        raise EvidenceError("leaf-too-large", expected=f"at most {MAX_ENTRY_BYTES} bytes", found=f"{len(data)} bytes")
    return data


def parse_leaf(data: bytes) -> Leaf:
    """Read a leaf; unknown or missing fields, and any other spelling, are refused (`leaf-malformed`, `json-…`)."""
    fields = Fields(parse_canonical(data, limit=MAX_ENTRY_BYTES), "leaf")
    if fields.integer("v") != VERSION:
        raise EvidenceError("leaf-malformed", expected=f"version {VERSION}", found=str(fields.integer("v")))
    committed = fields.has("commitment")
    leaf = Leaf(
        kind=fields.text("kind"),
        committed=committed,
        value=Digest.parse(fields.text("commitment" if committed else "digest")),
        subjects=tuple(_parse_subject(subject, committed=committed) for subject in fields.objects("subjects")),
        org=Digest.parse(fields.object("org").text("commitment")).hex if committed else fields.text("org"),
        time=parse_time(fields.text("time")),
    )
    if len(leaf.subjects) > MAX_SUBJECTS or format_leaf(leaf) != data:
        raise EvidenceError("leaf-malformed", expected="the fields of docs/formats.md section 5", found="others")
    return leaf


def _parse_subject(fields: Fields, *, committed: bool) -> LeafSubject:
    value = fields.text("commitment") if committed else fields.object("digest").text("sha256")
    return LeafSubject(fields.text("name"), Digest.parse(value))


def format_opening(opening: Opening) -> bytes:
    """Canonical JSON of the salts (`opening.json`)."""
    return canonical_json(
        {
            "digest": opening.digest.hex(),
            "org": opening.org.hex(),
            "subjects": [salt.hex() for salt in opening.subjects],
        }
    )


def parse_opening(data: bytes) -> Opening:
    """Read `opening.json` (`opening-malformed`)."""
    fields = Fields(parse_canonical(data, limit=MAX_OPENING_BYTES), "opening")
    opening = Opening(
        Digest.parse(fields.text("digest")).raw,
        Digest.parse(fields.text("org")).raw,
        tuple(Digest.parse(salt).raw for salt in fields.texts("subjects")),
    )
    if format_opening(opening) != data:
        raise EvidenceError("opening-malformed", expected="digest, org and subjects", found="other fields")
    return opening


def check_leaf_commits(
    leaf: Leaf, opening: Opening | None, *, kind: str, digest: Digest, subjects: Sequence[tuple[str, Digest]], org: str
) -> None:
    """Raise unless the leaf says exactly this, openly or by its opening (`leaf-mismatch`, `opening-missing`, `commitment-mismatch`)."""
    _expect("kind", kind, leaf.kind)
    _expect("subjects", ", ".join(name for name, _ in subjects), ", ".join(subject.name for subject in leaf.subjects))
    if not leaf.committed:
        if opening is not None:
            raise EvidenceError("opening-malformed", expected="no opening for an open leaf", found="one")
        _expect("digest", digest.hex, leaf.value.hex)
        _expect("org", org, leaf.org)
        for (name, value), subject in zip(subjects, leaf.subjects, strict=True):
            _expect(f"subject:{name}", value.hex, subject.value.hex)
        return
    if opening is None:
        raise EvidenceError("opening-missing", expected="the salts of a committed leaf", found="none")
    if len(opening.subjects) != len(leaf.subjects):
        raise EvidenceError(
            "opening-malformed", expected=f"{len(leaf.subjects)} salts", found=str(len(opening.subjects))
        )
    check_commitment(leaf.value, opening.digest, "digest", digest.hex)
    check_commitment(Digest.parse(leaf.org), opening.org, "org", org)
    for (name, value), subject, salt in zip(subjects, leaf.subjects, opening.subjects, strict=True):
        check_commitment(subject.value, salt, f"subject:{name}", value.hex)


def _expect(field: str, expected: str, found: str) -> None:
    if expected != found:
        raise EvidenceError("leaf-mismatch", subject=field, expected=expected, found=found)
