from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.simulator import BUILDS, Simulator, check, checksum_list, given_file, status_of
from transparency.proofs.digest import Digest
from transparency.proofs.records import RecordedArtifact, RecordedVerdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from transparency.proofs.records import BuildsRecord

LINK = "builds/01"
SIGNATURE = "builds/01/signature"
PROGRAM = BUILDS["pump-1.0.bin"]


@pytest.fixture
def world(tmp_path: Path) -> Simulator:
    """A release with its delivery and without builds: each test logs its own."""
    world = Simulator(tmp_path)
    world.deliver()
    return world


def honest(world: Simulator) -> tuple[BuildsRecord, bytes, bytes]:
    sums = checksum_list(BUILDS)
    signature = world.vendor.sign(sums)
    return world.builds_record(sums, [signature], BUILDS), sums, signature


def failure(world: Simulator, **more: Any) -> tuple[str | None, str]:
    report = check(world, **more)
    assert report.exit_code == 1
    return report.failed, report.links[-1].code


def test_listed_and_equal_builds_hold(world: Simulator) -> None:
    world.publish()
    report = check(world, file=given_file(PROGRAM))
    assert [status_of(report, name) for name in (LINK, SIGNATURE, "file")] == ["ok", "ok", "ok"]
    assert "listed and equal in builds/01" in str(report.link("file"))


def test_builds_before_the_subject_was_known_have_no_manifest(world: Simulator) -> None:
    record, sums, signature = honest(world)
    world.publish(replace(record, manifest=None), sums=sums, signatures=[signature])
    assert check(world).exit_code == 0


def test_builds_without_a_list_are_not_claimed_to_be_signed(world: Simulator) -> None:
    world.publish(sums=None)
    report = check(world)
    assert (status_of(report, LINK), status_of(report, SIGNATURE)) == ("ok", "not claimed")
    assert (report.exit_code, report.unmet) == (4, ("signedBuilds",))
    assert check(world, signed_builds=False).exit_code == 0


def test_a_file_that_is_listed_but_different_is_not_the_given_file(world: Simulator) -> None:
    world.publish(files={"pump-1.0.bin": b"another program"}, sums=checksum_list(BUILDS))
    report = check(world)
    assert report.exit_code == 0, "the record says so itself"
    for data in (b"another program", PROGRAM):
        assert failure(world, file=given_file(data)) == ("file", "file-unknown")


def test_a_file_that_is_not_listed_is_no_published_build(world: Simulator) -> None:
    world.publish(files={**BUILDS, "extra": b"extra"}, sums=checksum_list(BUILDS))
    assert failure(world, file=given_file(b"extra")) == ("file", "file-unknown")


def test_a_file_that_nobody_knows_fails(world: Simulator) -> None:
    assert failure(world, file=given_file(b"from somewhere")) == ("file", "file-unknown")
    assert failure(world, file=given_file(b""))[0] == "file"


def test_another_release_or_visibility_is_refused(world: Simulator) -> None:
    record, sums, signature = honest(world)
    for change, code in (
        ({"release": "0.9"}, "record-release"),
        ({"product": "valve"}, "record-release"),
        ({"visibility": "restricted"}, "record-visibility"),
        ({"manifest": Digest.of(b"another")}, "record-subject"),
    ):
        world.builds.clear()
        world.publish(replace(record, **change), sums=sums, signatures=[signature])
        assert failure(world) == (LINK, code)


def equal_for_different(record: BuildsRecord) -> BuildsRecord:
    """The back door: the shipped file's digest, with the word of the listed one."""
    first, *others = record.artifacts
    return replace(record, artifacts=(replace(first, sha256=Digest.of(b"back door")), *others))


def listed_as_shipped(record: BuildsRecord) -> BuildsRecord:
    first, *others = record.artifacts
    shipped = Digest.of(b"back door")
    return replace(record, artifacts=(replace(first, sha256=shipped, listed=shipped), *others))


def left_out(record: BuildsRecord) -> BuildsRecord:
    return replace(record, artifacts=record.artifacts[:1])


def added(record: BuildsRecord) -> BuildsRecord:
    extra = RecordedArtifact("zz", 1, Digest.of(b"z"), Digest.of(b"z"), "listed-and-equal")
    return replace(record, artifacts=(*record.artifacts, extra))


def missing_with_a_size(record: BuildsRecord) -> BuildsRecord:
    first, *others = record.artifacts
    return replace(record, artifacts=(replace(first, sha256=None, listing="listed-and-missing"), *others))


def another_word(record: BuildsRecord) -> BuildsRecord:
    first, *others = record.artifacts
    return replace(record, artifacts=(replace(first, listing="listed-and-different"), *others))


@pytest.mark.parametrize(
    "cheat", [equal_for_different, listed_as_shipped, left_out, added, missing_with_a_size, another_word]
)
def test_a_listing_that_the_signed_list_does_not_bear_out_is_refused(
    world: Simulator, cheat: Callable[[BuildsRecord], BuildsRecord]
) -> None:
    record, sums, signature = honest(world)
    world.publish(cheat(record), sums=sums, signatures=[signature])
    assert failure(world) == (LINK, "listing-differs")


def test_a_file_called_listed_without_a_list_is_refused(world: Simulator) -> None:
    record = world.builds_record(None, [], BUILDS)
    first, *others = record.artifacts
    lie = replace(first, listed=first.sha256, listing="listed-and-equal")
    world.publish(replace(record, artifacts=(lie, *others)), sums=None)
    assert failure(world) == (LINK, "listing-differs")


def test_another_list_than_the_recorded_one_is_refused(world: Simulator) -> None:
    item = world.publish()
    for sums in (b"", (item.list or b"") + b"\n", None):
        item.list = sums
        assert failure(world) == (LINK, "list-file")


def test_a_list_beside_a_record_without_one_is_refused(world: Simulator) -> None:
    world.publish(sums=None).list = checksum_list(BUILDS)
    assert failure(world) == (LINK, "list-file")


def test_a_list_that_cannot_be_read_is_refused(world: Simulator) -> None:
    record, _, _ = honest(world)
    for sums in (b"not a list\n", checksum_list(BUILDS) * 2, b"\xff\n", b"0" * 64 + b"  ../evil\n"):
        listed = replace(record.list, sha256=Digest.of(sums), size=len(sums))  # type: ignore[type-var]
        world.builds.clear()
        signature = world.vendor.sign(sums)
        lie = replace(record, list=listed, list_signatures=world.recorded([signature]))
        world.publish(lie, sums=sums, signatures=[signature])
        failed, code = failure(world)
        assert failed == LINK
        assert code.startswith("checksums-")


def test_a_list_signed_by_somebody_else_or_over_other_bytes_is_refused(world: Simulator, tmp_path: Path) -> None:
    outsider = Simulator(tmp_path / "outsider").vendor
    sums = checksum_list(BUILDS)
    for signature in (outsider.sign(sums), world.vendor.sign(b"another list")):
        world.builds.clear()
        world.publish(sums=sums, signatures=[signature])
        assert failure(world) == (SIGNATURE, "signature-fails")


def test_signature_files_without_a_list_are_refused(world: Simulator) -> None:
    world.publish(sums=None).signatures = (b"signature",)
    assert failure(world) == (SIGNATURE, "signature-file")


def test_an_unsigned_list_is_not_claimed_to_be_signed(world: Simulator) -> None:
    sums = checksum_list(BUILDS)
    record = replace(world.builds_record(sums, [], BUILDS), verdict=RecordedVerdict("unsigned", "unsigned", "x"))
    world.publish(record, sums=sums, signatures=[])
    report = check(world, file=given_file(PROGRAM))
    assert (status_of(report, SIGNATURE), status_of(report, "file")) == ("not claimed", "ok")
    assert report.unmet == ("signedBuilds",)


def test_every_import_of_builds_must_be_signed_not_just_one(world: Simulator) -> None:
    world.publish()
    world.publish(sums=None, files={"more": b"more"})
    report = check(world)
    assert [status_of(report, f"builds/{number}/signature") for number in ("01", "02")] == ["ok", "not claimed"]
    assert report.unmet == ("signedBuilds",)
