r"""Git's signed objects, read strictly: tags, commits and what of them a signature covers (git's gitformat-signature, fsck-msgids).

git itself joins several signatures, leaves out headers that only begin like one, and takes whatever stands after a signature. Here an
object has one spelling or none:

| rule | when |
|---|---|
| git-ref-name | no name that a tag may have, or longer than ours are |
| git-tag-malformed | other headers than object, type, tag, tagger, each once and in this order |
| git-tag-type | a tag of something else than a commit: a tag of a tag, of a tree, of a file |
| git-tag-name | the object says another name than the reference that leads to it |
| git-commit-malformed | headers out of order, repeated, or no headers at all |
| git-signature-place | a signature where none is written for this kind of object and repository, or a header that only begins like one |
| git-signature-twice | more than one signature |
| git-signature-kind | a signature of a kind that git does not make |
| git-signature-trailing | something after the signature, which no signature covers |

>>> name = object_name("sha1", "tag", TAG)
>>> tag = parse_tag(TAG, "sha1")
>>> tag.name, tag.commit[:4], tag.signature
('v1', '0000', None)
>>> check_tag(tag, ref="refs/tags/v2")
Traceback (most recent call last):
    ...
transparency.proofs.errors.EvidenceError: git-tag-name: expected v2, found v1
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal, get_args

from transparency.proofs.errors import EvidenceError

ObjectFormat = Literal["sha1", "sha256"]
FORMATS: tuple[ObjectFormat, ...] = get_args(ObjectFormat)
DIGITS: dict[ObjectFormat, int] = {"sha1": 40, "sha256": 64}
TAGS = "refs/tags/"
MAX_REF_CHARACTERS = 200
# Far above real ones: what a merge commit says of signed tags that it merged is the longest.
MAX_OBJECT_BYTES = 1024 * 1024
TAG = b"object " + 40 * b"0" + b"\ntype commit\ntag v1\ntagger A <a@b> 1 +0000\n\nfirst\n"

# What git takes for the first line of a signature, and the last line that belongs to it.
_KINDS = {
    b"-----BEGIN PGP SIGNATURE-----": b"-----END PGP SIGNATURE-----",
    b"-----BEGIN SSH SIGNATURE-----": b"-----END SSH SIGNATURE-----",
    b"-----BEGIN SIGNED MESSAGE-----": b"-----END SIGNED MESSAGE-----",
}
_BEGINS = re.compile(rb"^-----BEGIN (?:PGP SIGNATURE|PGP MESSAGE|SSH SIGNATURE|SIGNED MESSAGE)-----", re.MULTILINE)
_SIGNATURE_HEADERS: dict[ObjectFormat, bytes] = {"sha1": b"gpgsig", "sha256": b"gpgsig-sha256"}
_REF = re.compile(r"[!-~]+\Z")
_REF_REFUSED = re.compile(r"[ ~^:?*\[\\\x7f]|\.\.|@\{|//|/\.|\.lock(?:/|\Z)|\A[./@-]|[./]\Z")
_HEADER = re.compile(rb"([A-Za-z][A-Za-z0-9:._-]*) (.*)\Z", re.DOTALL)
_PERSON = re.compile(rb"[^<>\n\0]* ?<[^<>\n\0]*> [0-9]{1,12} [+-][0-9]{4}\Z")
_FIRST = (b"tree", b"parent", b"author", b"committer")
_ONCE = frozenset({*_FIRST, b"encoding"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a repository is to be imported: a tag by its name, or a commit by its whole name. Exactly one of the two."""

    tag: str | None = None
    commit: str | None = None

    def as_json(self) -> dict[str, str | None]:
        return {"tag": self.tag, "commit": self.commit}


@dataclass(frozen=True, slots=True)
class GitTag:
    """A tag object: what it names, what was signed (`payload`), and the signature with its armour; None where it is not signed."""

    commit: str
    name: str
    tagger: bytes
    payload: bytes
    signature: bytes | None


@dataclass(frozen=True, slots=True)
class GitCommit:
    """A commit object, in the same manner."""

    tree: str
    parents: tuple[str, ...]
    author: bytes
    committer: bytes
    payload: bytes
    signature: bytes | None


def object_name(object_format: ObjectFormat, kind: str, body: bytes) -> str:
    """Git's name of an object, in hex."""
    return hashlib.new(object_format, f"{kind} {len(body)}\0".encode() + body, usedforsecurity=False).hexdigest()


def parse_object_name(text: str) -> ObjectFormat:
    """Which hash a whole name in lower-case hex is of (`git-object-name`)."""
    if re.fullmatch("[0-9a-f]+", text):
        for object_format, digits in DIGITS.items():
            if len(text) == digits:
                return object_format
    raise EvidenceError("git-object-name", expected="40 or 64 digits of lower-case hex", found=ascii(text[:80]))


def check_ref_name(name: str) -> str:
    """The name, when a tag may be called so (git-check-ref-format) and it is ASCII (`git-ref-name`)."""
    if not _REF.match(name) or _REF_REFUSED.search(name) or len(name) > MAX_REF_CHARACTERS:
        raise EvidenceError("git-ref-name", expected="the name of a tag, as git allows it", found=ascii(name[:80]))
    return name


def parse_tag(body: bytes, object_format: ObjectFormat) -> GitTag:
    """Read a tag of a commit (`git-tag-malformed`, `git-tag-type`, `git-ref-name`, `git-signature-…`)."""
    head, _, message = _sized(body, "git-tag-malformed").partition(b"\n\n")
    lines = head.split(b"\n")
    names = [line.partition(b" ")[0] for line in lines]
    if any(name.startswith(b"gpgsig") for name in names):
        raise EvidenceError("git-signature-place", expected="a tag's signature after its message", found="in a header")
    if names != [b"object", b"type", b"tag", b"tagger"] or b"\n\n" not in body or b"\0" in body:
        found = b" ".join(names)[:80]
        raise EvidenceError("git-tag-malformed", expected="object, type, tag, tagger", found=ascii(found))
    target, kind, name, tagger = (line.partition(b" ")[2] for line in lines)
    if kind != b"commit":
        raise EvidenceError("git-tag-type", expected="a tag of a commit", found=ascii(kind[:20]))
    if not _PERSON.match(tagger):
        raise EvidenceError("git-tag-malformed", expected="a tagger with a time", found=ascii(tagger[:80]))
    begins = [len(body) - len(message) + found.start() for found in _BEGINS.finditer(message)]
    if len(begins) > 1:
        raise EvidenceError("git-signature-twice", expected="one signature", found=str(len(begins)))
    end = begins[0] if begins else len(body)
    return GitTag(
        commit=_named(target, object_format, "git-tag-malformed"),
        name=check_ref_name(name.decode("latin-1")),
        tagger=tagger,
        payload=body[:end],
        signature=_whole_signature(body[end:]) if begins else None,
    )


def check_tag(tag: GitTag, *, ref: str) -> None:
    """Raise `git-tag-name` unless the tag says the name by which it was found."""
    if ref != TAGS + tag.name:
        raise EvidenceError("git-tag-name", expected=ref.removeprefix(TAGS), found=tag.name)


def parse_commit(body: bytes, object_format: ObjectFormat) -> GitCommit:
    """Read a commit (`git-commit-malformed`, `git-signature-…`)."""
    head, divider, message = _sized(body, "git-commit-malformed").partition(b"\n\n")
    headers = _headers(head) if divider else []
    parents = [value for name, value in headers if name == b"parent"]
    rest = headers[3 + len(parents) :]
    expected = [b"tree", *(len(parents) * [b"parent"]), b"author", b"committer"]
    more = [name for name, _ in rest]
    if [name for name, _ in headers[: len(expected)]] != expected or b"\0" in body:
        raise EvidenceError("git-commit-malformed", expected="tree, parents, author, committer", found=_told(headers))
    if more.count(b"encoding") > 1 or any(name in _FIRST for name in more):
        raise EvidenceError("git-commit-malformed", expected="each header once", found=_told(rest))
    author, committer = headers[len(parents) + 1][1], headers[len(parents) + 2][1]
    if not _PERSON.match(author) or not _PERSON.match(committer):
        raise EvidenceError("git-commit-malformed", expected="an author and a committer with times", found="others")
    signature = _signature_header(rest, object_format)
    signed_head = b"\n".join(_spelled(header) for header in headers if not header[0].startswith(b"gpgsig"))
    return GitCommit(
        tree=_named(headers[0][1], object_format, "git-commit-malformed"),
        parents=tuple(_named(value, object_format, "git-commit-malformed") for value in parents),
        author=author,
        committer=committer,
        payload=signed_head + divider + message,
        signature=signature,
    )


def _sized(body: bytes, code: str) -> bytes:
    if len(body) > MAX_OBJECT_BYTES:
        raise EvidenceError(code, expected=f"at most {MAX_OBJECT_BYTES} bytes", found=str(len(body)))
    return body


def _named(value: bytes, object_format: ObjectFormat, code: str) -> str:
    digits = DIGITS[object_format]
    if not re.fullmatch(rb"[0-9a-f]{%d}" % digits, value):
        raise EvidenceError(code, expected=f"the name of an object, {digits} hex digits", found=ascii(value[:80]))
    return value.decode()


def _headers(head: bytes) -> list[tuple[bytes, bytes]]:
    """Name and value of each, continued lines with their LF and without their space."""
    found: list[tuple[bytes, list[bytes]]] = []
    for line in head.split(b"\n"):
        if line.startswith(b" ") and found:
            found[-1][1].append(line[1:])
            continue
        match = _HEADER.match(line)
        if not match:
            raise EvidenceError("git-commit-malformed", expected="a name and a value", found=ascii(line[:80]))
        found.append((match[1], [match[2]]))
    return [(name, b"\n".join(lines)) for name, lines in found]


def _spelled(header: tuple[bytes, bytes]) -> bytes:
    return header[0] + b" " + header[1].replace(b"\n", b"\n ")


def _signature_header(headers: list[tuple[bytes, bytes]], object_format: ObjectFormat) -> bytes | None:
    own = _SIGNATURE_HEADERS[object_format]
    found = [(name, value) for name, value in headers if name.startswith(b"gpgsig")]
    if other := [name for name, _ in found if name != own]:
        expected = f"{own.decode()} alone, in a repository of {object_format}"
        raise EvidenceError("git-signature-place", expected=expected, found=ascii(other[0][:40]))
    if len(found) > 1:
        raise EvidenceError("git-signature-twice", expected="one signature", found=str(len(found)))
    return _whole_signature(found[0][1] + b"\n") if found else None


def _whole_signature(data: bytes) -> bytes:
    """The signature, when it is one armoured block from its first byte to its last."""
    first, _, _ = data.partition(b"\n")
    end = _KINDS.get(first)
    if end is None:
        expected = "an OpenPGP, SSH or X.509 signature, as git writes them"
        raise EvidenceError("git-signature-kind", expected=expected, found=ascii(first[:60]))
    lines = data.rstrip(b"\n").split(b"\n")
    if len(_BEGINS.findall(data)) != 1:
        raise EvidenceError("git-signature-twice", expected="one signature", found="several in one")
    if lines.count(end) != 1 or lines[-1] != end:
        raise EvidenceError(
            "git-signature-trailing", expected=f"{end.decode()} at the end", found=ascii(lines[-1][:60])
        )
    return b"\n".join(lines) + b"\n"


def _told(headers: list[tuple[bytes, bytes]]) -> str:
    return ascii(b" ".join(name for name, _ in headers)[:80])
