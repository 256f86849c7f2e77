"""What version 3 of the delivery record says of a git repository: the one signed object, and how it leads to the tree."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.note import decode_base64
from transparency.proofs.records.parts import one_of
from transparency.proofs.sources.gitobject import FORMATS, TAGS, check_ref_name, parse_object_name

if TYPE_CHECKING:
    from transparency.proofs.canonical import JSON, Fields
    from transparency.proofs.sources.gitobject import ObjectFormat

GIT_TAG, GIT_COMMIT = "git-tag", "git-commit"
GIT_FORMS = frozenset({GIT_TAG, GIT_COMMIT})


@dataclass(frozen=True, slots=True)
class RecordedGit:
    """`ref` is the whole name of the tag, None where a commit was signed; `object`, `commit` and `tree` are names in hex.

    `commit_object` holds the bytes of the commit: its name is theirs, and they name the tree.
    """

    object_format: ObjectFormat
    ref: str | None
    object: str
    commit: str
    tree: str
    commit_object: bytes


def git_json(git: RecordedGit) -> JSON:
    """The member `git`."""
    return {
        "objectFormat": git.object_format,
        "ref": git.ref,
        "object": git.object,
        "commit": git.commit,
        "tree": git.tree,
        "commitObject": base64.b64encode(git.commit_object).decode(),
    }


def parse_git(fields: Fields) -> RecordedGit:
    """Read the member `git` (`git-object-name`, `git-ref-name`, `record-git`)."""
    said = one_of(fields, "objectFormat", FORMATS)
    object_format = next(each for each in FORMATS if each == said)
    ref = fields.optional_text("ref")
    names = [fields.text(key) for key in ("object", "commit", "tree")]
    if any(parse_object_name(name) != object_format for name in names):
        raise EvidenceError("git-object-name", subject=fields.where, expected=object_format, found="another")
    if ref is not None and not ref.startswith(TAGS):
        raise EvidenceError("git-ref-name", subject=fields.where, expected=f"{TAGS}…", found=ref[:80])
    check_ref_name((ref or TAGS + "x").removeprefix(TAGS))
    commit_object = decode_base64(fields.text("commitObject"), "record-git")
    signed, commit, tree = names
    return RecordedGit(object_format, ref, signed, commit, tree, commit_object)


def check_git_form(git: RecordedGit | None, form: str | None) -> None:
    """Raise `record-git` unless a git object was signed exactly where a repository was delivered, and a tag where one is named."""
    expected = (GIT_TAG if git.ref else GIT_COMMIT) if git else None
    found = form if form in GIT_FORMS else None
    if expected != found:
        raise EvidenceError("record-git", expected=expected or "no git object", found=found or "none")
