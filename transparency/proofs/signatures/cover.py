"""Signatures that are not over the archive itself: what the signed thing says of the archive becomes part of the verdict.

| cover | the step says | code when it does not hold |
|---|---|---|
| checksums | the signed list names the archive, once, with its digest | not-listed, listed-and-different, checksums-… |
| decompressed | the signature covers the decompressed tar, not the compressed file | |
| dsc | a file that the signed description names has a signature of its own: which file, as that signature's first step | that signature's |

A verdict is never made better by this: one that would let the archive in becomes `invalid` when the list does not name it, or when an
enrolled key's signature over a single file is invalid.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from transparency.proofs.builds.checksums import parse_checksums
from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.judge import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.proofs.signatures.judge import FileDigests, SignatureFinding, Verdict

COVERS_ONE = "covers one named file"
_NAMES = "list names the archive"
# What says something against the signer already is not overruled by what the list says.
_KEPT = frozenset({"invalid", "revoked", "unsigned"})


def join_list(verdict: Verdict, listing: bytes, *, name: str, archive: FileDigests) -> Verdict:
    """The verdict over a list's signatures, as one over the archive called `name`."""
    try:
        digest = _listed(listing, name, archive)
    except EvidenceError as error:
        step = Step(_NAMES, "fails", error.expected, error.found)
        if verdict.outcome in _KEPT:
            return replace(verdict, steps=(*verdict.steps, step))
        return replace(verdict, outcome="invalid", code=error.code, steps=(*verdict.steps, step))
    return replace(verdict, steps=(*verdict.steps, Step(_NAMES, "holds", name, digest)))


def join_decompressed(verdict: Verdict, plain: FileDigests) -> Verdict:
    """The verdict over the decompressed tar, which says so."""
    found = f"covers the decompressed tar ({plain.size} bytes, sha256 {plain.sha256.hex()}), not the compressed file"
    return replace(verdict, steps=(*verdict.steps, Step("what is covered", "holds", "the decompressed tar", found)))


def over_one(finding: SignatureFinding, file: int, *, name: str, content: FileDigests) -> SignatureFinding:
    """The finding of the `file`-th signature that is over the named file alone, which its first step says."""
    step = Step(COVERS_ONE, "holds", name, f"{content.size} bytes, sha256 {content.sha256.hex()}")
    return replace(finding, file=file, steps=(step, *finding.steps))


def join_beside(verdict: Verdict, findings: Sequence[SignatureFinding]) -> Verdict:
    """The verdict over a description, with what became of the signatures over files that it names (EDGES, Several signatures)."""
    joined = replace(verdict, beside=tuple(findings))
    spoilt = next((finding for finding in findings if finding.outcome == "invalid"), None)
    if spoilt is None or verdict.outcome == "invalid":
        return joined
    return replace(joined, outcome="invalid", code=spoilt.code)


def _listed(listing: bytes, name: str, archive: FileDigests) -> str:
    """`sha256 …` or `sha512 …` as the list has it; names are compared whole, so `old/a.tar` does not name `a.tar`."""
    listed = parse_checksums(listing)
    own = {"sha256": archive.sha256, "sha512": archive.sha512}[listed.algorithm].hex()
    if name not in listed.digests:
        raise EvidenceError("not-listed", expected=name, found=f"{len(listed.digests)} other names")
    if listed.digests[name] != own:
        raise EvidenceError("listed-and-different", expected=listed.digests[name], found=own)
    return f"{listed.algorithm} {own}"
