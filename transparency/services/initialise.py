"""Give the installation its identity: origin, log key, an empty signed log. Once, and never again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from transparency.errors import UnusableInputError
from transparency.gateways.signer import load_signing_key, store_signing_key
from transparency.models import Installation, LogHead, Organisation
from transparency.proofs.log.checkpoint import Checkpoint, sign_checkpoint
from transparency.proofs.log.merkle import EMPTY_ROOT
from transparency.proofs.log.note import format_vkey, generate_signing_key
from transparency.services.stores import log_store

if TYPE_CHECKING:
    from transparency.proofs.log.note import SigningKey

# A URL prefix without scheme (C2SP tlog-checkpoint): host, then path.
_ORIGIN = re.compile(r"[a-z0-9]([a-z0-9.-]{0,98}[a-z0-9])?(/[A-Za-z0-9._-]{1,60}){1,3}\Z")
OPERATOR_SLUG = "centre"


def initialise(*, origin: str, name: str) -> Installation:
    """Return the installation. Repeating with the same origin changes nothing; another origin is `origin-fixed`."""
    if not _ORIGIN.match(origin):
        raise UnusableInputError(
            "origin-malformed", expected="host/path in lower case, such as log.agency.gov/source", found=origin
        )
    existing = Installation.objects.first()
    if existing:
        if existing.origin != origin:
            raise UnusableInputError("origin-fixed", expected=existing.origin, found=origin)
        return existing
    key = _own_key(origin)
    checkpoint = sign_checkpoint(Checkpoint(origin, 0, EMPTY_ROOT), key)
    with transaction.atomic():
        row = Installation.objects.create(origin=origin, name=name, vkey=format_vkey(key.verifier))
        LogHead.objects.create(size=0, root=EMPTY_ROOT.hex, checkpoint=checkpoint)
        Organisation.objects.get_or_create(
            slug=OPERATOR_SLUG, defaults={"name": name, "kind": Organisation.Kind.OPERATOR}
        )
        log_store().write("checkpoint", checkpoint)
    return row


def _own_key(origin: str) -> SigningKey:
    """The key on disk when an earlier run got that far, else a fresh one."""
    path = settings.KEY_ROOT / "log.skey"
    if not path.exists():
        store_signing_key(path, generate_signing_key(origin))
    key = load_signing_key(path)
    if key.name != origin:
        raise UnusableInputError(
            "origin-fixed", expected=f"a log key named {origin}", found=key.name, subject=path.name
        )
    return key
