"""A source description that dpkg-source wrote, with every byte changed."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.mutations import accepted
from tests.signers import OpenPgpSigner
from transparency.proofs.errors import EvidenceError
from transparency.proofs.links.dsc import fields_of, files_named, signed_text
from transparency.proofs.sources.debian import Dsc, parse_dsc

if TYPE_CHECKING:
    from pathlib import Path

CHANGELOG = """pump (1.0) unstable; urgency=low

  * First.

 -- A Maintainer <a@example.org>  Tue, 24 Nov 2026 10:00:00 +0000
"""
CONTROL = "Source: pump\nMaintainer: A Maintainer <a@example.org>\n\nPackage: pump\nArchitecture: all\nDescription: x\n"
REFUSALS = {"dsc-malformed", "dsc-format", "dsc-weak", "dsc-disagrees", "digest-malformed"}
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    tree: Path = tmp_path_factory.mktemp("source") / "pump-1.0"
    (tree / "debian" / "source").mkdir(parents=True)
    (tree / "debian" / "source" / "format").write_text("3.0 (native)\n")
    (tree / "debian" / "changelog").write_text(CHANGELOG)
    (tree / "debian" / "control").write_text(CONTROL)
    subprocess.run(["dpkg-source", "-b", tree.name], cwd=tree.parent, check=True, capture_output=True)
    return (tree.parent / "pump_1.0.dsc").read_bytes()


def test_a_changed_description_is_refused_or_names_what_stands_in_it(written: bytes) -> None:
    for mutated, found in accepted(written.rstrip(b"\n"), parse_dsc, REFUSALS):
        lines = [line.split() for line in mutated.split(b"\n")]
        assert found.files
        for name, item in found.files.items():
            assert [item.sha256.hex.encode(), str(item.size).encode(), name.encode()] in lines
        assert set(found.archives) | set(found.signatures.values()) == set(found.files)


def test_a_changed_clear_signed_description_is_refused_or_its_text_is_the_one_inside(written: bytes) -> None:
    signed = OpenPgpSigner().clearsign(written)
    for mutated, text in accepted(signed, signed_text, {"dsc-malformed"}):
        body = mutated.partition(b"\n\n")[2].partition(b"-----BEGIN PGP SIGNATURE")[0]
        assert [line.split() for line in text.split(b"\n") if line.strip()] == [
            line.removeprefix(b"- ").split() for line in body.split(b"\n") if line.strip()
        ]


@settings(max_examples=60)
@given(st.from_regex(r"[a-z][a-z0-9+.-]{1,8}", fullmatch=True), digests, digests, st.integers(0, 10**15 - 1))
def test_a_description_of_any_quilt_source_reads_back(source: str, first: str, second: str, size: int) -> None:
    orig, debian = f"{source}_1.0.orig.tar.xz", f"{source}_1.0-2.debian.tar.xz"
    lines = [f" {first} {size} {orig}", f" {second} 9 {debian}"]
    text = "\n".join(["Format: 3.0 (quilt)", f"Source: {source}", "Version: 1.0-2", "Checksums-Sha256:", *lines])
    found: Dsc = parse_dsc(text.encode())
    assert (found.orig, found.debian, found.source) == (orig, debian, source)
    assert {name: (item.size, item.sha256.hex) for name, item in found.files.items()} == {
        orig: (size, first),
        debian: (9, second),
    }


@given(st.text(st.sampled_from("Format: 3.0(quilt)\nSourceVersion-Chksa256\t"), max_size=120))
def test_noise_as_a_description_is_refused_by_a_code(text: str) -> None:
    for read in (parse_dsc, files_named, fields_of):
        try:
            read(text.encode())
        except EvidenceError as error:
            assert error.code in REFUSALS
