"""Objects of git and heads of bundles with one thing changed: refused by their codes, or exactly what stands there."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.proofs.mutations import accepted
from transparency.proofs.errors import EvidenceError
from transparency.proofs.sources.gitbundle import parse_bundle
from transparency.proofs.sources.gitobject import DIGITS, TAG, parse_commit, parse_object_name, parse_tag
from transparency.proofs.sources.gittree import parse_tree

SIGNATURE = b"-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"
FOLDED = SIGNATURE.rstrip(b"\n").replace(b"\n", b"\n ")
COMMIT = (
    b"tree " + 40 * b"a" + b"\nparent " + 40 * b"b" + b"\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n"
    b"gpgsig " + FOLDED + b"\n\nfirst\n"
)  # fmt: skip
SIGNATURES = {"git-signature-place", "git-signature-twice", "git-signature-kind", "git-signature-trailing"}


def test_a_changed_tag_is_refused_or_all_of_it_is_signed_or_signature() -> None:
    refusals = {"git-tag-malformed", "git-tag-type", "git-ref-name", *SIGNATURES}
    for body, tag in accepted(TAG + SIGNATURE, lambda data: parse_tag(data, "sha1"), refusals):
        assert (tag.payload + (tag.signature or b"")).rstrip(b"\n") == body.rstrip(b"\n")
        assert parse_tag(tag.payload, "sha1") == replace(tag, signature=None)


def test_a_changed_commit_is_refused_or_what_is_signed_says_the_same_without_its_signature() -> None:
    refusals = {"git-commit-malformed", *SIGNATURES}
    for body, commit in accepted(COMMIT, lambda data: parse_commit(data, "sha1"), refusals):
        assert parse_commit(commit.payload, "sha1") == replace(commit, signature=None)
        if commit.signature is None:
            assert commit.payload == body
        else:
            folded = commit.signature.rstrip(b"\n").replace(b"\n", b"\n ")
            assert body.replace(b"gpgsig " + folded + b"\n", b"", 1) == commit.payload


def test_a_changed_tree_is_refused_or_has_one_spelling() -> None:
    tree = b"100644 a\0" + 20 * b"\1" + b"40000 b\0" + 20 * b"\2" + b"160000 c\0" + 20 * b"\3"
    for body, entries in accepted(tree, lambda data: parse_tree(data, "sha1"), {"git-tree-malformed", "git-tree-mode"}):
        written = (b"%b %b\0%b" % (each.mode, each.name, bytes.fromhex(each.identity)) for each in entries)
        assert b"".join(written) == body


def test_a_changed_bundle_is_refused_or_every_line_is_a_reference() -> None:
    head = b"# v3 git bundle\n@object-format=sha1\n" + 40 * b"a" + b" refs/tags/v1\n" + 40 * b"b" + b" HEAD\n\nPACK"
    refusals = {"git-bundle-malformed", "git-bundle-partial", "git-bundle-capability"}
    for body, found in accepted(head, parse_bundle, refusals):
        assert body.index(b"\n\n") + 2 == found.size
        lines = [line for line in body[: found.size - 2].split(b"\n")[1:] if not line.startswith(b"@")]
        assert [name.encode() for name in found.refs.values()] == [line[:40] for line in lines]


@given(st.text("0123456789abcdefABCDEF\n", max_size=70) | st.text(max_size=70))
def test_a_name_of_an_object_is_hex_of_a_length_or_refused(text: str) -> None:
    try:
        found = parse_object_name(text)
    except EvidenceError as error:
        assert error.code == "git-object-name"
    else:
        assert len(bytes.fromhex(text)) * 2 == DIGITS[found] == len(text)
        assert text == text.lower()
