"""Packages by their shape: real ones whole, and what pretends to be one, or contradicts itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proofs.packages.recognising import package_in, package_of_file, rules
from transparency.proofs.packages.declared import MAX_METADATA_BYTES, MAX_VALUE
from transparency.proofs.packages.release import against_release

REAL = Path(__file__).resolve().parents[2] / "vectors" / "packages"
INFO = b"Metadata-Version: 2.1\nName: pump\nVersion: 1.0\n"
JSON = b'{"name": "pump", "version": "1.0.0"}'
TOML = b'[package]\nname = "pump"\nversion = "1.0.0"\n'
CRATE = {"pump-1.0.0/Cargo.toml": TOML, "pump-1.0.0/Cargo.toml.orig": TOML}
GO = {"code.test/Pump/v2@v2.1.0/go.mod": b"module code.test/Pump/v2\n", "code.test/Pump/v2@v2.1.0/a.go": b"x"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("six-1.16.0.tar.gz", ("sdist", "six", "1.16.0", "pkg:pypi/six@1.16.0", "MIT", "")),
        (
            "left-pad-1.3.0.tgz",
            (
                "npm",
                "left-pad",
                "1.3.0",
                "pkg:npm/left-pad@1.3.0",
                "WTFPL",
                "git@github.com:stevemao/left-pad.git",
            ),
        ),
        (
            "itsy-widget-0.3.1.crate",
            (
                "crate",
                "itsy-widget",
                "0.3.1",
                "pkg:cargo/itsy-widget@0.3.1",
                "MIT OR Apache-2.0",
                "https://code.example/itsy-widget",
            ),
        ),
    ],
)
def test_real_packages_say_who_they_are_and_nothing_is_odd(name: str, said: tuple[str, ...]) -> None:
    intake, found = package_of_file(REAL / name)
    assert found is not None
    assert (found.kind, found.name, found.version, found.purl, found.licence, found.repository) == said
    assert found.findings == ()
    assert found.file.encode() in intake.manifest


def test_a_go_module_lies_below_its_name_and_go_mod_agrees() -> None:
    found = package_in(GO, container="zip", name="v2.1.0.zip")
    assert found is not None
    assert (found.kind, found.name, found.version) == ("go", "code.test/Pump/v2", "v2.1.0")
    assert (found.purl, found.file, found.findings) == (
        "pkg:golang/code.test/pump/v2@v2.1.0",
        "Pump/v2@v2.1.0/go.mod",
        (),
    )
    other = {**GO, "code.test/Pump/v2@v2.1.0/go.mod": b"module code.test/other\n"}
    assert rules(package_in(other, container="zip")) == ["package-module"]
    assert rules(package_in({**GO, "code.test/Pump/v2@v2.1.0/go.mod": b"modul x\n"}, container="zip")) == [
        "package-malformed"
    ]


@pytest.mark.parametrize(
    ("files", "container"),
    [
        ({**GO, "README": b"outside the module's folder"}, "zip"),
        (GO, "gz"),
        ({"a/node_modules/@vue/x/go.mod": b"", "a/node_modules/@vue/y": b""}, "zip"),
        ({"package/package.json": JSON}, "zip"),
        ({"package/package.json": JSON}, "xz"),
        (CRATE, "zip"),
        ({"pump-1.0.0/Cargo.toml": TOML}, "gz"),
        ({"pump-1.0/package.json": JSON}, "gz"),
        ({"pump-1.0/deeper/PKG-INFO": INFO}, "gz"),
        ({"PKG-INFO": INFO, "setup.py": b"raise SystemExit"}, "gz"),
        ({"pump-1.0/PKG-INFO": INFO, "other/file": b""}, "gz"),
    ],
)
def test_what_has_not_the_whole_shape_is_a_plain_archive(files: dict[str, bytes], container: str) -> None:
    assert package_in(files, container=container) is None


def test_a_file_called_a_crate_without_its_metadata_is_said_to_be_one_without() -> None:
    assert rules(package_in({"pump-1.0.0/lib.rs": b""}, name="pump-1.0.0.crate")) == ["package-missing"]


@pytest.mark.parametrize(
    ("files", "name", "found"),
    [
        ({"pump-1.1/PKG-INFO": INFO}, "pump-1.0.tar.gz", ["package-folder"]),
        ({"pump-1.0/PKG-INFO": INFO}, "pump-1.1.tar.gz", ["package-file-name"]),
        ({"pump-1.0/PKG-INFO": INFO}, "Pump-1.0.tar.gz", []),
        ({"node/package.json": JSON}, "pump-1.0.0.tgz", ["package-folder"]),
        ({"package/package.json": JSON}, "bump-1.0.0.tgz", ["package-file-name"]),
        ({"package/package.json": b'{"name": "@a/pump", "version": "1.0.0"}'}, "a-pump-1.0.0.tgz", []),
        ({path.replace("1.0.0", "1.0"): data for path, data in CRATE.items()}, "pump-1.0.0.crate", ["package-folder"]),
        ({"pump-1.0.0/Cargo.toml": TOML}, "pump-1.0.0.crate", ["package-original"]),
        (
            {**CRATE, "pump-1.0.0/Cargo.toml.orig": TOML.replace(b"pump", b"bump")},
            "pump-1.0.0.crate",
            ["package-original"],
        ),
        ({**CRATE, "pump-1.0.0/Cargo.toml.orig": b"["}, "pump-1.0.0.crate", ["package-original"]),
    ],
)
def test_conventions_that_are_not_kept_are_findings(files: dict[str, bytes], name: str, found: list[str]) -> None:
    assert rules(package_in(files, name=name)) == found


@pytest.mark.parametrize(
    "info",
    [
        b"",
        b"Name: pump\nVersion: 1.0\n",
        b"Metadata-Version: 2.1\nName: pump\n",
        b"\n" + INFO,
        b" Name: pump\n" + INFO,
        INFO + b"no field\n",
        INFO.replace(b"pump", b"../pump"),
        INFO.replace(b"1.0", b"1.0\x1b[31m"),
        INFO + b"License: \xff\n",
        INFO + b"x" * MAX_METADATA_BYTES,
        INFO + b"a:b\n" * 60_000,
    ],
    ids=range(11),
)
def test_core_metadata_that_do_not_read_strictly_tell_nothing(info: bytes) -> None:
    found = package_in({"pump-1.0/PKG-INFO": info}, name="pump-1.0.tar.gz")
    assert rules(found) == ["package-malformed"]
    assert found is not None
    assert (found.kind, found.name, found.version, found.purl) == ("sdist", "", "", "")


def test_a_field_that_stands_twice_counts_nowhere() -> None:
    """One reader takes the first, another the last: neither is believed, and what follows from it is not told."""
    found = package_in({"pump-1.0/PKG-INFO": INFO + b"Name: bump\nVersion: 1.0\nLicense: MIT\n"})
    assert found is not None
    assert (found.name, found.version, found.purl, found.licence) == ("", "", "", "MIT")
    assert rules(found) == ["package-repeated", "package-repeated"]


def test_what_stands_below_the_headers_is_no_metadata() -> None:
    found = package_in({"pump-1.0/PKG-INFO": INFO + b"\nName: bump\nLicense: MIT\n"}, name="pump-1.0.tar.gz")
    assert found is not None
    assert (found.name, found.licence, found.findings) == ("pump", "", ())


def test_licences_and_repositories_are_one_bounded_line() -> None:
    info = (
        INFO
        + b"License: \n        The licence\x07 of the pump"
        + b"!" * 1000
        + b"\n        second line\nProject-URL: Home, https://a.test\nProject-URL: Source Code, https://b.test\n"
    )
    found = package_in({"pump-1.0/PKG-INFO": info})
    assert found is not None
    assert found.licence.startswith("The licence  of the pump!!")
    assert len(found.licence) == MAX_VALUE
    assert found.repository == "https://b.test"
    by_class = INFO + b"License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License\n"
    told = package_in({"pump-1.0/PKG-INFO": by_class})
    assert told is not None
    assert told.licence == "MIT License"


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"{}",
        b'{"name": "pump"}',
        b'{"name": 1, "version": "1"}',
        b'{"name": "pump", "version": "1.0.0", "name": "bump"}',
        b'{"name": "a/b/c", "version": "1.0.0"}',
        b'{"name": "pump", "version": "1 0"}',
        b'{"name": "pump", "version": "1.0.0", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"name": "pump", "version": NaN}',
        b"\xef\xbb\xbf" + JSON,
    ],
    ids=range(10),
)
def test_package_json_that_does_not_read_strictly_tells_nothing(data: bytes) -> None:
    assert rules(package_in({"package/package.json": data})) == ["package-malformed"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"package = 1\n",
        TOML + b'name = "bump"\n',
        b"[package]\nname = '../x'\nversion = '1'\n",
        TOML + b"x = " + b"[" * 50_000 + b"]" * 50_000,
        TOML + b".".join([b"a"] * 400_000) + b" = 1\n",
        TOML + b"\xff",
    ],
    ids=range(7),
)
def test_cargo_toml_that_does_not_read_strictly_tells_nothing(data: bytes) -> None:
    assert rules(package_in({**CRATE, "pump-1.0.0/Cargo.toml": data})) == ["package-malformed"]


def test_metadata_that_are_too_large_are_not_looked_into() -> None:
    assert rules(package_in({"package/package.json": JSON + b" " * MAX_METADATA_BYTES})) == ["package-malformed"]


def test_the_release_is_compared_and_a_difference_is_a_finding() -> None:
    found = package_in({"pump-1.0/PKG-INFO": INFO}, name="pump-1.0.tar.gz")
    assert found is not None

    def told(names: list[str], version: str) -> list[str]:
        return [finding.rule for finding in against_release(found, names=names, version=version)]

    assert told(["acme-pump", "The pump"], "1.0") == []
    assert told(["PUMP"], "v1.0") == []
    assert told(["acme-bump", "A bump"], "1.0") == ["package-name"]
    assert told(["pump"], "1.0.1") == ["package-version"]
    newer = package_in({"package/package.json": b'{"name": "@acme/pump", "version": "1.0.0-rc.1"}'})
    assert newer is not None
    assert [each.rule for each in against_release(newer, names=["pump"], version="1.0.0")] == ["package-version"]
