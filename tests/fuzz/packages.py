"""Targets for packages: what they declare, package URLs, and the header and the payload of a source RPM."""

from __future__ import annotations

from tests.proofs.packages.recognising import package_in
from tests.proofs.sources.rpms import FILES, IMMUTABLE, cpio, header, main_entries
from tests.proofs.sources.tars import PlainStream
from transparency.gateways.contained.packagewire import package_json, parse_package
from transparency.proofs.errors import EvidenceError
from transparency.proofs.packages.purl import format_purl, parse_purl
from transparency.proofs.packages.rpmheader import recognise_rpm
from transparency.proofs.sources import rpm
from transparency.proofs.sources.cpio import CpioReader
from transparency.proofs.sources.rpmsource import files_of

_PLACES = (
    ("pump-1.0/PKG-INFO", "gz"),
    ("package/package.json", "gz"),
    ("pump-1.0/Cargo.toml", "gz"),
    ("code.test/pump@v1.0.0/go.mod", "zip"),
)


def package_metadata(data: bytes) -> None:
    """Whatever stands in the metadata of a package is told or is a finding, and passes the wall as it is."""
    path, container = _PLACES[data[0] % len(_PLACES) if data else 0]
    found = package_in({path: data[1:]}, container=container, name="pump-1.0.crate")
    if found is None:
        raise EvidenceError("none")
    assert parse_package(package_json(found)) == found
    if not found.name:
        raise EvidenceError("nothing told")


def purl(data: bytes) -> None:
    text = format_purl(parse_purl(data.decode("utf-8", "replace")))
    assert format_purl(parse_purl(text)) == text


def rpm_header(data: bytes) -> None:
    """A header alone: its values are inside it, and what it declares passes the wall."""
    found = rpm.parse_header(
        lambda offset, count: data[offset : offset + count], 0, len(data), region=rpm.REGION_IMMUTABLE
    )
    assert found.end <= len(data)
    package = recognise_rpm(found, spec="pump.spec", name="x.src.rpm")
    assert parse_package(package_json(package)) == package
    files_of(found)


def cpio_members(data: bytes) -> None:
    for member in CpioReader(PlainStream(data)):
        read = member.data if member.data is not None else b"".join(member.pieces or ())
        assert len(read) == member.size


def add_packages(found: dict[str, list[bytes]]) -> None:
    """Seeds: one of each kind."""
    found["package_metadata"] = [
        b"\0Metadata-Version: 2.1\nName: pump\nVersion: 1.0\nLicense: MIT\nProject-URL: Source, https://a.test\n",
        b'\1{"name": "@a/pump", "version": "1.0.0", "license": {"type": "MIT"}, "repository": "a/b"}',
        b'\2[package]\nname = "pump"\nversion = "1.0.0"\nlicense = "MIT"\n',
        b"\3module code.test/pump\n",
    ]
    found["purl"] = [b"pkg:npm/%40babel/core@7.0.0?a=b&c=d#sub/path", b"pkg:rpm/fedora/curl@7.50.3-1?arch=i386"]
    found["rpm_header"] = [header(main_entries(FILES, b""), IMMUTABLE)]
    found["cpio_members"] = [cpio(FILES)]
