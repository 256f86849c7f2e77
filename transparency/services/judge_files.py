"""Ask what the signatures over a stored file are worth, against the keys enrolled for its product."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from transparency.gateways.durable import temporary_file
from transparency.gateways.openpgp import OpenPgp
from transparency.gateways.parsing import Over, Tick, decompress, judge_signatures, quiet
from transparency.proofs.digest import Digest
from transparency.proofs.signatures.judge import FileDigests, Verdict, judge_all
from transparency.services.contain import intake_limits, sandbox
from transparency.services.enrol_anchor import product_anchors, relevant_anchors
from transparency.services.enrolled_keys import enrolled_keys
from transparency.services.receive_delivery import MAX_SIGNATURE_BYTES
from transparency.services.stores import objects

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from transparency.gateways.sandbox import Meter
    from transparency.models import Product
    from transparency.proofs.signatures.keys import EnrolledKey
    from transparency.services.stored_files import StoredFile


def judge_file(
    *,
    product: Product,
    file: StoredFile,
    signatures: Sequence[str],
    logged_at: datetime | None = None,
    over: Over | None = None,
    tick: Tick = quiet,
    meter: Meter | None = None,
    as_if: Sequence[EnrolledKey] = (),
) -> Verdict:
    """Verdict over a stored file by stored signature files (their digests).

    `logged_at`: when our log first held these bytes with these signatures. `over`: what the file is, when it is not the archive.
    `tick` is called while it lasts: a large file takes longer than a lease. `as_if`: keys that count, for a dry run, as if enrolled.
    """
    compartment = product.store_key
    read = [objects().read(compartment, Digest.parse(name), limit=MAX_SIGNATURE_BYTES + 1) for name in signatures]
    if not read:
        return no_signature()
    with objects().open(compartment, file.digest) as content:
        return judge_signatures(
            sandbox(),
            read,
            content,
            file.digests,
            _keys(product, read, as_if),
            now=timezone.now(),
            logged_at=logged_at,
            over=over,
            tick=tick,
            meter=meter,
        )


def judge_decompressed(
    *,
    product: Product,
    archive: StoredFile,
    signatures: Sequence[str],
    logged_at: datetime | None = None,
    tick: Tick = quiet,
    meter: Meter | None = None,
    as_if: Sequence[EnrolledKey] = (),
) -> tuple[Verdict, FileDigests]:
    """Verdict over the decompressed archive, and its digests; the plain bytes are on disk only while they are judged."""
    compartment = product.store_key
    read = [objects().read(compartment, Digest.parse(name), limit=MAX_SIGNATURE_BYTES + 1) for name in signatures]
    with (
        objects().open(compartment, archive.digest) as packed,
        temporary_file(objects().scratch(compartment), "plain") as (plain, _),
    ):
        digests = decompress(sandbox(), packed, plain, limits=intake_limits(), tick=tick, meter=meter)
        plain.seek(0)
        verdict = judge_signatures(
            sandbox(),
            read,
            plain,
            digests,
            _keys(product, read, as_if),
            now=timezone.now(),
            logged_at=logged_at,
            over=Over("decompressed"),
            tick=tick,
            meter=meter,
        )
    return verdict, digests


def not_enrolled(product: Product, keys: Sequence[EnrolledKey]) -> tuple[EnrolledKey, ...]:
    """Those of a dry run's keys that would be new here: what is known of a key, its revocation too, stays as it is."""
    given = [key.fingerprint for key in keys]
    known = set(product_anchors(product).filter(fingerprint__in=given).values_list("fingerprint", flat=True))
    return tuple(key for key in keys if key.fingerprint not in known)


def _keys(product: Product, signatures: Sequence[bytes], as_if: Sequence[EnrolledKey]) -> tuple[EnrolledKey, ...]:
    return (*enrolled_keys(relevant_anchors(product, signatures)), *not_enrolled(product, as_if))


def no_signature() -> Verdict:
    """The verdict where there is nothing that could be signed."""
    return judge_all((), None, (), now=timezone.now(), content=None, openpgp=None)


def openpgp_checker() -> OpenPgp:
    """The OpenPGP gateway, for whoever may not reach gateways itself."""
    return OpenPgp()
