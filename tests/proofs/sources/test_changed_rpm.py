"""A source RPM with one thing changed: refused by its codes, or its headers lie inside the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proofs.mutations import accepted
from tests.proofs.sources.rpms import FILES, IMMUTABLE, header, main_entries, rpm
from transparency.proofs.sources.rpm import REGION_IMMUTABLE, parse_header, parse_rpm

if TYPE_CHECKING:
    from transparency.proofs.sources.rpm import Header, RpmHead

REFUSALS = {"rpm-header", "rpm-lead", "rpm-binary", "rpm-size", "rpm-digest"}


def _header(data: bytes) -> Header:
    return parse_header(lambda offset, count: data[offset : offset + count], 0, len(data), region=REGION_IMMUTABLE)


def _head(data: bytes) -> RpmHead:
    return parse_rpm(lambda offset, count: data[offset : offset + count], len(data))


def test_a_changed_header_is_refused_or_lies_inside_what_there_is() -> None:
    for data, found in accepted(header(main_entries(FILES, b""), IMMUTABLE), _header, REFUSALS):
        assert found.end <= len(data)


def test_a_changed_source_rpm_is_refused_or_its_payload_follows_its_headers() -> None:
    for data, found in accepted(rpm(), _head, REFUSALS):
        assert 0 < found.payload <= len(data)
