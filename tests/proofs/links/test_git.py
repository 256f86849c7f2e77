"""Dossiers of git repositories: from a signed tag or commit to the tree, in both programs that check."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.cheats import pgp_world
from tests.cheats_git import GIT_CHEATS
from tests.gitrepos import commit_body, tag_body, with_header
from tests.signers import SshSigner
from tests.simulator import Simulator, check
from tests.verifier.test_agreement import both, trust_of
from transparency.proofs.records import RecordedGit
from transparency.proofs.sources.gitobject import object_name
from transparency.proofs.times import format_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINK, SIGNATURE = "deliveries/01", "deliveries/01/signature"


def ssh_world(folder: Path, *namespaces: str) -> Simulator:
    """A vendor whose SSH key is enrolled for these namespaces."""
    world = Simulator(folder)
    signer = SshSigner(folder, "tags")
    signer.key = replace(signer.key, namespaces=namespaces)
    world.vendor = signer
    return world


def agreed(world: Simulator, folder: Path) -> tuple[int, str | None]:
    """Exit code and failed link, the same of both."""
    found = both(folder, world.dossier(), trust=trust_of(world), now=format_time(world.time))
    report = check(world, now=world.time)
    assert (report.exit_code, report.failed) == (found["exit"], found["failed"])
    return found["exit"], found["failed"]


@pytest.mark.parametrize(("tell", "link"), [(tell, link) for tell, link, _ in GIT_CHEATS])
def test_both_programs_notice_a_lie_at_the_same_link(
    tmp_path: Path, tell: Callable[[Simulator], None], link: str
) -> None:
    world = pgp_world(tmp_path)
    tell(world)
    assert agreed(world, tmp_path) == (1, link)


@pytest.mark.parametrize("ref", ["refs/tags/v1.0", None])
@pytest.mark.parametrize("kind", ["openpgp", "ssh"])
def test_a_signed_object_leads_to_the_tree(tmp_path: Path, ref: str | None, kind: str) -> None:
    world = pgp_world(tmp_path) if kind == "openpgp" else ssh_world(tmp_path, "file", "git")
    world.deliver_git(world.git(ref=ref))
    assert agreed(world, tmp_path) == (0, None)


def test_a_sha256_repository_whose_tree_has_another_name_here(tmp_path: Path) -> None:
    world = ssh_world(tmp_path, "git")
    body = commit_body(64 * "a")
    commit = object_name("sha256", "commit", body)
    payload = tag_body("v1.0", commit)
    git = RecordedGit("sha256", "refs/tags/v1.0", 64 * "b", commit, 64 * "a", body)
    world.deliver_git((git, payload, world.vendor.sign(payload, "git")))
    assert agreed(world, tmp_path) == (0, None)


@pytest.mark.parametrize(
    ("enrolled", "signed"), [(("file",), "git"), (("file", "git"), "file"), (("git",), "file"), (("file",), "file")]
)
def test_an_ssh_signature_counts_in_the_namespace_of_git_alone(
    tmp_path: Path, enrolled: tuple[str, ...], signed: str
) -> None:
    world = ssh_world(tmp_path, *enrolled)
    git, payload, _ = world.git()
    world.deliver_git((git, payload, world.vendor.sign(payload, signed)))
    assert agreed(world, tmp_path) == (1, SIGNATURE)


def test_the_commit_may_have_headers_that_git_does_not_know_and_merged_tags(tmp_path: Path) -> None:
    world = ssh_world(tmp_path, "git")
    git, _, _ = world.git()
    body = with_header(with_header(git.commit_object, "mergetag", tag_body("v0", 40 * "1")), "HG:extra", b"x")
    commit = object_name("sha1", "commit", body)
    payload = tag_body("v1.0", commit)
    changed = replace(git, commit=commit, commit_object=body)
    world.deliver_git((changed, payload, world.vendor.sign(payload, "git")))
    assert agreed(world, tmp_path) == (0, None)
