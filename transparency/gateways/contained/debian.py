"""Tasks on Debian source packages: take a .dsc apart, and read its archives as one tree."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from transparency.gateways.contained.intake import opened, take_all
from transparency.gateways.contained.wire import intake_json
from transparency.gateways.decompress import open_archive, open_members
from transparency.proofs.errors import EvidenceError
from transparency.proofs.escaping import escape_path
from transparency.proofs.links.dsc import MAX_FILE_BYTES, signed_text
from transparency.proofs.sources.archive import ArchiveError
from transparency.proofs.sources.debian import parse_dsc
from transparency.proofs.sources.membersource import Limits
from transparency.proofs.sources.overlay import PATCHES, Layer, OverlaySource, read_series
from transparency.proofs.sources.patches import MAX_PATCH_BYTES, FilePatch, parse_patch, target
from transparency.proofs.sources.paths import normal_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from transparency.proofs.sources.archive import Member

_SIGNATURE = b"-----BEGIN PGP SIGNATURE-----"
_DEBIAN = b"debian"
MAX_SERIES_BYTES = 128 * 1024 * 1024


def split_dsc(request: dict[str, Any], files: dict[str, int]) -> dict[str, Any]:  # noqa: ARG001 - as every task
    """Write the signed `text` and its `signature` out of the file `dsc`; the answer says which file plays which part."""
    with opened(files["dsc"], "rb") as stream:
        data = stream.read(MAX_FILE_BYTES + 1)
    text = signed_text(data)
    dsc = parse_dsc(text)
    for name, part in (("text", text), ("signature", data[data.index(_SIGNATURE) :].strip() + b"\n")):
        with opened(files[name], "wb") as stream:
            stream.write(part)
    return {
        "format": dsc.format,
        "source": dsc.source,
        "version": dsc.version,
        "files": [[name, item.size, item.sha256.hex] for name, item in sorted(dsc.files.items())],
        "orig": dsc.orig,
        "components": sorted(dsc.components.items()),
        "debian": dsc.debian,
        "diff": dsc.diff,
        "native": dsc.native,
        "signatures": sorted(dsc.signatures.items()),
    }


def read_source(request: dict[str, Any], files: dict[str, int]) -> dict[str, Any]:
    """Read the archives `part-N` as one tree, patched or not, into `pack`, `manifest`, `table` and `index`."""
    limits = Limits(**request["intake"])
    parts = {name: f"part-{number}" for number, name in enumerate(request["parts"])}
    with ExitStack() as stack:
        streams = {name: stack.enter_context(opened(files[key], "rb")) for name, key in parts.items()}
        patches = _escaping(lambda: _patches(request, streams, limits))
        # First how each lies in the tree, which may need a look of its own; then they are opened.
        shapes = {name: _shape(request, name, streams, limits) for name in request["parts"] if name != request["diff"]}
        layers = [
            Layer(stack.enter_context(open_members(streams[name], limits)), **shape) for name, shape in shapes.items()
        ]
        return intake_json(take_all(OverlaySource(layers, patches), limits, files))


def _shape(request: dict[str, Any], name: str, streams: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """How one archive lies in the tree."""
    components = {archive: folder.encode() for folder, archive in request["components"]}
    if name == request["debian"]:
        return {"only": _DEBIAN}
    prefix = _common_top(streams[name], limits)
    if name in components:
        return {"prefix": prefix, "folder": components[name]}
    replaced = tuple(components.values())
    return {"prefix": prefix, "without": (*replaced, _DEBIAN) if request["debian"] else replaced}


def _common_top(stream: Any, limits: Limits) -> bytes:
    """The folder that everything in an archive shares, else nothing: what dpkg-source strips."""
    tops: set[bytes] = set()
    with open_members(stream, limits) as members:
        for member in members:
            path = normal_path(member.path, folder=member.kind == "folder")
            tops.add(path.partition(b"/")[0] if b"/" in path or member.kind == "folder" else b"")
            for _ in member.pieces or ():
                pass
            tops.discard(b"") if not path else None
            if len(tops) > 1:
                break
    stream.seek(0)
    return tops.pop() if len(tops) == 1 else b""


def _patches(request: dict[str, Any], streams: dict[str, Any], limits: Limits) -> list[tuple[str, FilePatch]]:
    if request["diff"]:
        with open_archive(streams[request["diff"]]) as plain:
            data = plain.read(MAX_PATCH_BYTES + 1)
            plain.finish()
        if len(data) > MAX_PATCH_BYTES:
            raise EvidenceError("patch-malformed", expected=f"at most {MAX_PATCH_BYTES} bytes", found="more")
        found = [(request["diff"], patch) for patch in parse_patch(data, name=request["diff"])]
        if any(
            patch.moves for _, patch in found
        ):  # of upstream's file into debian/, or out of it: no tool writes such a diff
            raise EvidenceError("patch-unsupported", subject=request["diff"], expected="no moves", found="one")
        return found if request["patched"] else [item for item in found if target(item[1]).startswith(b"debian/")]
    if not request["patched"] or not request["debian"]:
        return []
    stream, held = streams[request["debian"]], 0
    small: dict[bytes, bytes] = {}
    with open_members(stream, limits) as members:
        for member in members:
            content, held = _patch_file(member, held)
            if content is not None:
                small[member.path.removeprefix(b"./")] = content
    stream.seek(0)
    return read_series(small)


def _escaping(read: Callable[[], list[tuple[str, FilePatch]]]) -> list[tuple[str, FilePatch]]:
    """Patches are named as their series names them; outside, a name is a member's, and escaped."""
    try:
        return read()
    except ArchiveError:
        raise  # of the archive that they lie in, which names its members escaped
    except EvidenceError as error:
        subject = escape_path(error.subject.encode())
        raise EvidenceError(error.code, subject=subject, expected=error.expected, found=error.found) from error


def _patch_file(member: Member, held: int) -> tuple[bytes | None, int]:
    """What lies below debian/patches, all of it bounded."""
    wanted = member.kind == "file" and member.path.removeprefix(b"./").startswith(PATCHES)
    if wanted:
        held += member.size
        if held > MAX_SERIES_BYTES:
            raise ArchiveError("patch-malformed", expected=f"at most {MAX_SERIES_BYTES} bytes of patches", found="more")
        return member.data if member.data is not None else b"".join(member.pieces or ()), held
    for _ in member.pieces or ():
        pass
    return None, held
