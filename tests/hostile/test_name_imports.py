"""The naughty strings as file names through the real import; and what the command says of hostile archives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command

from tests.hostile.cases import OUT, Case, refused
from tests.hostile.imports import check_all, check_invisible
from tests.proofs.sources.tars import END, file, pax
from tests.proofs.sources.zips import Entry, make_zip
from transparency.models import Delivery, Job, Snapshot
from transparency.proofs.escaping import escape_path
from transparency.proofs.sources.nametree import NameTree
from transparency.proofs.sources.paths import (
    MAX_PATH_BYTES,
    collisions,
    judge_names,
    judge_path,
    normal_path,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("outside")


def tar_of(names: list[bytes]) -> bytes:
    return b"".join(pax({b"path": name}) + file(b"x", name) for name in names) + END


def zip_of(names: list[bytes]) -> bytes:
    return make_zip(*(Entry(name, name) for name in names))


def strings(vectors: Callable[[str], Path]) -> list[bytes]:
    """Each of the 515 once, as bytes, as a name below the top folder."""
    found = json.loads((vectors("names") / "blns.json").read_text(encoding="utf-8"))
    assert len(found) == 515
    return sorted({string.encode("utf-8", "surrogatepass") for string in found})


def fatal(name: bytes) -> list[str]:
    return [finding.rule for finding in judge_path(normal_path(name, folder=False)) if finding.fatal]


def test_all_naughty_strings_that_may_be_names_are_readable_under_them(
    cast: Cast, vectors: Callable[[str], Path]
) -> None:
    sound = [name for name in strings(vectors) if not fatal(name)]
    sound = [name for name in sound if not any(other.startswith(name + b"/") for other in sound)]
    assert len(sound) > 450
    kept = {normal_path(name, folder=False): name for name in sound}
    tree = NameTree(kept)
    flags = tuple((tell().path, rule) for rule, tell in (*judge_names(tree), *collisions(tree)))
    assert flags
    # Two products: of one tree that arrives twice at once, two packs may be stored (ISA-L's output differs between processes).
    check_all(cast, "naughty-tar", {"tar": Case(tar_of(sound), kept=kept, flagged=flags)})
    check_all(cast, "naughty-zip", {"zip": Case(zip_of(sound), kept=kept, flagged=flags)})


def test_all_naughty_strings_that_may_not_be_names_are_each_named(cast: Cast, vectors: Callable[[str], Path]) -> None:
    bad = [name for name in strings(vectors) if fatal(name)]
    assert len(bad) > 20
    told = [
        (escape_path(normal_path(name, folder=False)[:MAX_PATH_BYTES]), rule) for name in bad for rule in fatal(name)
    ]
    files = [name for name in bad if not name.endswith(b"/")]  # in a zip that is a folder, and may not have content
    zipped = [(at, rule) for name in files for at, rule in told if at == escape_path(normal_path(name, folder=False))]
    table = {"tar": refused(tar_of(bad), *told), "zip": refused(zip_of(files), *zipped)}
    check_all(cast, "naughty", table)


def command(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Exit status and output of `manage.py import_snapshot`."""
    status = 0
    try:
        call_command("import_snapshot", *map(str, arguments))
    except SystemExit as ended:
        status = int(ended.code or 0)
    return status, capsys.readouterr().out


ARCHIVES = {
    "flagged": (make_zip(Entry(b"f"), Entry("gpj\u202eexe".encode(), b"x")), 0),
    "refused": (make_zip(Entry(b"f"), Entry(b"../" + OUT), Entry("../\u202e\x1b]0;x\x07".encode())), 1),
    "no archive": (b"#!/bin/sh\ntouch " + OUT, 2),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_the_command_ends_by_what_it_found_and_prints_it_plainly(
    cast: Cast, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    archive, expected = ARCHIVES[name]
    folder = tmp_path_factory.mktemp("delivered")
    (folder / "a.zip").write_bytes(archive)
    (folder / "a.zip.sig").write_bytes(cast.vendor_key.sign(archive))
    (folder / "key.pub").write_text(cast.vendor_key.public)
    release = ("--vendor", "acme", "--product", "pump", "--release", "1.0")
    given = (folder / "a.zip", *release, "--key", folder / "key.pub", "--signature", folder / "a.zip.sig")
    status, text = command(capsys, *given)
    assert status == expected
    status, said = command(capsys, *given, "--json")
    assert status == expected
    for output in (text, said):
        assert "\u202e" not in output
        assert "\x1b" not in output
    answer: dict[str, Any] = json.loads(said)
    if expected == 2:
        assert answer["error"]["code"] == "archive-type-unknown"
        assert set(answer["error"]) >= {"code", "expected", "found"}
        assert not Job.objects.exists()
        return
    assert answer["state"] == ("admitted" if expected == 0 else "quarantined")
    found = {(item["path"], item["rule"]) for item in answer["refused"] + answer["flagged"]}
    if expected == 0:
        assert found == {("gpj%E2%80%AEexe", "name-invisible")}
        assert len(answer["manifest"]) == 64
        return
    assert found >= {("../" + OUT.decode(), "path-dotdot"), ("../%E2%80%AE%1B%5D0%3Bx%07", "path-control")}
    assert (answer["manifest"], answer["gitTree"], answer["swhid"], answer["dirHash"]) == (None, None, None, None)
    assert Snapshot.objects.count() == 0
    for delivery in Delivery.objects.all():
        check_invisible(delivery)
