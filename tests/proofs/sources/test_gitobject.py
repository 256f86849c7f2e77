"""Tags and commits of git, read strictly: what git would join, overlook or take for something else is refused."""

from __future__ import annotations

import doctest
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gitrepos import PERSON, commit_body, tag_body, with_header
from transparency.proofs.errors import EvidenceError
from transparency.proofs.sources import gitbundle, gitfolder, gitobject, submodules
from transparency.proofs.sources.archive import ArchiveError
from transparency.proofs.sources.gitbundle import parse_bundle
from transparency.proofs.sources.gitobject import (
    MAX_OBJECT_BYTES,
    check_ref_name,
    check_tag,
    object_name,
    parse_commit,
    parse_object_name,
    parse_tag,
)
from transparency.proofs.sources.gittree import parse_tree

if TYPE_CHECKING:
    from types import ModuleType

OID, OTHER = 40 * "1", 40 * "2"
SIGNATURE = b"-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n"
PGP = SIGNATURE.replace(b"SSH SIGNATURE", b"PGP SIGNATURE")
TAG, COMMIT = tag_body("v1.0", OID), commit_body(OID, (OTHER,))
SIGNED = with_header(COMMIT, "gpgsig", SIGNATURE)


@pytest.mark.parametrize("module", [gitbundle, gitfolder, gitobject, submodules])
def test_the_examples_in_the_modules_hold(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


class TestTags:
    def test_what_was_signed_is_everything_before_the_signature(self) -> None:
        tag = parse_tag(TAG + SIGNATURE, "sha1")
        assert (tag.commit, tag.name, tag.payload, tag.signature) == (OID, "v1.0", TAG, SIGNATURE)
        assert parse_tag(TAG, "sha1").signature is None

    def test_the_reference_must_have_the_name_that_was_signed(self) -> None:
        check_tag(parse_tag(TAG, "sha1"), ref="refs/tags/v1.0")
        for ref in ("refs/tags/v9.9-secure", "refs/heads/v1.0", "v1.0", "refs/tags/v1.0 ", "refs/tags/V1.0"):
            with pytest.raises(EvidenceError, match="git-tag-name"):
                check_tag(parse_tag(TAG, "sha1"), ref=ref)

    @pytest.mark.parametrize("kind", ["tag", "tree", "blob", "commit\nx"])
    def test_a_tag_of_anything_but_a_commit_is_refused(self, kind: str) -> None:
        with pytest.raises(EvidenceError, match=r"git-tag-(type|malformed)"):
            parse_tag(tag_body("v1.0", OID, kind=kind), "sha1")

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (TAG + SIGNATURE + SIGNATURE, "git-signature-twice"),
            (TAG + PGP + SIGNATURE, "git-signature-twice"),
            (TAG + SIGNATURE + b"and more\n", "git-signature-trailing"),
            (TAG + SIGNATURE[:-30], "git-signature-trailing"),
            (TAG + SIGNATURE.replace(b"SSH SIG", b"PGP SIG", 1), "git-signature-trailing"),
            (TAG + b"-----BEGIN PGP MESSAGE-----\nx\n-----END PGP MESSAGE-----\n", "git-signature-kind"),
            (TAG + SIGNATURE.replace(b"-----\nU", b"----- \nU"), "git-signature-kind"),
            (tag_body("v1.0", OID, more=f"gpgsig {OID}\n") + SIGNATURE, "git-signature-place"),
            (tag_body("v1.0", OID, more="gpgsig-sha256 x\n") + SIGNATURE, "git-signature-place"),
            (tag_body("v1.0", OID, more="encoding x\n"), "git-tag-malformed"),
            (tag_body("v1.0", OID, more=f"object {OTHER}\n"), "git-tag-malformed"),
            (tag_body("v1.0", OID, more=" continued\n"), "git-tag-malformed"),
            (tag_body("v1.0\ntag v2.0", OID), "git-tag-malformed"),
            (tag_body("v1.0\0", OID), "git-tag-malformed"),
            (tag_body("v1.0", OID.upper().replace("1", "A")), "git-tag-malformed"),
            (tag_body("v1.0", 64 * "1"), "git-tag-malformed"),
            (tag_body("../v1.0", OID), "git-ref-name"),
            (tag_body("v1.0\u202e", OID), "git-ref-name"),
            (TAG.replace(f"tagger {PERSON}\n".encode(), b""), "git-tag-malformed"),
            (TAG.replace(b"tagger Vera", b"tagger V>era"), "git-tag-malformed"),
            (TAG.replace(b"object", b"Object", 1), "git-tag-malformed"),
            (TAG.partition(b"\n\n")[0], "git-tag-malformed"),
            (TAG + MAX_OBJECT_BYTES * b"a", "git-tag-malformed"),
            (b"", "git-tag-malformed"),
        ],
    )
    def test_another_spelling_is_refused(self, body: bytes, code: str) -> None:
        with pytest.raises(EvidenceError) as error:
            parse_tag(body, "sha1")
        assert error.value.code == code


class TestCommits:
    def test_what_was_signed_is_the_commit_without_the_signature(self) -> None:
        commit = parse_commit(SIGNED, "sha1")
        assert (commit.tree, commit.parents, commit.payload) == (OID, (OTHER,), COMMIT)
        assert commit.signature == SIGNATURE

    def test_the_last_empty_line_that_some_forges_write_is_no_part_of_the_signature(self) -> None:
        body = SIGNED.replace(b"-----END SSH SIGNATURE-----", b"-----END SSH SIGNATURE-----\n ")
        assert parse_commit(body, "sha1").signature == SIGNATURE

    def test_the_signature_of_a_merged_tag_is_not_the_commits(self) -> None:
        merged = with_header(COMMIT, "mergetag", TAG + SIGNATURE)
        commit = parse_commit(merged, "sha1")
        assert (commit.signature, commit.payload) == (None, merged)
        injected = with_header(COMMIT, "mergetag", TAG + b"gpgsig " + SIGNATURE)
        assert parse_commit(injected, "sha1").signature is None

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (with_header(SIGNED, "gpgsig", SIGNATURE), "git-signature-twice"),
            (with_header(COMMIT, "gpgsig", SIGNATURE + PGP), "git-signature-twice"),
            (with_header(COMMIT, "gpgsig", SIGNATURE + b"more"), "git-signature-trailing"),
            (with_header(COMMIT, "gpgsig", b"x\n" + SIGNATURE), "git-signature-kind"),
            (with_header(COMMIT, "gpgsig-sha256", SIGNATURE), "git-signature-place"),
            (with_header(SIGNED, "gpgsig-sha256", SIGNATURE), "git-signature-place"),
            # git leaves every header out of what is signed whose name only begins so.
            (with_header(SIGNED, "gpgsigned-by", b"nobody"), "git-signature-place"),
            (with_header(COMMIT, "tree", OTHER.encode()), "git-commit-malformed"),
            (with_header(COMMIT, "parent", OTHER.encode()), "git-commit-malformed"),
            (with_header(COMMIT, "author", PERSON.encode()), "git-commit-malformed"),
            (with_header(COMMIT, "committer", PERSON.encode()), "git-commit-malformed"),
            (with_header(with_header(COMMIT, "encoding", b"x"), "encoding", b"y"), "git-commit-malformed"),
            (COMMIT.replace(b"tree ", b"tree " + OTHER.encode() + b"\ntree "), "git-commit-malformed"),
            (COMMIT.replace(b"author", b"gpgsig x\nauthor"), "git-commit-malformed"),
            (COMMIT.replace(b"\nauthor", b"\n author"), "git-commit-malformed"),
            (b" x\n" + COMMIT, "git-commit-malformed"),
            (COMMIT.replace(b"\nparent", b"\nparent\0"), "git-commit-malformed"),
            (COMMIT + b"\0", "git-commit-malformed"),
            (COMMIT.partition(b"\n\n")[0] + b"\n", "git-commit-malformed"),
            (COMMIT + MAX_OBJECT_BYTES * b"a", "git-commit-malformed"),
            (commit_body(64 * "1"), "git-commit-malformed"),
        ],
    )
    def test_another_spelling_is_refused(self, body: bytes, code: str) -> None:
        with pytest.raises(EvidenceError) as error:
            parse_commit(body, "sha1")
        assert error.value.code == code

    def test_each_kind_of_repository_has_its_own_header(self) -> None:
        body = with_header(commit_body(64 * "1"), "gpgsig-sha256", SIGNATURE)
        assert parse_commit(body, "sha256").signature == SIGNATURE
        with pytest.raises(EvidenceError, match="git-signature-place"):
            parse_commit(with_header(commit_body(64 * "1"), "gpgsig", SIGNATURE), "sha256")

    @given(st.binary(max_size=300) | st.lists(st.sampled_from(SIGNED.split(b"\n")), max_size=12).map(b"\n".join))
    def test_a_commit_that_reads_is_its_payload_and_its_signature(self, body: bytes) -> None:
        try:
            commit = parse_commit(body, "sha1")
        except EvidenceError:
            return
        if commit.signature is None:
            assert commit.payload == body
        else:
            assert len(commit.payload) < len(body)
            assert parse_commit(commit.payload, "sha1").signature is None


def test_names_of_objects_are_those_of_git() -> None:
    assert object_name("sha1", "blob", b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert parse_object_name(40 * "a") == "sha1"
    assert parse_object_name(64 * "a") == "sha256"
    for name in ("", "HEAD", 40 * "A", 39 * "a", 40 * "a" + "\n", "-" + 39 * "a"):
        with pytest.raises(EvidenceError, match="git-object-name"):
            parse_object_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "-x", ".x", "x.", "x/", "/x", "a..b", "a//b", "a/.b", "a.lock", "a.lock/b", "a@{b", "@", "a b", "a~", "a^", "a:",
     "a?", "a*", "a[", "a\\", "a\n", "ä", 201 * "a"],
)  # fmt: skip
def test_names_that_git_would_not_have_are_refused(name: str) -> None:
    with pytest.raises(EvidenceError, match="git-ref-name"):
        check_ref_name(name)


@pytest.mark.parametrize("name", ["v1.0", "release/1.0", "curl-8_0", "a@b", "1.0+dfsg"])
def test_usual_names_of_tags_are_names(name: str) -> None:
    assert check_ref_name(name) == name


def _entry(mode: bytes, name: bytes) -> bytes:
    return mode + b" " + name + b"\0" + 20 * b"a"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (_entry(b"100664", b"a"), "git-tree-mode"),
        (_entry(b"0100644", b"a"), "git-tree-mode"),
        (_entry(b"040000", b"a"), "git-tree-mode"),
        (_entry(b"100644", b"b") + _entry(b"100644", b"a"), "git-tree-malformed"),
        (_entry(b"100644", b"a") + _entry(b"100644", b"a"), "git-tree-malformed"),
        (_entry(b"40000", b"a") + _entry(b"100644", b"a.c"), "git-tree-malformed"),
        (_entry(b"100644", b""), "git-tree-malformed"),
        (_entry(b"100644", b"a/b"), "git-tree-malformed"),
        (_entry(b"100644", b"a")[:-1], "git-tree-malformed"),
        (b"100644", "git-tree-malformed"),
        (b" a\0" + 20 * b"a", "git-tree-malformed"),
    ],
)
def test_folders_that_git_would_not_write_are_refused(body: bytes, code: str) -> None:
    with pytest.raises(ArchiveError) as error:
        parse_tree(body, "sha1")
    assert error.value.code == code


BUNDLE = b"# v2 git bundle\n" + OID.encode() + b" refs/tags/v1\n"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"# v4 git bundle\n\nPACK", "git-bundle-malformed"),
        (BUNDLE, "git-bundle-malformed"),
        (BUNDLE + b"-" + OTHER.encode() + b" base\n\n", "git-bundle-partial"),
        (b"# v2 git bundle\n-" + OTHER.encode() + b"\n" + BUNDLE[16:] + b"\n", "git-bundle-partial"),
        (b"# v3 git bundle\n@filter=blob:none\n" + BUNDLE[16:] + b"\n", "git-bundle-partial"),
        (b"# v3 git bundle\n@other\n" + BUNDLE[16:] + b"\n", "git-bundle-capability"),
        (
            b"# v3 git bundle\n@object-format=sha1\n@object-format=sha256\n" + BUNDLE[16:] + b"\n",
            "git-bundle-capability",
        ),
        (b"# v3 git bundle\n@object-format=sha256\n" + BUNDLE[16:] + b"\n", "git-bundle-malformed"),
        (b"# v2 git bundle\n@object-format=sha1\n" + BUNDLE[16:] + b"\n", "git-bundle-malformed"),
        (BUNDLE + OTHER.encode() + b" refs/tags/v1\n\n", "git-bundle-malformed"),
        (BUNDLE + OTHER.encode() + b" ../x\n\n", "git-bundle-malformed"),
        (BUNDLE + OTHER.encode() + b" refs/a b\n\n", "git-bundle-malformed"),
    ],
)
def test_bundles_that_are_not_whole_are_refused(data: bytes, code: str) -> None:
    with pytest.raises(EvidenceError) as error:
        parse_bundle(data)
    assert error.value.code == code
    assert re.fullmatch("[ -~]*", error.value.found)
