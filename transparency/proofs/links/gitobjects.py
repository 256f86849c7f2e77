"""From a signed tag or commit to the tree: every step by the names of objects (docs/formats.md sections 4 and 12).

Steps: (1) the signed bytes are a tag that says its own name and one commit, or that commit without its signature; (2) the commit in the
record has that name; (3) it names the tree; (4) in a SHA-1 repository that is the tree of the snapshot. In a SHA-256 one the snapshot's
git tree is another name of the same content, and that the two belong together is the word of whoever imported it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError
from transparency.proofs.sources.gitobject import check_tag, object_name, parse_commit, parse_tag

if TYPE_CHECKING:
    from transparency.proofs.records import DeliveryRecord

_NAMES = "cover-names"


def check_git_object(record: DeliveryRecord, payload: bytes) -> None:
    """Raise `cover-names` unless the signed bytes lead to the record's tree, and what reading them raises (`git-…`)."""
    git = record.git
    if git is None:
        raise AssertionError("a git object where the record has none")
    commit = parse_commit(git.commit_object, git.object_format)
    # Step 1
    if git.ref is None:
        named, signed = git.object, commit.payload
    else:
        tag = parse_tag(payload, git.object_format)
        check_tag(tag, ref=git.ref)
        named, signed = tag.commit, tag.payload
    if signed != payload or named != git.commit:
        raise EvidenceError(_NAMES, subject="commit", expected=git.commit, found=named)
    # Step 2
    found = object_name(git.object_format, "commit", git.commit_object)
    if found != git.commit:
        raise EvidenceError(_NAMES, subject="commit", expected=git.commit, found=found)
    # Steps 3 and 4
    trees = {git.tree, record.snapshot.git_tree} if git.object_format == "sha1" else {git.tree}
    if trees != {commit.tree}:
        raise EvidenceError(_NAMES, subject="tree", expected=commit.tree, found=", ".join(sorted(trees)))
