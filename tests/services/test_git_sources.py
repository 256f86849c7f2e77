"""Repositories as deliveries: one signed tag or commit is the snapshot. Stock git is the oracle where it is sound, and its four gaps are ours."""

from __future__ import annotations

import io
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from tests.cast import Cast, finish
from tests.gitrepos import FILES, GitRepo, commit_body, tag_body, with_header
from tests.signers import OpenPgpSigner
from tests.x509 import cms_sign, leaf, openssl_accepts, root
from transparency.errors import UnusableInputError
from transparency.models import Delivery, Job, LogEntry, Release, Snapshot, TrustAnchor
from transparency.proofs.digest import Digest
from transparency.proofs.manifest import parse_manifest
from transparency.proofs.records import parse_delivery_record
from transparency.proofs.sources.gitobject import Wanted
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.perform_job import perform_job
from transparency.services.receive_git import receive_git
from transparency.services.reverify_product import request_reverification
from transparency.services.stored_files import Received
from transparency.services.stores import objects
from transparency.services.sweep_objects import sweep_objects
from transparency.services.withdraw_delivery import withdraw_delivery
from transparency.web.own_checks import own_checks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "repo.git")


def ask(
    cast: Cast,
    data: bytes,
    *,
    tag: str | None = "v1.0",
    commit: str | None = None,
    version: str = "1.0",
    namespaces: Sequence[str] = ("git",),
    keys: Sequence[str] | None = None,
    dry_run: bool = False,
) -> Job:
    release = ensure_release(vendor="acme", product="pump", version=version, restricted=False)
    for key in [cast.vendor_key.public] if keys is None else keys:
        enrol_product_anchor(product=release.product, public_text=key, enrolled_by=cast.vendor, namespaces=namespaces)
    return receive_git(
        release=release,
        repository=Received("pump.bundle", io.BytesIO(data)),
        wanted=Wanted(tag=None if commit else tag, commit=commit),
        sender=cast.vendor,
        dry_run=dry_run,
        send=False,
    )


def arrive(cast: Cast, data: bytes, **more: Any) -> Delivery:
    return Delivery.objects.get(pk=(finish(ask(cast, data, **more)).result or {})["delivery"])


def state(delivery: Delivery) -> tuple[str, str, str]:
    return delivery.state, delivery.verdict, delivery.verdict_code


def rules(delivery: Delivery) -> list[str]:
    return [finding["rule"] for finding in delivery.refused]


class Git:
    """Stock git with the vendor's key in its list of allowed signers."""

    def __init__(self, repo: GitRepo, cast: Cast) -> None:
        self.repo = repo
        self.signers = repo.folder / "allowed_signers"
        self.signers.write_text(f"vera@acme.test {cast.vendor_key.public}")

    def says_good(self, what: str, name: str) -> bool:
        options = ("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={self.signers}")
        return self.repo.run(*options, what, name).returncode == 0


class TestSound:
    def test_a_signed_tag_becomes_a_snapshot_like_an_archive_does(self, cast: Cast, repo: GitRepo) -> None:
        commit = repo.commit(signer=cast.vendor_key)
        tag = repo.tag("v1.0", commit, signer=cast.vendor_key)
        delivery = arrive(cast, repo.bundle())
        assert state(delivery) == ("admitted", "valid", "valid")
        assert Git(repo, cast).says_good("verify-tag", "v1.0")
        assert delivery.snapshot is not None
        assert delivery.snapshot == Release.objects.get().subject
        assert delivery.snapshot.git_tree == repo.git("rev-parse", "v1.0^{tree}")
        assert delivery.git is not None
        assert (delivery.git["ref"], delivery.git["object"], delivery.git["commit"]) == ("refs/tags/v1.0", tag, commit)
        manifest = objects().read(
            delivery.release.product.store_key, Digest.parse(delivery.snapshot.manifest), limit=9**6
        )
        assert [entry.path for entry in parse_manifest(manifest)] == sorted(name.encode() for name in FILES)
        record = parse_delivery_record(bytes(delivery.record or b""))
        assert record.git is not None
        assert (
            record.git.commit_object
            == subprocess.run(
                ["git", "cat-file", "commit", commit], cwd=repo.folder, capture_output=True, check=True
            ).stdout
        )
        assert LogEntry.objects.filter(kind="delivery", digest=delivery.record_digest).exists()

    def test_a_signed_commit_too(self, cast: Cast, repo: GitRepo) -> None:
        commit = repo.commit(signer=cast.vendor_key)
        delivery = arrive(cast, repo.bundle(), commit=commit)
        assert state(delivery) == ("admitted", "valid", "valid")
        assert delivery.role == "signed-commit"
        assert Git(repo, cast).says_good("verify-commit", commit)

    def test_a_repository_of_sha256(self, cast: Cast, tmp_path: Path) -> None:
        repo = GitRepo(tmp_path / "other.git", "sha256")
        commit = repo.commit(signer=cast.vendor_key)
        repo.tag("v1.0", commit, signer=cast.vendor_key)
        first = arrive(cast, repo.bundle())
        assert state(first) == ("admitted", "valid", "valid")
        assert Git(repo, cast).says_good("verify-tag", "v1.0")
        assert Git(repo, cast).says_good("verify-commit", commit)
        second = arrive(cast, repo.bundle(), commit=commit)
        assert state(second) == ("admitted", "valid", "valid")
        assert second.snapshot == first.snapshot

    def test_the_same_files_are_the_same_snapshot_whatever_names_the_repository_gives_them(
        self, cast: Cast, repo: GitRepo, tmp_path: Path
    ) -> None:
        other = GitRepo(tmp_path / "other.git", "sha256")
        for each, name in ((repo, "a"), (other, "b")):
            each.tag(name, each.commit(), signer=cast.vendor_key)
            arrive(cast, each.bundle(), tag=name)
        assert Snapshot.objects.get().git_tree == repo.git("rev-parse", "a^{tree}")

    def test_an_openpgp_key(self, cast: Cast, repo: GitRepo, tmp_path: Path) -> None:
        signer = OpenPgpSigner()
        repo.tag("v1.0", repo.commit(), signer=signer)
        assert state(arrive(cast, repo.bundle(), keys=[signer.key.public])) == ("admitted", "valid", "valid")
        home = tmp_path / "gnupg"
        home.mkdir(mode=0o700)
        gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet"]
        subprocess.run([*gpg, "--import"], input=signer.key.public.encode(), check=True, capture_output=True)
        wrapper = home / "gpg"
        wrapper.write_text(f'#!/bin/sh\nexec {" ".join(gpg)} "$@"\n')
        wrapper.chmod(0o700)
        assert repo.run("-c", f"gpg.program={wrapper}", "verify-tag", "v1.0").returncode == 0

    def test_an_x509_certificate(self, cast: Cast, repo: GitRepo, tmp_path: Path) -> None:
        anchor = root()
        signer = leaf(anchor)
        body = tag_body("v1.0", repo.commit())
        signature = cms_sign(tmp_path, signer, body, form="PEM").replace(b"CMS", b"SIGNED MESSAGE")
        repo.git("update-ref", "refs/tags/v1.0", repo.write("tag", body + signature))
        assert openssl_accepts(tmp_path, signature.replace(b"SIGNED MESSAGE", b"CMS"), body, anchor)
        delivery = arrive(cast, repo.bundle(), keys=[anchor.pem])
        assert state(delivery) == ("admitted", "valid", "valid")
        *_, check = own_checks(delivery, TrustAnchor.objects.filter(product=delivery.release.product))
        (tmp_path / "v1.0.tag").write_bytes(body)
        (tmp_path / "pump.bundle.1.p7s").write_bytes(signature)
        row = TrustAnchor.objects.get(product=delivery.release.product)
        (tmp_path / f"{row.fingerprint.removeprefix('sha256:').partition('#')[0]}.pem").write_text(anchor.pem)
        done = subprocess.run(["sh", "-c", check.commands], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert check.says in done.stdout
        other = tag_body("v1.1", repo.commit({"main.c": b"int evil;\n"}))
        repo.git("update-ref", "refs/tags/v1.1", repo.write("tag", other + signature))
        assert state(arrive(cast, repo.bundle(), tag="v1.1"))[:2] == ("quarantined", "invalid")

    def test_a_folder_that_all_files_share_stays(self, cast: Cast, repo: GitRepo) -> None:
        repo.tag("v1.0", repo.commit({"pump/a.c": b"a\n"}), signer=cast.vendor_key)
        delivery = arrive(cast, repo.bundle())
        assert delivery.prefix == ""
        assert delivery.snapshot is not None
        assert delivery.snapshot.git_tree == repo.git("rev-parse", "v1.0^{tree}")

    def test_modes_links_and_submodules_are_the_trees(self, cast: Cast, repo: GitRepo) -> None:
        target, tool = repo.write("blob", b"main.c"), repo.write("blob", b"#!/bin/sh\n")
        more = f"120000 {target}\tlink\n100755 {tool}\trun\n160000 {40 * 'b'}\tvendor/lib\n"
        modules = {".gitmodules": b'[submodule "lib"]\n\tpath = vendor/lib\n\turl = https://example.org/lib\n'}
        repo.tag("v1.0", repo.commit(repo.tree({**FILES, **modules}, more)), signer=cast.vendor_key)
        delivery = arrive(cast, repo.bundle())
        assert state(delivery) == ("admitted", "valid", "valid")
        assert delivery.snapshot is not None
        assert (delivery.snapshot.files, delivery.snapshot.dir_hash) == (6, None)
        manifest = objects().read(
            delivery.release.product.store_key, Digest.parse(delivery.snapshot.manifest), limit=9**6
        )
        found = {entry.path: (entry.mode, entry.digest) for entry in parse_manifest(manifest)}
        assert found[b"vendor/lib"] == ("160000", 40 * "b")
        assert (found[b"link"][0], found[b"run"][0]) == ("120000", "100755")

    def test_a_large_file_and_many_small_ones(self, cast: Cast, repo: GitRepo) -> None:
        files = {f"d{number % 7}/f{number}": b"%d\n" % number for number in range(1200)} | {"big": 9 * 1024**2 * b"ab"}
        repo.tag("v1.0", repo.commit(files), signer=cast.vendor_key)
        delivery = arrive(cast, repo.bundle())
        assert delivery.snapshot is not None
        assert (delivery.snapshot.files, delivery.snapshot.git_tree) == (1201, repo.git("rev-parse", "v1.0^{tree}"))


class TestGapsOfGit:
    """What `git verify-tag` calls good and we refuse: shown side by side."""

    def test_a_reference_of_another_name(self, cast: Cast, repo: GitRepo) -> None:
        repo.tag("v1.0", repo.commit(), signer=cast.vendor_key, ref="v9.9-secure")
        assert Git(repo, cast).says_good("verify-tag", "v9.9-secure")
        delivery = arrive(cast, repo.bundle(), tag="v9.9-secure")
        assert state(delivery) == ("quarantined", "invalid", "git-tag-name")
        assert (rules(delivery), delivery.snapshot, delivery.git) == (["git-tag-name"], None, None)

    def test_a_tag_of_a_tag(self, cast: Cast, repo: GitRepo) -> None:
        inner = repo.tag("inner", repo.commit(), signer=None)
        repo.tag("v1.0", inner, kind="tag", signer=cast.vendor_key)
        assert Git(repo, cast).says_good("verify-tag", "v1.0")
        assert rules(arrive(cast, repo.bundle())) == ["git-tag-type"]

    def test_a_replaced_commit(self, cast: Cast, repo: GitRepo) -> None:
        good = repo.commit()
        repo.tag("v1.0", good, signer=cast.vendor_key)
        evil = repo.commit({"main.c": b"int evil;\n"}, branch="evil")
        repo.git("replace", good, evil)
        assert Git(repo, cast).says_good("verify-tag", "v1.0")
        assert b"evil" in repo.run("show", "v1.0:main.c").stdout
        assert rules(arrive(cast, repo.bundle())) == ["git-replaced"]

    def test_a_tag_that_moved(self, cast: Cast, repo: GitRepo) -> None:
        repo.tag("v1.0", repo.commit(), signer=cast.vendor_key)
        first = arrive(cast, repo.bundle())
        repo.tag("v1.0", repo.commit({"main.c": b"int evil;\n"}), signer=cast.vendor_key)
        assert Git(repo, cast).says_good("verify-tag", "v1.0")
        second = arrive(cast, repo.bundle(), version="1.0-again")
        assert state(second) == ("quarantined", "valid", "valid")
        assert rules(second) == ["git-tag-moved"]
        assert (first.git or {})["object"] in second.refused[0]["detail"]
        withdraw_delivery(delivery=first, reason="The tag was moved, and here is why.", by=cast.vendor)
        third = arrive(cast, repo.bundle(), version="1.0-third")
        assert state(third) == ("admitted", "valid", "valid")


class TestConfusion:
    """A sound signature by the enrolled key, in a place where it says nothing of what was asked for."""

    @staticmethod
    def refused(cast: Cast, data: bytes, **more: Any) -> str:
        delivery = arrive(cast, data, **more)
        assert delivery.state == Delivery.State.QUARANTINED
        assert delivery.verdict != "valid"
        assert Snapshot.objects.count() == 0
        return delivery.verdict_code

    def test_a_signature_of_another_tag(self, cast: Cast, repo: GitRepo) -> None:
        signature = cast.vendor_key.sign(tag_body("v0.9", repo.commit()), namespace="git")
        commit = repo.commit({"main.c": b"int evil;\n"})
        repo.git("update-ref", "refs/tags/v1.0", repo.write("tag", tag_body("v1.0", commit) + signature))
        assert self.refused(cast, repo.bundle()) == "signature-mismatch"

    def test_a_signature_of_the_commit_in_the_tag_and_the_other_way_round(self, cast: Cast, repo: GitRepo) -> None:
        tree = repo.tree(FILES)
        of_commit = cast.vendor_key.sign(commit_body(tree), namespace="git")
        commit = repo.write("commit", commit_body(tree))
        repo.git("update-ref", "refs/tags/v1.0", repo.write("tag", tag_body("v1.0", commit) + of_commit))
        assert self.refused(cast, repo.bundle()) == "signature-mismatch"
        of_tag = cast.vendor_key.sign(tag_body("v1.0", commit), namespace="git")
        signed = repo.write("commit", with_header(commit_body(tree), "gpgsig", of_tag))
        repo.git("update-ref", "refs/heads/main", signed)
        assert self.refused(cast, repo.bundle(), commit=signed) == "signature-mismatch"

    def test_a_signed_tag_of_an_unsigned_commit_does_not_sign_the_commit(self, cast: Cast, repo: GitRepo) -> None:
        commit = repo.commit()
        repo.tag("v1.0", commit, signer=cast.vendor_key)
        assert self.refused(cast, repo.bundle(), commit=commit) == "unsigned"

    def test_a_signed_commit_does_not_sign_the_tag(self, cast: Cast, repo: GitRepo) -> None:
        repo.tag("v1.0", repo.commit(signer=cast.vendor_key))
        assert self.refused(cast, repo.bundle()) == "unsigned"

    def test_a_merged_tags_signature_is_not_the_commits(self, cast: Cast, repo: GitRepo) -> None:
        tree, body = repo.tree(FILES), tag_body("v0.9", 40 * "1")
        signature = cast.vendor_key.sign(body, namespace="git")
        for inner in (body + signature, b"x\ngpgsig " + signature):
            commit = repo.write("commit", with_header(commit_body(tree), "mergetag", inner))
            repo.git("update-ref", "refs/heads/main", commit)
            assert self.refused(cast, repo.bundle(), commit=commit) == "unsigned"

    def test_a_header_that_git_leaves_out_of_what_is_signed(self, cast: Cast, repo: GitRepo) -> None:
        tree = repo.tree(FILES)
        signature = cast.vendor_key.sign(commit_body(tree), namespace="git")
        for name in ("gpgsig-sha256", "gpgsigned-off-by"):
            body = with_header(with_header(commit_body(tree), "gpgsig", signature), name, b"evil")
            commit = repo.write("commit", body)
            repo.git("update-ref", "refs/heads/main", commit)
            assert Git(repo, cast).says_good("verify-commit", commit)
            assert self.refused(cast, repo.bundle(), commit=commit) == "git-signature-place"

    def test_a_signature_under_the_header_of_the_other_kind_of_repository(self, cast: Cast, repo: GitRepo) -> None:
        commit = repo.commit(signer=cast.vendor_key, header="gpgsig-sha256")
        assert self.refused(cast, repo.bundle(), commit=commit) == "git-signature-place"

    def test_two_signatures(self, cast: Cast, repo: GitRepo) -> None:
        commit = repo.commit()
        body = tag_body("v1.0", commit)
        inner = body + cast.vendor_key.sign(body, namespace="git")
        # A valid signature over everything before it, another signature included: git shows the last one alone.
        repo.git(
            "update-ref", "refs/tags/v1.0", repo.write("tag", inner + cast.vendor_key.sign(inner, namespace="git"))
        )
        assert Git(repo, cast).says_good("verify-tag", "v1.0")
        assert self.refused(cast, repo.bundle()) == "git-signature-twice"

    def test_text_after_the_signature(self, cast: Cast, repo: GitRepo) -> None:
        signer = OpenPgpSigner()
        body = tag_body("v1.0", repo.commit())
        made = repo.write("tag", body + signer.sign(body) + b"\nApproved by everybody.\n")
        repo.git("update-ref", "refs/tags/v1.0", made)
        assert self.refused(cast, repo.bundle(), keys=[signer.key.public]) == "git-signature-trailing"

    def test_a_signature_of_a_file_is_none_of_a_tag(self, cast: Cast, repo: GitRepo) -> None:
        body = tag_body("v1.0", repo.commit())
        repo.git("update-ref", "refs/tags/v1.0", repo.write("tag", body + cast.vendor_key.sign(body, "file")))
        for namespaces in (("git",), ("file", "git"), ("file",)):
            assert self.refused(cast, repo.bundle(), namespaces=namespaces) == "namespace-mismatch"

    def test_a_key_that_is_enrolled_for_archives_alone(self, cast: Cast, repo: GitRepo) -> None:
        repo.tag("v1.0", repo.commit(), signer=cast.vendor_key)
        assert self.refused(cast, repo.bundle(), namespaces=("file",)) == "namespace-mismatch"

    def test_a_key_that_nobody_enrolled(self, cast: Cast, repo: GitRepo) -> None:
        repo.tag("v1.0", repo.commit(), signer=cast.auditor_key)
        assert self.refused(cast, repo.bundle()) == "unknown-key"

    def test_a_lightweight_tag_and_a_tag_of_something_else(self, cast: Cast, repo: GitRepo) -> None:
        commit = repo.commit(signer=cast.vendor_key)
        repo.git("update-ref", "refs/tags/v1.0", commit)
        job = ask(cast, repo.bundle())
        assert perform_job(job=job.pk)
        job.refresh_from_db()
        assert (job.state, (job.error or {})["code"]) == (Job.State.FAILED, "git-object-kind")
        repo.tag("v1.0", repo.git("rev-parse", f"{commit}^{{tree}}"), kind="tree", signer=cast.vendor_key)
        assert self.refused(cast, repo.bundle()) == "git-tag-type"

    def test_a_branch_of_the_tags_name_is_not_the_tag(self, cast: Cast, repo: GitRepo) -> None:
        repo.tag("v1.0", repo.commit(), signer=cast.vendor_key)
        evil = repo.commit({"main.c": b"int evil;\n"}, branch="v1.0")
        delivery = arrive(cast, repo.bundle())
        assert delivery.git is not None
        assert delivery.git["commit"] != evil


class TestRefused:
    @staticmethod
    def refusals(cast: Cast, data: bytes, **more: Any) -> list[str]:
        delivery = arrive(cast, data, **more)
        assert delivery.state == Delivery.State.QUARANTINED
        return rules(delivery)

    @pytest.mark.parametrize(
        ("mode", "name"), [("100644", b".git"), ("100644", b".GIT"), ("40000", b"git~1"), ("100644", b"..")]
    )
    def test_trees_that_git_refuses(self, cast: Cast, repo: GitRepo, mode: str, name: bytes) -> None:
        item = repo.write("blob", b"x") if mode == "100644" else repo.tree(FILES)
        tree = repo.write("tree", mode.encode() + b" " + name + b"\0" + bytes.fromhex(item))
        repo.tag("v1.0", repo.commit(tree), signer=cast.vendor_key)
        assert self.refusals(cast, repo.bundle()) == ["git-fsck"]

    def test_what_git_lets_pass_and_our_own_policy_refuses(self, cast: Cast, repo: GitRepo) -> None:
        blob = bytes.fromhex(repo.write("blob", b"x"))
        repo.tag("a", repo.commit(repo.write("tree", b"100644 x\r\0" + blob)), signer=cast.vendor_key)
        assert self.refusals(cast, repo.bundle(), tag="a") == ["path-control"]
        repo.tag("b", repo.commit(repo.write("tree", b"100664 x\0" + blob)), signer=cast.vendor_key)
        assert self.refusals(cast, repo.bundle(), tag="b") == ["git-tree-mode"]
        empty = bytes.fromhex(repo.write("tree", b""))
        repo.tag("c", repo.commit(repo.write("tree", b"40000 d\0" + empty)), signer=cast.vendor_key)
        assert self.refusals(cast, repo.bundle(), tag="c") == ["git-tree-empty"]

    def test_a_shallow_repository_and_one_with_grafts(self, cast: Cast, repo: GitRepo, tmp_path: Path) -> None:
        second = repo.commit({"a": b"1\n"}, parents=(repo.commit(),))
        repo.tag("v1.0", second, signer=cast.vendor_key)
        shallow = tmp_path / "shallow"
        subprocess.run(
            ["git", "clone", "--quiet", "--bare", "--depth=1", f"file://{repo.folder}", str(shallow)], check=True
        )
        clone = GitRepo(shallow)
        clone.git("fetch", "--quiet", "--depth=1", f"file://{repo.folder}", "refs/tags/v1.0:refs/tags/v1.0")
        assert self.refusals(cast, clone.bundle()) == ["git-fsck"]

    def test_a_bundle_of_part_of_the_history(self, cast: Cast, repo: GitRepo) -> None:
        first = repo.commit()
        repo.tag("v1.0", repo.commit({"a": b"1\n"}, parents=(first,)), signer=cast.vendor_key)
        assert self.refusals(cast, repo.bundle("v1.0", f"^{first}")) == ["git-bundle-partial"]

    def test_a_bundle_that_was_changed_anywhere(self, cast: Cast, repo: GitRepo) -> None:
        repo.tag("v1.0", repo.commit(), signer=cast.vendor_key)
        data = repo.bundle()
        start = data.index(b"PACK")
        for place in range(start + 9, len(data), len(data) // 8):
            broken = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            assert set(self.refusals(cast, broken, version="2.0")) <= {"git-fsck"}
        assert self.refusals(cast, data[:-20], version="2.0") == ["git-fsck"]
        assert self.refusals(cast, data + b"x", version="2.0") == ["git-fsck"]

    def test_what_is_no_repository(self, cast: Cast) -> None:
        assert self.refusals(cast, b"# v2 git bundle\n") == ["git-bundle-malformed"]

    def test_a_submodule_in_a_sha256_repository(self, cast: Cast, tmp_path: Path) -> None:
        repo = GitRepo(tmp_path / "other.git", "sha256")
        repo.tag("v1.0", repo.commit(repo.tree(FILES, f"160000 {64 * 'b'}\tlib\n")), signer=cast.vendor_key)
        assert self.refusals(cast, repo.bundle()) == ["git-submodule-sha256"]

    def test_nothing_of_a_hostile_configuration_is_run(self, cast: Cast, repo: GitRepo, tmp_path: Path) -> None:
        """A bundle brings none; ours is fresh. What a user's or the machine's configuration says does not reach git either."""
        canary = tmp_path / "canary"
        repo.git("config", "core.fsmonitor", f"touch {canary}")
        repo.git("config", "uploadpack.packObjectsHook", f"touch {canary}")
        repo.tag("v1.0", repo.commit(), signer=cast.vendor_key)
        data = repo.bundle()
        canary.unlink(missing_ok=True)
        assert arrive(cast, data).state == Delivery.State.ADMITTED
        assert not canary.exists()


class TestAsked:
    @pytest.mark.parametrize(
        ("wanted", "code"),
        [
            (Wanted(), "git-wanted"),
            (Wanted(tag="v1", commit=40 * "a"), "git-wanted"),
            (Wanted(tag="--upload-pack=x"), "git-ref-name"),
            (Wanted(tag="../../config"), "git-ref-name"),
            (Wanted(commit="HEAD"), "git-object-name"),
            (Wanted(commit="abc"), "git-object-name"),
        ],
    )
    def test_a_question_that_is_none_is_refused_at_once(self, cast: Cast, wanted: Wanted, code: str) -> None:
        release = ensure_release(vendor="acme", product="pump", version="1.0", restricted=False)
        with pytest.raises(UnusableInputError, match=code):
            receive_git(release=release, repository=Received("a", io.BytesIO(b"x")), wanted=wanted, send=False)
        assert not Job.objects.exists()

    def test_a_file_that_is_no_repository_is_refused_at_once(self, cast: Cast) -> None:
        for data in (b"", b"hello", b"# v4 git bundle\n"):
            with pytest.raises(UnusableInputError, match="archive-type-unknown"):
                ask(cast, data)
        assert not Job.objects.exists()

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"tag": "v2.0"}, "git-ref-missing"),
            ({"commit": 64 * "a"}, "git-object-name"),
        ],
    )
    def test_a_tag_that_is_not_there_ends_the_work(self, cast: Cast, repo: GitRepo, more: Any, code: str) -> None:
        repo.tag("v1.0", repo.commit(), signer=cast.vendor_key)
        job = ask(cast, repo.bundle(), **more)
        assert perform_job(job=job.pk)
        job.refresh_from_db()
        assert (job.state, (job.error or {})["code"]) == (Job.State.FAILED, code)
        assert not Delivery.objects.exists()

    def test_a_dry_run_says_the_same_and_keeps_nothing(self, cast: Cast, repo: GitRepo) -> None:
        repo.tag("v1.0", repo.commit(), signer=cast.vendor_key)
        report = (finish(ask(cast, repo.bundle(), dry_run=True)).result or {})["report"]
        assert (report["state"], report["gitTree"]) == ("admitted", repo.git("rev-parse", "v1.0^{tree}"))
        assert [step["name"] for step in report["steps"]][:5] == [
            "received", "repository checked", "one object", "tag names one commit", "commit names one tree"
        ]  # fmt: skip
        assert (Delivery.objects.count(), Snapshot.objects.count()) == (0, 0)


class TestLater:
    def test_a_key_that_is_enrolled_later_lets_it_in(self, cast: Cast, repo: GitRepo) -> None:
        repo.tag("v1.0", repo.commit(), signer=cast.vendor_key)
        delivery = arrive(cast, repo.bundle(), keys=[])
        assert state(delivery)[:2] == ("quarantined", "unknown-key")
        product = delivery.release.product
        enrol_product_anchor(
            product=product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor, namespaces=("git",)
        )
        result = finish(request_reverification(product=product, by=cast.vendor, send=False)).result or {}
        finish(Job.objects.get(pk=result["changed"][0]["job"]))
        delivery.refresh_from_db()
        assert state(delivery) == ("admitted", "valid", "valid")
        again = finish(request_reverification(product=product, by=cast.vendor, send=False)).result or {}
        assert (again["changed"], again["unjudged"]) == ([], [])

    def test_what_is_no_sound_repository_is_not_judged_again(self, cast: Cast) -> None:
        delivery = arrive(cast, b"# v2 git bundle\n")
        result = finish(request_reverification(product=delivery.release.product, by=cast.vendor, send=False)).result
        assert result == {"judged": 0, "changed": [], "unjudged": []}

    def test_the_sweep_leaves_what_the_record_rests_on(self, cast: Cast, repo: GitRepo) -> None:
        repo.tag("v1.0", repo.commit(), signer=cast.vendor_key)
        delivery = arrive(cast, repo.bundle())
        sweep_objects(now=timezone.now() + timedelta(days=60))
        assert delivery.git is not None
        assert delivery.cover is not None
        for digest in (delivery.git["commitObject"], delivery.cover["sha256"], delivery.archive_sha256):
            assert objects().has(delivery.release.product.store_key, Digest.parse(digest))
