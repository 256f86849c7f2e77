"""Targets for what Debian source packages are made of: the signed text, the description, series, patches and the tree of several archives.

What a patch makes here it must make with GNU patch as dpkg-source calls it, wherever both take it.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

from tests.fuzz.shaped import LIMITS, with_sums
from tests.proofs.sources.tars import PlainStream
from transparency.proofs.errors import EvidenceError
from transparency.proofs.links.dsc import fields_of, files_named, signed_text
from transparency.proofs.manifest import parse_manifest
from transparency.proofs.sources.debian import parse_dsc
from transparency.proofs.sources.intake import take_in
from transparency.proofs.sources.membersource import TarSource
from transparency.proofs.sources.overlay import Layer, OverlaySource, read_series
from transparency.proofs.sources.patches import parse_patch, parse_series, target
from transparency.proofs.sources.patching import apply_patch
from transparency.proofs.sources.paths import judge_path

# dpkg-source's own call (Dpkg::Source::Patch), but for the backups that it removes afterwards.
GNU_PATCH = (
    "patch",
    "-t",
    "-F",
    "0",
    "-N",
    "-p1",
    "-u",
    "-V",
    "never",
    "-E",
    "-s",
    "-r",
    "-",
    "--no-backup-if-mismatch",
)
_NAMES = (b"f", b"g")


def cleartext(data: bytes) -> None:
    """The text that a .dsc's signature covers: no line of it ends in white space, and it reads alike once more."""
    text = signed_text(data)
    assert not any(line != line.rstrip(b" \t\r") for line in text.split(b"\n"))
    again = b"\n".join(b"- " + line if line.startswith(b"-") else line for line in text.split(b"\n"))
    frame = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{}\n-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----\n"
    before, after = frame.encode().split(b"{}")
    assert signed_text(before + again + after) == text


def dsc(data: bytes) -> None:
    """Every part is a file that the text names, with a name that is one."""
    found = parse_dsc(data)
    assert set(found.archives) | set(found.signatures.values()) == set(found.files)
    assert dict(files_named(data)) == dict(found.files)
    assert fields_of(data)["source"][0].strip() == found.source
    assert not any("/" in name or name.startswith(".") for name in found.files)


def series(data: bytes) -> None:
    """Names stay in their folder, each once."""
    names = parse_series(data)
    assert len(set(names)) == len(names)
    assert not any(".." in name.split("/") or name.startswith("/") for name in names)
    read_series({b"debian/patches/series": data} | {b"debian/patches/" + name.encode(): b"" for name in names})


def patch_text(data: bytes) -> None:
    """No accepted patch touches a name that the path policy refuses."""
    for item in parse_patch(data, name="p"):
        assert not any(finding.fatal for finding in judge_path(target(item)))


def patch_apply(data: bytes) -> None:
    """A file and a patch; what comes out is what GNU patch makes of them."""
    cut = int.from_bytes(data[:2], "big")
    content, text = data[2 : 2 + cut], data[2 + cut :]
    patches = parse_patch(text, name="p")
    if not patches or not {target(item) for item in patches} <= set(_NAMES):
        return
    files: dict[bytes, bytes] = {b"f": content}
    for item in patches:
        made = apply_patch(files.get(target(item)), item, name="p")
        files.pop(target(item), None)
        if made is not None:
            files[target(item)] = made
    theirs = _patched_by_gnu(content, text)
    assert theirs == files, (theirs, files)


def overlay(data: bytes) -> None:
    """An upstream archive, what a distribution adds, and a patch: an intake, whatever they are."""
    cut = int.from_bytes(data[:2], "big") % 8 * 512
    upstream, text = with_sums(data[2 : 2 + cut]), data[2 + cut :]
    try:
        patches = [("p", item) for item in parse_patch(text, name="p")]
    except EvidenceError:
        patches = []
    layers = (
        Layer(TarSource(PlainStream(upstream), LIMITS), prefix=b"pkg", without=(b"debian",)),
        Layer(TarSource(PlainStream(with_sums(text)), LIMITS), folder=b"debian"),
    )
    intake = take_in(OverlaySource(layers[: 1 if patches else 2], patches), io.BytesIO(), limits=LIMITS)
    if not intake.refused:
        assert len(parse_manifest(intake.manifest)) == intake.files


def _patched_by_gnu(content: bytes, text: bytes) -> dict[bytes, bytes]:
    folder = _scratch()
    for name in list(folder.iterdir()):
        name.unlink()
    (folder / "f").write_bytes(content)
    done = subprocess.run(
        [*GNU_PATCH, "-d", str(folder)],
        input=text,
        capture_output=True,
        check=False,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )
    if done.returncode:
        return {b"refused": done.stdout + done.stderr}
    return {path.name.encode(): path.read_bytes() for path in folder.iterdir()}


@lru_cache(maxsize=1)
def _scratch() -> Path:
    memory = Path("/dev/shm")  # noqa: S108 - a private folder in it
    return Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
