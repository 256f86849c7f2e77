from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.mutations import accepted
from transparency.proofs.attest.dsse import (
    PAYLOAD_TYPE,
    Envelope,
    EnvelopeSignature,
    format_envelope,
    parse_envelope,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
envelopes = st.builds(
    Envelope,
    st.binary(max_size=80),
    st.just(PAYLOAD_TYPE),
    st.lists(st.builds(EnvelopeSignature, texts, st.binary(max_size=80)), min_size=1, max_size=16).map(tuple),
)
REFUSALS = {"envelope-malformed", "payload-type", "json-malformed", "json-shape", "json-duplicate-key"}


@settings(deadline=None)
@given(envelopes)
def test_an_envelope_parses_to_itself_and_back(envelope: Envelope) -> None:
    data = format_envelope(envelope)
    assert parse_envelope(data) == envelope
    assert format_envelope(parse_envelope(data)) == data


@settings(deadline=None)
@given(envelopes)
def test_an_envelope_of_another_spelling_says_the_same(envelope: Envelope) -> None:
    spelt = json.dumps(json.loads(format_envelope(envelope)) | {"more": 1}, indent=2).encode()
    assert parse_envelope(spelt) == envelope


def test_a_changed_envelope_is_refused_or_comes_back_from_its_own_canonical_bytes() -> None:
    envelope = Envelope(b'{"_type":"x"}', PAYLOAD_TYPE, (EnvelopeSignature("key", bytes(range(64))),))
    for _, found in accepted(format_envelope(envelope), parse_envelope, REFUSALS):
        assert parse_envelope(format_envelope(found)) == found
