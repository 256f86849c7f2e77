"""What a dishonest centre may log about a signed tag or commit: as cheats.py, whose list these join."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.gitrepos import commit_body, tag_body, with_header
from transparency.proofs.sources.gitobject import object_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator import Simulator

FIRST, SIGNATURE = "deliveries/01", "deliveries/01/signature"


def tag_of_another_name(world: Simulator) -> None:
    git, payload, signature = world.git()
    world.deliver_git((replace(git, ref="refs/tags/v9.9-secure"), payload, signature))


def tag_of_another_commit(world: Simulator) -> None:
    git, payload, signature = world.git()
    other = commit_body(git.tree, message="Another.\n")
    changed = replace(git, commit=object_name("sha1", "commit", other), commit_object=other)
    world.deliver_git((changed, payload, signature))


def commit_of_another_name(world: Simulator) -> None:
    git, payload, signature = world.git()
    world.deliver_git((replace(git, commit_object=commit_body(git.tree, message="Another.\n")), payload, signature))


def commit_of_another_tree(world: Simulator) -> None:
    git, payload, signature = world.git()
    world.deliver_git((replace(git, tree=40 * "1"), payload, signature))


def tree_that_is_not_the_snapshots(world: Simulator) -> None:
    git, _, _ = world.git()
    body = commit_body(40 * "1")
    payload = tag_body("v1.0", object_name("sha1", "commit", body))
    changed = replace(git, commit=object_name("sha1", "commit", body), tree=40 * "1", commit_object=body)
    world.deliver_git((changed, payload, world.vendor.sign(payload, "git")))


def tag_of_a_tag(world: Simulator) -> None:
    git, _, _ = world.git()
    payload = tag_body("v1.0", git.commit, kind="tag")
    world.deliver_git((git, payload, world.vendor.sign(payload, "git")))


def tag_with_a_header_more(world: Simulator) -> None:
    git, _, _ = world.git()
    payload = tag_body("v1.0", git.commit, more="gpgsig-sha256 x\n")
    world.deliver_git((git, payload, world.vendor.sign(payload, "git")))


def tag_with_a_signature_in_it(world: Simulator) -> None:
    git, payload, signature = world.git()
    world.deliver_git((git, payload + signature, world.vendor.sign(payload + signature, "git")))


def signed_commit_of_another_payload(world: Simulator) -> None:
    git, payload, _ = world.git(ref=None)
    other = payload + b"More.\n"
    world.deliver_git((git, other, world.vendor.sign(other, "git")))


def signed_commit_under_two_names(world: Simulator) -> None:
    git, payload, signature = world.git(ref=None)
    world.deliver_git((replace(git, object=40 * "1"), payload, signature))


def commit_with_two_signatures(world: Simulator) -> None:
    git, payload, signature = world.git(ref=None)
    body = with_header(git.commit_object, "gpgsig", signature)
    name = object_name("sha1", "commit", body)
    world.deliver_git((replace(git, object=name, commit=name, commit_object=body), payload, signature))


def commit_with_a_header_that_git_overlooks(world: Simulator) -> None:
    git, payload, signature = world.git(ref=None)
    body = with_header(git.commit_object, "gpgsigned", b"x")
    name = object_name("sha1", "commit", body)
    world.deliver_git((replace(git, object=name, commit=name, commit_object=body), payload, signature))


def tag_signed_by_nobody(world: Simulator) -> None:
    git, payload, _ = world.git()
    world.deliver_git((git, payload, world.vendor.sign(payload + b"x", "git")))


def tag_recorded_as_a_commit(world: Simulator) -> None:
    world.deliver_git(form="git-commit")


def repository_without_a_signed_object(world: Simulator) -> None:
    git, payload, signature = world.git()
    world.deliver_git((git, payload, signature), form="dsc")


def signed_object_without_a_repository(world: Simulator) -> None:
    _, payload, signature = world.git()
    world.deliver(world.covered_record(payload, [signature], form="git-tag"), signatures=[signature], listing=payload)


GIT_CHEATS: tuple[tuple[Callable[[Simulator], None], str, str], ...] = (
    (tag_of_another_name, FIRST, "git-tag-name"),
    (tag_of_another_commit, FIRST, "cover-names"),
    (commit_of_another_name, FIRST, "cover-names"),
    (commit_of_another_tree, FIRST, "cover-names"),
    (tree_that_is_not_the_snapshots, FIRST, "cover-names"),
    (tag_of_a_tag, FIRST, "git-tag-type"),
    (tag_with_a_header_more, FIRST, "git-signature-place"),
    (tag_with_a_signature_in_it, FIRST, "cover-names"),
    (signed_commit_of_another_payload, FIRST, "cover-names"),
    (signed_commit_under_two_names, FIRST, "cover-names"),
    (commit_with_two_signatures, FIRST, "git-signature-twice"),
    (commit_with_a_header_that_git_overlooks, FIRST, "git-signature-place"),
    (tag_signed_by_nobody, SIGNATURE, "signature-fails"),
    (tag_recorded_as_a_commit, FIRST, "record-git"),
    (repository_without_a_signed_object, FIRST, "record-git"),
    (signed_object_without_a_repository, FIRST, "record-git"),
)
