from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.simulator import TIME, Simulator, check, given_file, make_archive, status_of
from transparency.proofs.digest import Digest
from transparency.proofs.signatures.keys import KeyHolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from transparency.proofs.dossier import LoggedRecord
    from transparency.proofs.records import DeliveryRecord

LINK = "deliveries/01"
SIGNATURE = "deliveries/01/signature"


@pytest.fixture
def world(tmp_path: Path) -> Simulator:
    """A release without its delivery: each test logs its own."""
    return Simulator(tmp_path)


@pytest.fixture
def hidden(tmp_path: Path) -> Simulator:
    return Simulator(tmp_path, restricted=True)


def failure(world: Simulator, **more: Any) -> tuple[str | None, str]:
    """The failed link and its code."""
    report = check(world, **more)
    assert report.exit_code == 1
    return report.failed, report.links[-1].code


def changed_logged(world: Simulator, **changes: Any) -> tuple[str | None, str]:
    """Change what lies beside the record of the only delivery."""
    parts = world.parts()
    logged: LoggedRecord = replace(parts.deliveries[0].logged, **changes)
    report = check(world, replace(parts, deliveries=(replace(parts.deliveries[0], logged=logged),)))
    assert report.exit_code == 1
    return report.failed, report.links[-1].code


@pytest.mark.parametrize("change", [{"vendor": "rival"}, {"product": "valve"}, {"release": "2.0"}])
def test_a_record_about_another_release_is_refused(world: Simulator, change: dict[str, str]) -> None:
    signature = world.vendor.sign(world.archive)
    record: DeliveryRecord = replace(world.delivery_record([signature]), **change)  # type: ignore[arg-type]
    world.deliver(record, signatures=[signature])
    assert failure(world) == (LINK, "record-release")


def test_a_restricted_product_in_a_public_dossier_is_refused(world: Simulator) -> None:
    signature = world.vendor.sign(world.archive)
    world.deliver(replace(world.delivery_record([signature]), visibility="restricted"), signatures=[signature])
    assert failure(world) == (LINK, "record-visibility")


def test_a_first_delivery_of_another_snapshot_is_refused(world: Simulator) -> None:
    record = world.delivery_record([])
    snapshot = replace(record.snapshot, manifest=Digest.of(b"another"))
    world.deliver(replace(record, snapshot=snapshot), signatures=[])
    assert failure(world) == (LINK, "record-subject")


@pytest.mark.parametrize("field", ["files", "bytes"])
def test_counts_that_the_manifest_does_not_have_are_refused(world: Simulator, field: str) -> None:
    record = world.delivery_record([])
    snapshot = replace(record.snapshot, **{field: 10_000})  # type: ignore[arg-type]
    world.deliver(replace(record, snapshot=snapshot), signatures=[])
    assert failure(world) == (LINK, "record-counts")


def test_a_record_of_the_wrong_type_is_refused(world: Simulator) -> None:
    world.deliver()
    world.publish()
    builds = world.parts().builds[0].logged
    assert changed_logged(world, record=builds.record) == (LINK, "record-type")


def test_a_record_that_was_never_logged_is_refused(world: Simulator) -> None:
    """The leaf is made after the fact; the proof is some other entry's."""
    item = world.deliver()
    world.log.leaves.pop()
    world.log_other(5)
    assert item.leaf not in world.log.leaves
    assert failure(world)[0] == LINK


def test_a_leaf_that_commits_to_another_record_is_refused(world: Simulator) -> None:
    world.deliver()
    other = world.deliver(replace(world.delivery_record([]), role="upstream"), signatures=[])
    world.deliveries.pop()
    assert changed_logged(world, leaf=other.leaf) == (LINK, "leaf-mismatch")


def test_a_leaf_of_another_kind_organisation_or_subject_is_refused(world: Simulator) -> None:
    signature = world.vendor.sign(world.archive)
    world.deliver(org="rival", signatures=[signature])
    assert failure(world) == (LINK, "leaf-mismatch")
    item = world.deliveries[0]
    snapshot = world.delivery_record([]).snapshot
    subjects = (("manifest", snapshot.manifest), ("opening", snapshot.opening_root))
    for kind, named in (("builds", subjects), ("delivery", subjects[:1]), ("delivery", subjects[::-1])):
        again = world.log_record(item.record, kind=kind, subjects=named, org="acme")
        again.signatures = item.signatures
        world.deliveries = [again]
        assert failure(world) == (LINK, "leaf-mismatch")


def test_a_proof_of_another_entry_is_refused(world: Simulator) -> None:
    world.deliver()
    assert changed_logged(world, proof=world.log.proof(0))[0] == LINK


def test_a_missing_a_wrong_and_a_needless_opening_are_refused(hidden: Simulator, tmp_path: Path) -> None:
    hidden.deliver()
    assert check(hidden).failed is None
    assert changed_logged(hidden, opening=None) == (LINK, "opening-missing")
    other = hidden.publish()
    hidden.builds.clear()
    assert changed_logged(hidden, opening=other.opening)[0] == LINK
    opened = Simulator(tmp_path / "open")
    opened.deliver()
    assert changed_logged(opened, opening=other.opening) == (LINK, "opening-malformed")


def test_the_signature_of_the_vendor_over_the_archive_holds(world: Simulator) -> None:
    world.deliver()
    link = check(world).link(SIGNATURE)
    assert link
    assert link.status == "ok"
    assert world.vendor.key.fingerprint in link.detail


def test_a_missing_a_swapped_and_one_signature_file_too_many_are_refused(world: Simulator) -> None:
    world.deliver()
    parts = world.parts()
    for files in ((), (b"another",), (*parts.deliveries[0].signatures, b"more")):
        report = check(world, replace(parts, deliveries=(replace(parts.deliveries[0], signatures=files),)))
        assert (report.failed, report.links[-1].code) == (SIGNATURE, "signature-file")


def bad_signature_other_archive(world: Simulator) -> bytes:
    return world.vendor.sign(make_archive({"other": b"file"}))


def bad_signature_other_namespace(world: Simulator) -> bytes:
    return world.vendor.sign(world.archive, "git")


def bad_signature_for_attestations(world: Simulator) -> bytes:
    return world.vendor.sign(world.archive, "source-review@log.simulated.test/source")


def bad_signature_garbage(_: Simulator) -> bytes:
    return b"-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"


@pytest.mark.parametrize(
    "make",
    [
        bad_signature_other_archive,
        bad_signature_other_namespace,
        bad_signature_for_attestations,
        bad_signature_garbage,
        lambda _: b"",
        lambda _: b"\x89PNG",
    ],
)
def test_a_signature_recorded_as_valid_that_does_not_hold_is_refused(
    world: Simulator, make: Callable[[Simulator], bytes]
) -> None:
    world.deliver(signatures=[make(world)])
    assert failure(world) == (SIGNATURE, "signature-fails")


def test_one_bad_signature_beside_a_good_one_is_refused(world: Simulator) -> None:
    world.deliver(signatures=[world.vendor.sign(world.archive), world.vendor.sign(b"other")])
    assert failure(world) == (SIGNATURE, "signature-fails")


def test_a_good_signature_beside_one_by_a_key_that_the_checker_does_not_have_is_enough(
    world: Simulator, tmp_path: Path
) -> None:
    outsider = Simulator(tmp_path / "outsider").vendor
    files = [outsider.sign(world.archive), world.vendor.sign(world.archive)]
    record = world.delivery_record(files)
    recorded = (*world.recorded(files[:1], signer=outsider), record.signatures[1])
    world.deliver(replace(record, signatures=recorded), signatures=files)
    report = check(world)
    assert status_of(report, SIGNATURE) == "ok"
    assert "1 more not checked" in str(report.link(SIGNATURE))


def test_a_verdict_of_valid_without_a_valid_signature_is_refused(world: Simulator) -> None:
    world.deliver(signatures=[])
    assert failure(world) == (SIGNATURE, "verdict-unsupported")
    world.deliveries.clear()
    signature = world.vendor.sign(world.archive)
    record = world.delivery_record([signature])
    unknown = replace(record.signatures[0], outcome="unknown-key")
    world.deliver(replace(record, signatures=(unknown,)), signatures=[signature])
    assert failure(world) == (SIGNATURE, "verdict-unsupported")


def test_an_expired_delivery_admitted_as_such_claims_no_signature_and_meets_no_requirement(world: Simulator) -> None:
    signature = world.vendor.sign(world.archive)
    record = world.delivery_record([signature])
    verdict = replace(record.verdict, outcome="expired", code="key-expired")
    expired = replace(record.signatures[0], outcome="expired", code="key-expired")
    world.deliver(replace(record, verdict=verdict, signatures=(expired,)), signatures=[signature])
    report = check(world)
    assert status_of(report, SIGNATURE) == "not claimed"
    assert (report.exit_code, report.unmet) == (4, ("signedSource",))


def test_a_good_signature_under_a_verdict_that_is_not_valid_is_no_signed_source(world: Simulator) -> None:
    signature = world.vendor.sign(world.archive)
    record = world.delivery_record([signature])
    world.deliver(replace(record, verdict=replace(record.verdict, outcome="invalid")), signatures=[signature])
    assert status_of(check(world), SIGNATURE) == "not claimed"


def test_a_key_counts_for_the_time_of_the_leaf_only(world: Simulator) -> None:
    world.deliver(time=TIME)
    minute = timedelta(minutes=1)
    windows: tuple[tuple[dict[str, Any], int], ...] = (
        ({"valid_from": TIME, "valid_until": TIME}, 0),
        ({"valid_until": TIME - minute}, 1),
        ({"valid_from": TIME + minute}, 1),
    )
    for window, expected in windows:
        key = replace(world.vendor.key, **window)
        trust = world.trust()
        ring = replace(trust.ring, vendors=(KeyHolder("acme", (key,)),))
        report = check(world, trust=replace(trust, ring=ring))
        assert report.exit_code == expected
        assert report.failed == (SIGNATURE if expected else None)


def test_a_key_of_another_vendor_in_the_trust_file_does_not_count(world: Simulator) -> None:
    world.deliver()
    trust = world.trust()
    ring = replace(trust.ring, vendors=(KeyHolder("rival", (world.vendor.key,)), KeyHolder("acme", ())))
    report = check(world, trust=replace(trust, ring=ring))
    assert status_of(report, SIGNATURE) == "not checked"
    assert report.unmet == ("signedSource",)


def test_the_archive_in_hand_is_in_the_chain(world: Simulator) -> None:
    world.deliver()
    report = check(world, file=given_file(world.archive))
    assert status_of(report, "file") == "ok"
    assert "the archive of deliveries/01" in str(report.link("file"))


def test_a_record_that_pairs_one_archive_with_the_digest_of_another_is_caught_with_the_archive_in_hand(
    world: Simulator,
) -> None:
    """The SSH signature is over the SHA-512 of an old signed archive; the SHA-256 is that of the one that is shipped."""
    shipped = make_archive({"back": b"door\n"})
    record = world.delivery_record([world.vendor.sign(world.archive)])
    mixed = replace(record.archive, sha256=Digest.of(shipped), size=len(shipped))
    world.deliver(replace(record, archive=mixed), signatures=[world.vendor.sign(world.archive)])
    assert failure(world, file=given_file(shipped)) == (SIGNATURE, "signature-fails")
