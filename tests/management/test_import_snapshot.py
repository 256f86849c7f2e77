"""`import_snapshot` as scripts call it: what a dry run keeps (nothing), Debian sources, and signatures over the tar inside."""

from __future__ import annotations

import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command

from tests.cast import Cast, make_archive
from tests.services.test_debian import DEBIAN, Source
from transparency.models import Delivery, Event, LogEntry, Organisation, Product, Release, Snapshot, TrustAnchor

if TYPE_CHECKING:
    from pathlib import Path

ARCHIVE = make_archive({"a.c": b"int a;\n"}, "pump-1.0")
KEPT = (Organisation, Product, Release, TrustAnchor, Event, LogEntry, Delivery, Snapshot)


def run(*arguments: object) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command("import_snapshot", *map(str, arguments), "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as ended:
        return int(ended.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def counts() -> list[int]:
    return [model.objects.count() for model in KEPT]


def write_source(folder: Path, source: Source, without: str = "") -> tuple[object, ...]:
    """The package in a folder, and the arguments of its import with the key in a file."""
    (folder / "pump_1.0-2.dsc").write_bytes(source.dsc())
    for name, data in source.files().items():
        if name != without:
            (folder / name).write_bytes(data)
    (folder / "key.asc").write_text(source.signer.key.public)
    release = ("--product", "pump", "--release", "1.0-2", "--vendor", "debian")
    return (folder / "pump_1.0-2.dsc", *release, "--key", folder / "key.asc")


@pytest.fixture
def given(cast: Cast, tmp_path: Path) -> tuple[object, ...]:
    files = {"pump.tar.gz": ARCHIVE, "pump.sig": cast.vendor_key.sign(ARCHIVE)}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "key.pub").write_text(cast.vendor_key.public)
    return (
        tmp_path / "pump.tar.gz", "--product", "pump", "--release", "1.0", "--vendor", "fresh",
        "--signature", tmp_path / "pump.sig", "--key", tmp_path / "key.pub",
    )  # fmt: skip


def test_a_dry_run_keeps_neither_product_nor_release_nor_key_nor_event_nor_leaf(given: tuple[object, ...]) -> None:
    before = counts()
    code, answer = run(*given, "--dry-run")
    assert (code, answer["state"], answer["verdict"]["outcome"]) == (0, "admitted", "valid")
    assert len(answer["asIfEnrolled"]) == 1
    assert counts() == before
    out = io.StringIO()
    call_command("import_snapshot", *map(str, given), "--dry-run", stdout=out, stderr=io.StringIO())
    assert "counted as if it were enrolled. It is not." in out.getvalue()
    assert counts() == before
    code, answer = run(*given)
    assert (code, answer["state"]) == (0, "admitted")
    assert "asIfEnrolled" not in answer
    assert TrustAnchor.objects.filter(product__slug="pump").count() == 1
    code, answer = run(*given, "--dry-run")
    assert (code, answer["asIfEnrolled"]) == (0, []), "it is enrolled now"


def test_a_dry_run_says_what_an_import_would_about_names(given: tuple[object, ...], cast: Cast) -> None:
    before = counts()
    for name, value, code in (
        ("--product", "No Slug", "name-malformed"), ("--release", "a b", "name-malformed"),
        ("--vendor", "No Slug", "name-malformed"),
    ):  # fmt: skip
        assert (run(*given, name, value, "--dry-run")[0], run(*given, name, value, "--dry-run")[1]["error"]["code"]) == (
            2, code,
        )  # fmt: skip
    assert counts() == before
    run(*given)
    exit_code, answer = run(*given, "--vendor", "acme", "--dry-run")
    assert (exit_code, answer["error"]["code"]) == (2, "product-mismatch")


@pytest.mark.parametrize("broken", [False, True])
def test_a_dry_run_of_a_debian_source_lists_every_delivery_that_would_come_of_it(
    cast: Cast, tmp_path: Path, *, broken: bool
) -> None:
    debian = DEBIAN | ({"debian/patches/series": b"../fix.patch\n"} if broken else {})
    given = write_source(tmp_path, Source(debian=debian))
    before = counts()
    code, answer = run(*given, "--dry-run")
    assert code == 0
    assert [(item["role"], item["state"], item["verdict"]["outcome"]) for item in answer["deliveries"]] == [
        ("distribution", "admitted", "valid"),
        ("patched", "quarantined" if broken else "admitted", "valid"),
        ("upstream", "admitted", "valid"),
    ]
    assert [item["rule"] for item in answer["deliveries"][1]["refused"]] == (["patch-series"] if broken else [])
    assert counts() == before
    assert run(*given)[1]["deliveries"][0]["manifest"] == answer["manifest"]


def test_a_dry_run_of_an_unknown_key_lists_refusals_of_every_tree(cast: Cast, tmp_path: Path) -> None:
    source = Source(debian=DEBIAN | {"main.c": b"evil\n", "debian/patches/series": b"../fix.patch\n"})
    code, answer = run(*write_source(tmp_path, source)[:-2], "--dry-run")
    assert (code, answer["verdict"]["outcome"]) == (1, "unknown-key")
    rules = {item["role"]: [found["rule"] for found in item["refused"]] for item in answer["deliveries"]}
    assert "debian-member" in rules["distribution"]
    assert {item["state"] for item in answer["deliveries"]} == {"quarantined"}


def test_a_dry_run_names_a_file_that_is_not_beside_the_description(cast: Cast, tmp_path: Path) -> None:
    given = write_source(tmp_path, Source(), without="pump_1.0.orig.tar.gz")
    code, answer = run(*given, "--dry-run")
    assert (code, answer["verdict"]["code"]) == (1, "dsc-file-missing")
    missing = [step for step in answer["steps"] if step["status"] == "fails"]
    assert missing[-1]["expected"].startswith("pump_1.0.orig.tar.gz: ")


def test_a_signature_over_the_tar_inside_counts_when_the_option_says_so(
    given: tuple[object, ...], cast: Cast, tmp_path: Path
) -> None:
    (tmp_path / "pump.sig").write_bytes(cast.vendor_key.sign(gzip.decompress(ARCHIVE)))
    code, answer = run(*given, "--dry-run")
    assert (code, answer["verdict"]["outcome"]) == (1, "invalid")
    for more in (("--dry-run",), ()):
        code, answer = run(*given, "--signature-over", "decompressed", *more)
        assert (code, answer["state"], answer["verdict"]["outcome"]) == (0, "admitted", "valid")
        assert any("covers the decompressed tar" in step["found"] for step in answer["steps"])
