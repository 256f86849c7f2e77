"""Bills of materials as bytes: those of others, and every way in which one may lie about its shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.sboms import CONTEXT, MAKERS, cyclonedx, spdx2, spdx3
from transparency.proofs.errors import EvidenceError
from transparency.proofs.sbom import document as bounds
from transparency.proofs.sbom.document import DeclaredFile, format_files, parse_files
from transparency.proofs.sbom.reading import parse_sbom

if TYPE_CHECKING:
    from collections.abc import Callable

    from transparency.proofs.sbom.document import Sbom

OTHERS = Path(__file__).resolve().parents[2] / "vectors" / "sbom"
FILES = {"src/a b.c": b"int a;\n", "README": b"hello\n"}


def read(value: Any) -> Sbom:
    return parse_sbom(value if isinstance(value, bytes) else json.dumps(value).encode())


@pytest.mark.parametrize("form", MAKERS)
def test_the_three_formats_say_the_same(form: str) -> None:
    found = read(MAKERS[form](FILES))
    assert found.form == form
    assert [file.path for file in found.files] == [b"src/a b.c", b"README"]
    subject = found.subjects[0]
    assert (subject.name, subject.version, subject.purl) == ("widget", "1.0", "pkg:pypi/widget@1.0")
    assert subject.licence == "MIT"
    algorithm = {"SPDX 2.3": "sha1", "SPDX 3.0": "sha256", "CycloneDX 1.6": "sha512"}[form]
    assert {file.algorithm for file in found.files} == {algorithm}


def test_the_example_of_spdx_is_read() -> None:
    found = parse_sbom((OTHERS / "SPDXJSONExample-v2.3.spdx.json").read_bytes())
    assert (found.name, len(found.files), len(found.packages)) == ("SPDX-Tools-v2.0", 5, 4)
    assert found.files[0] == DeclaredFile(
        b"src/org/spdx/parser/DOAPProject.java", "sha1", "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"
    )
    assert [one.name for one in found.subjects] == ["glibc"]
    assert found.packages[3].purl.startswith("pkg:") or any(one.purl for one in found.packages)


@pytest.mark.parametrize("path", sorted(OTHERS.glob("*-1.6.json")), ids=lambda path: path.stem)
def test_cases_of_cyclonedx_are_taken_and_refused_as_the_schema_says(path: Path) -> None:
    if path.stem.startswith("valid-"):
        assert parse_sbom(path.read_bytes()).form == "CycloneDX 1.6"
        return
    with pytest.raises(EvidenceError, match="sbom-"):
        parse_sbom(path.read_bytes())


def changed(make: Callable[..., dict[str, Any]], *steps: Any) -> dict[str, Any]:
    """The document with the value at a path of keys replaced by the last of `steps`."""
    document = make(FILES)
    place: Any = document
    for step in steps[:-2]:
        place = place[step]
    place[steps[-2]] = steps[-1]
    return document


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json-malformed"),
        (b"[]", "json-shape"),
        (b"{}", "sbom-format"),
        (b"\xff\xfe{\0}\0", "json-malformed"),
        (b'{"spdxVersion": "SPDX-2.3", "spdxVersion": "SPDX-2.3"}', "json-duplicate-key"),
        (b'{"bomFormat": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "json-too-deep"),
        (b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "x": NaN}', "json-malformed"),
        (b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "x": "\\ud800"}', "json-malformed"),
    ],
    ids=range(8),
)
def test_json_that_programs_read_differently_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(EvidenceError) as refused:
        parse_sbom(data)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (changed(spdx2, "spdxVersion", "SPDX-2.2"), "sbom-format"),
        (changed(spdx2, "spdxVersion", 2.3), "sbom-malformed"),
        (changed(spdx2, "SPDXID", "SPDXRef-Other"), "sbom-malformed"),
        (changed(spdx2, "files", 1, "SPDXID", "SPDXRef-File0"), "sbom-malformed"),
        (changed(spdx2, "files", 1, "SPDXID", ""), "sbom-malformed"),
        (changed(spdx2, "files", 0, "fileName", "./"), "sbom-malformed"),
        (changed(spdx2, "files", 0, "fileName", "a\0b"), "sbom-malformed"),
        (changed(spdx2, "files", 0, "fileName", "a" * 5000), "sbom-malformed"),
        (changed(spdx2, "files", 0, "fileName", None), "sbom-malformed"),
        (changed(spdx2, "files", 0, "checksums", 0, "checksumValue", "xyz"), "sbom-malformed"),
        (changed(spdx2, "files", 0, "checksums", 0, "checksumValue", "g" * 40), "sbom-malformed"),
        (changed(spdx2, "files", 0, "checksums", 0, "algorithm", "ROT13"), "sbom-malformed"),
        (
            changed(spdx2, "files", 0, "checksums", [{"algorithm": "SHA1", "checksumValue": c * 40} for c in "ab"]),
            "sbom-malformed",
        ),
        (changed(spdx2, "packages", 0, "versionInfo", 1), "sbom-malformed"),
        (changed(spdx2, "packages", {}), "sbom-malformed"),
        (changed(spdx3, "@context", ["https://evil.example/"]), "sbom-format"),
        (changed(spdx3, "@context", CONTEXT.replace("3.0.1", "3.1.0")), "sbom-format"),
        (changed(spdx3, "@context", CONTEXT + "\n"), "sbom-format"),
        (changed(spdx3, "@graph", {}), "sbom-malformed"),
        (changed(spdx3, "@graph", []), "sbom-malformed"),
        (changed(spdx3, "@graph", 1, "spdxId", "urn:bom"), "sbom-malformed"),
        (changed(spdx3, "@graph", 3, "type", "SpdxDocument"), "sbom-malformed"),
        (changed(cyclonedx, "specVersion", "1.4"), "sbom-format"),
        (changed(cyclonedx, "components", 0, "bom-ref", "main"), "sbom-malformed"),
        (changed(cyclonedx, "components", 0, "type", "virus"), "sbom-malformed"),
        (changed(cyclonedx, "components", 0, "hashes", [{"alg": "SHA-256", "content": "00"}]), "sbom-malformed"),
        (changed(cyclonedx, "components", 0, "components", "x"), "sbom-malformed"),
    ],
    ids=range(27),
)
def test_a_shape_that_the_format_has_not_is_refused(document: dict[str, Any], code: str) -> None:
    with pytest.raises(EvidenceError) as refused:
        read(document)
    assert refused.value.code == code


def test_what_goes_round_in_circles_ends() -> None:
    """Documents, elements and components may name each other, and themselves."""
    document = spdx3(FILES)
    document["@graph"][2]["rootElement"] = ["urn:bom", "urn:document", "urn:package"]
    document["@graph"][1]["rootElement"] = ["urn:bom", "urn:document"]
    assert [one.name for one in read(document).subjects] == ["widget"]
    assert len(read(spdx2(FILES)).files) == 2


def test_components_in_components_are_all_read() -> None:
    document = cyclonedx({})
    document["components"] = [{"type": "library", "name": "c0"}]
    inner = document["components"][0]
    for number in range(1, 20):
        inner["components"] = [{"type": "file", "name": f"src/f{number}"}]
        inner = inner["components"][0]
    assert len(read(document).files) == 19


def test_more_than_can_be_told_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_FILES", 1)
    with pytest.raises(EvidenceError, match="sbom-limit"):
        read(spdx2(FILES))


def test_no_word_of_it_is_longer_than_a_line() -> None:
    found = read(changed(cyclonedx, "components", 0, "name", "x\n\x1b[31m" + "y" * 1000))
    name = found.packages[0].name
    assert len(name) <= bounds.MAX_VALUE
    assert name.isprintable()


def test_files_cross_the_wall_as_lines() -> None:
    files = read(spdx3({**FILES, "\u2028\udcff".encode("utf-8", "replace").decode(): b""})).files
    assert tuple(parse_files(format_files(files))) == files
    none = (DeclaredFile(b"x"),)
    assert tuple(parse_files(format_files(none))) == none


@pytest.mark.parametrize(
    "line",
    [
        b"sha256 00 x\n",
        b"sha256 " + b"0" * 40 + b" x\n",
        b"rot13 " + b"0" * 40 + b" x\n",
        b"none - \n",
        b"none - a b\n",
        b"none - %zz\n",
        b"none - x",
        b"sha1 - x\n",
        b"\n",
    ],
)
def test_lines_of_another_shape_are_refused(line: bytes) -> None:
    with pytest.raises(EvidenceError, match="contained-answer"):
        list(parse_files(line))
