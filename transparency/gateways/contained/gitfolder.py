"""A repository in an archive: one look for references and for what would deceive, one for the objects. Nothing is unpacked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.gateways.decompress import open_members
from transparency.proofs.errors import EvidenceError
from transparency.proofs.sources.bounds import check_ratio
from transparency.proofs.sources.gitfolder import MAX_PACKED_REFS_BYTES, FolderHead, JoinedPack, Part, role_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from transparency.proofs.sources.archive import Member
    from transparency.proofs.sources.gitbundle import BundleHead
    from transparency.proofs.sources.membersource import Limits, MemberSource

# An index is a hint: of one that is larger nothing is known, and what lies there twice is found by git.
MAX_INDEX_BYTES = 192 * 1024 * 1024
_SMALL = {"index": MAX_INDEX_BYTES}


def take_folder(source: BinaryIO, pack: BinaryIO, limits: Limits) -> BundleHead:
    """Write one pack of all objects; the head has the references (`git-…`, `limit-…` and what reading archives raises)."""
    found = FolderHead()
    for part, member in _parts(source, limits):
        if part.kind not in {"pack", "loose"}:
            found.add(part, _whole(member, _SMALL.get(part.kind, MAX_PACKED_REFS_BYTES), part))
    head = found.close()
    joined = JoinedPack(pack, head.object_format)
    for part, member in _parts(source, limits):
        found.add(Part("pack", part.root), b"")
        if part.kind == "pack":
            joined.add_pack(_pieces(member))
        elif part.kind == "loose" and bytes.fromhex(part.name.replace(b"/", b"").decode()) not in found.indexed:
            joined.add_loose(_pieces(member), limit=limits.member)
    joined.finish()
    return head


def _parts(source: BinaryIO, limits: Limits) -> Iterator[tuple[Part, Member]]:
    source.seek(0)
    count = content = 0
    with open_members(source, limits) as members:
        for member in members:
            count, content = count + 1, content + member.size
            _bound(count, content, members, limits)
            part = role_of(member.path.removeprefix(b"./")) if member.kind != "folder" else None
            if part and member.kind != "file":
                raise EvidenceError("git-folder-malformed", expected="files of its own", found=f"a {member.kind}")
            if part:
                yield part, member
            for _ in member.pieces or ():  # whatever nobody read
                pass
        members.finish()


def _bound(count: int, content: int, members: MemberSource, limits: Limits) -> None:
    check_ratio(content, members.consumed, limits)
    if count > limits.members:
        raise EvidenceError("limit-members", expected=f"at most {limits.members} members", found="more")
    if content > limits.content:
        raise EvidenceError("limit-content", expected=f"at most {limits.content} bytes", found="more")


def _pieces(member: Member) -> Iterable[bytes]:
    return (member.data,) if member.data is not None else member.pieces or ()


def _whole(member: Member, limit: int, part: Part) -> bytes:
    """A small file; of an index that is too large, nothing."""
    if member.size <= limit:
        return b"".join(_pieces(member))
    if part.kind == "index":
        return b""
    raise EvidenceError("git-folder-malformed", expected=f"at most {limit} bytes", found=str(member.size))
