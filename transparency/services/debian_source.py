"""A Debian source package as it was handed in: its .dsc taken apart, its files by name, and what is delivered of it, by role."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from transparency.gateways.debian_parsing import SplitDsc, split_dsc
from transparency.gateways.durable import temporary_file
from transparency.proofs.records import DSC
from transparency.services.arrival import Arrival, Beside, Cover, as_if_of, release_of
from transparency.services.contain import sandbox
from transparency.services.stored_files import Received, StoredFile, store_file
from transparency.services.stores import objects

if TYPE_CHECKING:
    from transparency.models import Release

UPSTREAM, DISTRIBUTION, PATCHED = "upstream", "distribution", "patched"
MAX_TEXT_BYTES = 2 * 1024**2


@dataclass(frozen=True, slots=True)
class DebianSource:
    """The package, taken apart: its .dsc, the stored text and signature of it, and the files by name."""

    release: Release
    dsc: StoredFile
    split: SplitDsc
    text: StoredFile
    signature: str
    files: dict[str, StoredFile]

    def beside(self, role: str) -> tuple[Beside, ...]:
        """Signatures over single files that count for a role: the upstream archive's for that one alone, all others for the trees.

        One that was handed in counts, whether the description lists it or not.
        """
        listed = {name for name, _, _ in self.split.files}
        signed = [
            (name, f"{name}.asc") for name in sorted(listed) if name in self.files and f"{name}.asc" in self.files
        ]
        return tuple(
            Beside(self.files[signature].sha256, self.files[name], is_listed=signature in listed)
            for name, signature in signed
            if (name == self.split.orig) == (role == UPSTREAM)
        )


def take_apart(payload: dict[str, Any]) -> DebianSource:
    """The package that a job's payload names; what is no source description is refused (`dsc-…`)."""
    release = release_of(payload)
    product, dsc = release.product, StoredFile.from_json(payload["dsc"])
    scratch = objects().scratch(product.store_key)
    with (
        objects().open(product.store_key, dsc.digest) as stream,
        temporary_file(scratch, "text") as (text, _),
        temporary_file(scratch, "signature") as (signature, _),
    ):
        split = split_dsc(sandbox(), stream, text=text, signature=signature)
        for part in (text, signature):
            part.seek(0)
        return DebianSource(
            release=release,
            dsc=dsc,
            split=split,
            text=store_file(product=product, received=Received(f"{dsc.name}.text", text), limit=MAX_TEXT_BYTES),
            signature=store_file(
                product=product, received=Received("signature", signature), limit=MAX_TEXT_BYTES
            ).sha256,
            files={file["name"]: StoredFile.from_json(file) for file in payload["files"]},
        )


def arrivals_of(source: DebianSource, payload: dict[str, Any], *, dry_run: bool = False) -> dict[str, Arrival]:
    """What will be delivered, by role. The archive of the trees is the .dsc; the files that it names are their components."""
    split = source.split
    whole = Arrival(
        release=source.release,
        role=DISTRIBUTION,
        archive=source.dsc,
        signatures=(source.signature,),
        cover=Cover(DSC, source.text),
        components=tuple(source.files[name] for name, _, _ in split.files if name in source.files),
        beside=source.beside(DISTRIBUTION),
        sender=payload["sender"],
        dry_run=dry_run,
        as_if=as_if_of(payload) if dry_run else (),
    )
    found = {DISTRIBUTION: whole}
    if split.debian or split.diff:
        found[PATCHED] = replace(whole, role=PATCHED, may_be_subject=False)
    if split.orig and split.orig in source.files:
        found[UPSTREAM] = replace(
            whole,
            role=UPSTREAM,
            archive=source.files[split.orig],
            components=(),
            beside=source.beside(UPSTREAM),
            may_be_subject=False,
        )
    return found
