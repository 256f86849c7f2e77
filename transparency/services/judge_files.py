"""Ask the proof room what the signatures over a stored file are worth, against the keys enrolled for its product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from transparency.gateways.openpgp import OpenPgp
from transparency.proofs.digest import Digest
from transparency.proofs.signatures.judge import Content, FileDigests, Verdict, judge_all
from transparency.services.enrol_anchor import enrolled_keys
from transparency.services.receive_delivery import MAX_SIGNATURE_BYTES
from transparency.services.stores import cache, objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.models import Release


def judge_file(*, release: Release, file: dict[str, Any], signatures: Sequence[str]) -> Verdict:
    """Verdict over a stored file (its description in a job's payload) by stored signature files (their digests)."""
    compartment = release.product.store_key
    read = [objects().read(compartment, Digest.parse(name), limit=MAX_SIGNATURE_BYTES + 1) for name in signatures]
    digests = FileDigests(
        size=file["size"],
        sha256=bytes.fromhex(file["sha256"]),
        sha512=bytes.fromhex(file["sha512"]),
        blake2b512=bytes.fromhex(file["blake2b512"]),
    )
    path = cache().materialise(compartment, Digest.parse(file["sha256"]))
    return judge_all(
        read,
        digests,
        enrolled_keys(release.product.anchors.all()),
        now=timezone.now(),
        content=Content(path=str(path)),
        openpgp=OpenPgp(),
    )


def no_signature() -> Verdict:
    """The verdict where there is nothing that could be signed."""
    return judge_all((), None, (), now=timezone.now(), content=None, openpgp=None)


def openpgp_checker() -> OpenPgp:
    """The OpenPGP gateway, for whoever may not reach gateways itself."""
    return OpenPgp()
