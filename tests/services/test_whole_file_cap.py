"""Signatures over the whole file (plain minisign, signify) need it in memory: 255 MiB are judged, 257 MiB are not, and it is said."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.cast import Cast, finish
from tests.signers import MinisignSigner, SignifySigner
from transparency.models import Delivery
from transparency.proofs.signatures.judge import MAX_WHOLE_BYTES
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.receive_delivery import receive_delivery
from transparency.services.stored_files import Received

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1024**2
END = 1024


def sparse_tar(path: Path, size: int) -> Path:
    """A tar of exactly `size` bytes with one member of zeros, which lies on the disk as a hole."""
    member = tarfile.TarInfo("pump-1.0/zeros")
    member.size = size - tarfile.BLOCKSIZE - END
    with path.open("wb") as stream:
        stream.write(member.tobuf(tarfile.USTAR_FORMAT))
        stream.truncate(size)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["minisign", "signify"])
@pytest.mark.parametrize(
    ("size", "state"),
    [
        (255 * MIB, ("admitted", "valid", "valid")),
        (257 * MIB, ("quarantined", "unavailable", "content-too-large")),
    ],
)
def test_the_cap_is_kept_by_a_real_import(
    cast: Cast, tmp_path: Path, kind: str, size: int, state: tuple[str, str, str]
) -> None:
    archive = sparse_tar(tmp_path / "pump-1.0.tar", size)
    signer = MinisignSigner(tmp_path, legacy=True) if kind == "minisign" else SignifySigner(tmp_path)
    signature = signer.sign_file(archive)
    release = ensure_release(vendor="acme", product="pump", version="1.0", restricted=False)
    enrol_product_anchor(product=release.product, public_text=signer.public.read_text(), enrolled_by=cast.vendor)
    with archive.open("rb") as stream:
        received = Received(archive.name, stream)
        finish(receive_delivery(release=release, archive=received, signatures=[signature], send=False))
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.verdict, delivery.verdict_code) == state
    if state[0] == "quarantined":
        steps = [step for step in delivery.signatures.get().steps if str(MAX_WHOLE_BYTES) in step["expected"]]
        assert [step["found"] for step in steps] == [str(size)]
