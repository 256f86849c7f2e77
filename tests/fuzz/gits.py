"""Targets for what git repositories are made of: signed tags and commits, trees, and the head of a bundle. The first byte says which hash."""

from __future__ import annotations

from dataclasses import replace

from transparency.proofs.sources.gitbundle import parse_bundle
from transparency.proofs.sources.gitobject import FORMATS, TAG, ObjectFormat, parse_commit, parse_tag
from transparency.proofs.sources.gittree import parse_tree

_SIGNATURE = b"-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"
_COMMIT = b"tree %b\nparent %b\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n"


def _split(data: bytes) -> tuple[ObjectFormat, bytes]:
    return FORMATS[data[0] % len(FORMATS)] if data else FORMATS[0], data[1:]


def git_tag(data: bytes) -> None:
    """What was signed and the signature are the whole tag; without a signature all of it stands to be signed."""
    object_format, body = _split(data)
    tag = parse_tag(body, object_format)
    if tag.signature is None:
        assert tag.payload == body
        return
    assert (tag.payload + tag.signature).rstrip(b"\n") == body.rstrip(b"\n")
    assert parse_tag(tag.payload, object_format) == replace(tag, signature=None)


def git_commit(data: bytes) -> None:
    """What was signed is the commit without its signature, and says the same."""
    object_format, body = _split(data)
    commit = parse_commit(body, object_format)
    if commit.signature is None:
        assert commit.payload == body
        return
    header = b"gpgsig" if object_format == "sha1" else b"gpgsig-sha256"
    value = commit.signature.rstrip(b"\n").replace(b"\n", b"\n ")
    assert b"\n" + header + b" " + value in body
    assert len(commit.payload) < len(body)
    assert parse_commit(commit.payload, object_format) == replace(commit, signature=None)


def git_tree(data: bytes) -> None:
    """A tree has one spelling."""
    object_format, body = _split(data)
    entries = parse_tree(body, object_format)
    assert b"".join(b"%b %b\0%b" % (each.mode, each.name, bytes.fromhex(each.identity)) for each in entries) == body


def git_bundle(data: bytes) -> None:
    """The pack follows the first empty line, and every line before it but the capability is a reference."""
    head = parse_bundle(data)
    assert data.index(b"\n\n") + 2 == head.size
    lines = data[: head.size - 2].split(b"\n")[1:]
    assert len(head.refs) == len([line for line in lines if not line.startswith(b"@")])


def add_gits(found: dict[str, list[bytes]]) -> None:
    """Seeds of these targets."""
    long = TAG.replace(40 * b"0", 64 * b"0")
    found["git_tag"] = [b"\0" + TAG, b"\0" + TAG + _SIGNATURE, b"\1" + long + _SIGNATURE]
    folded = _SIGNATURE.rstrip(b"\n").replace(b"\n", b"\n ")
    short, wide = _COMMIT % (40 * b"a", 40 * b"b"), _COMMIT % (64 * b"a", 64 * b"b")
    found["git_commit"] = [
        b"\0" + short + b"\nfirst\n",
        b"\0" + short + b"gpgsig " + folded + b"\n\nfirst\n",
        b"\1" + wide + b"encoding latin-1\ngpgsig-sha256 " + folded + b"\n\nfirst\n",
    ]
    found["git_tree"] = [
        b"\0" + b"100644 a\0" + 20 * b"\1" + b"40000 b\0" + 20 * b"\2" + b"160000 c\0" + 20 * b"\3",
        b"\1" + b"120000 l\0" + 32 * b"\1",
    ]
    found["git_bundle"] = [
        b"# v2 git bundle\n" + 40 * b"a" + b" refs/tags/v1\n" + 40 * b"b" + b" HEAD\n\nPACK",
        b"# v3 git bundle\n@object-format=sha256\n" + 64 * b"a" + b" refs/heads/main\n\nPACK",
    ]
