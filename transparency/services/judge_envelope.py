"""Ask the proof room whether an envelope is signed by one of a person's enrolled keys, now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from transparency.gateways.openpgp import OpenPgp
from transparency.proofs.attest.dsse import check_envelope
from transparency.queries import installation
from transparency.services.enrol_anchor import enrolled_keys

if TYPE_CHECKING:
    from transparency.models import Person
    from transparency.proofs.attest.dsse import Envelope, VerifiedPayload


def judge_envelope(*, person: Person, envelope: Envelope) -> VerifiedPayload:
    """Return the payload and the key that signed it; raise what `check_envelope` raises."""
    keys = enrolled_keys(person.anchors.filter(organisation=person.organisation))
    return check_envelope(envelope, keys, origin=installation().origin, now=timezone.now(), openpgp=OpenPgp())
