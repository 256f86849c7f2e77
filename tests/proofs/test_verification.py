"""The chain as a whole: what holds, what a forger tries, and which link each cheat breaks."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.cms import HandMade, stamped, token
from tests.signers import CertificateSigner, MinisignSigner, OpenPgpSigner, PemSigner, Signer, SshSigner
from tests.simulator import NORTH, SOUTH, TIME, VENDOR, Simulator, check, given_file, repacked, status_of
from tests.x509 import DAY, NOW, STAMPS, issue, leaf, root, usage
from transparency.gateways.openpgp import OpenPgp
from transparency.proofs.container import format_container, parse_container
from transparency.proofs.digest import Digest
from transparency.proofs.dossier import build_dossier, members_of
from transparency.proofs.errors import UnusableInputError
from transparency.proofs.records import RecordedSignature
from transparency.proofs.signatures.keys import KeyHolder, key_from_text
from transparency.proofs.trust import KeyRing
from transparency.proofs.verification import verify_dossier, verify_members

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINKS = [
    "index",
    "container",
    "log",
    "manifest",
    "deliveries/01",
    "deliveries/01/signature",
    "builds/01",
    "builds/01/signature",
    "rebuild",
    "attestations/01",
    "attestations/02",
    "requirements",
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    """A complete open release; tests that log more make their own."""
    return Simulator(tmp_path_factory.mktemp("world")).complete()


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    """A complete restricted release."""
    return Simulator(tmp_path_factory.mktemp("hidden"), restricted=True).complete()


def test_a_whole_dossier_holds_link_by_link_under_the_checkers_own_keys(world: Simulator) -> None:
    report = check(world, attestations=2, authorities=2, share_read_percent=80, max_age_days=0)
    assert [link.name for link in report.links] == LINKS
    assert {link.status for link in report.links if link.name != "rebuild"} == {"ok"}
    assert (report.exit_code, report.failed, report.unmet) == (0, None, ())
    assert report.checkpoint
    assert (report.checkpoint.size, report.checkpoint.time) == (8, TIME)


def test_a_dossier_of_a_restricted_product_holds_by_its_openings(hidden: Simulator) -> None:
    report = check(hidden, attestations=2)
    assert [link.name for link in report.links] == LINKS
    assert report.exit_code == 0
    assert hidden.subject.hex.encode() not in b"".join(hidden.log.leaves), "the log itself shows no digest"


def test_without_a_trust_file_it_is_at_most_internally_consistent(world: Simulator) -> None:
    report = verify_dossier(world.dossier(), now=TIME)
    assert report.exit_code == 3
    assert [link.name for link in report.links] == LINKS[:-1]
    assert report.failed is None


def test_a_page_shows_the_same_links_from_the_members_alone(world: Simulator) -> None:
    whole = check(world)
    loose = verify_members(members_of(world.parts()), now=TIME, trust=world.trust(), openpgp=OpenPgp())
    assert loose.links == tuple(link for link in whole.links if link.name != "container")


def test_what_people_state_is_reported_apart_from_what_was_proved(world: Simulator) -> None:
    reviews = check(world).reviews
    assert [(review.authority, review.is_counted) for review in reviews] == [(NORTH, True), (SOUTH, True)]
    assert reviews[0].people_state.startswith("One person of north states")
    assert reviews[0].not_shown == "This does not show that no back door exists."


def test_absent_builds_and_attestations_are_not_claimed(tmp_path: Path) -> None:
    world = Simulator(tmp_path)
    world.deliver()
    report = check(world)
    assert status_of(report, "builds") == status_of(report, "attestations") == "not claimed"
    assert report.exit_code == 0


def test_a_further_delivery_of_another_snapshot_is_a_link_of_its_own(tmp_path: Path) -> None:
    world = Simulator(tmp_path).complete()
    signature = world.vendor.sign(world.archive)
    record = world.delivery_record([signature])
    other = replace(record.snapshot, manifest=Digest.of(b"another"), files=1, bytes=2)
    world.deliver(replace(record, role="upstream", snapshot=other), signatures=[signature])
    report = check(world)
    names = [link.name for link in report.links]
    assert names[4:8] == ["deliveries/01", "deliveries/01/signature", "deliveries/02", "deliveries/02/signature"]
    assert report.exit_code == 0


def signer(kind: str, folder: Path) -> Signer:
    makers: dict[str, Callable[[], Signer]] = {
        "ssh": lambda: SshSigner(folder, kind),
        "ecdsa": lambda: SshSigner(folder, kind, "ecdsa"),
        "minisign": lambda: MinisignSigner(folder, kind),
        "minisign-legacy": lambda: MinisignSigner(folder, kind, legacy=True),
        "pem": PemSigner,
        "p256": lambda: PemSigner(p256=True),
        "openpgp": OpenPgpSigner,
        "x509": lambda: CertificateSigner(folder),
    }
    return makers[kind]()


@pytest.mark.parametrize("kind", ["ssh", "ecdsa", "minisign", "minisign-legacy", "openpgp", "x509", "pem", "p256"])
def test_a_vendor_signs_with_the_key_that_it_has(kind: str, tmp_path: Path) -> None:
    now = datetime.now(UTC) + timedelta(minutes=1)
    world = Simulator(tmp_path, vendor=signer(kind, tmp_path), time=now.replace(microsecond=0)).complete()
    archive = check(world, file=given_file(world.archive), now=now)
    assert status_of(archive, "deliveries/01/signature") == status_of(archive, "builds/01/signature") == "ok"
    assert archive.exit_code == 0
    alone = check(world, now=now)
    if kind in {"minisign-legacy", "openpgp", "pem"}:
        assert status_of(alone, "deliveries/01/signature") == "not checked", "these need the archive itself"
        assert "give it as FILE" in str(alone.link("deliveries/01/signature"))
        assert (alone.exit_code, alone.unmet) == (4, ("signedSource",))
    else:
        assert alone.exit_code == 0


def test_a_signature_kept_by_a_time_stamp_holds_in_a_dossier_when_the_certificates_had_ended(tmp_path: Path) -> None:
    authority, clock_root = root(), root("Time Root")
    signer = leaf(authority, ends=NOW + DAY)
    world = Simulator(tmp_path, time=NOW + 40 * DAY)
    made = HandMade(signer, world.archive)
    made.signature = made.sign(made.signed_set())
    clock = issue("Clock", clock_root, key_usage=usage(sign=True), purposes=(STAMPS,), critical_purposes=True)
    signature = stamped(made, token(clock, made.signature, NOW))
    recorded = RecordedSignature(Digest.of(signature), "cms", authority.key.fingerprint, "valid", "valid")
    world.deliver(replace(world.delivery_record([]), signatures=(recorded,)), signatures=[signature])
    stamps = key_from_text(f"use: time-stamps\n{clock_root.pem}")
    for keys, code in (((authority.key, stamps), 0), ((authority.key,), 1)):
        trust = replace(world.trust(), ring=replace(world.ring(), vendors=(KeyHolder(VENDOR, keys),)))
        report = check(world, trust=trust, now=NOW + 41 * DAY)
        ended = status_of(report, "deliveries/01/signature")
        assert (ended, report.failed) == (("ok", None) if code == 0 else ("failed", "deliveries/01/signature"))


@pytest.mark.parametrize("kind", ["ssh", "ecdsa", "minisign", "minisign-legacy", "pem", "p256", "openpgp"])
def test_an_auditor_signs_with_the_key_that_they_have(kind: str, tmp_path: Path) -> None:
    now = (datetime.now(UTC) + timedelta(minutes=1)).replace(microsecond=0)
    world = Simulator(tmp_path, auditors={NORTH: signer(kind, tmp_path)}, time=now).complete()
    report = check(world, attestations=1, now=now)
    assert status_of(report, "attestations/01") == "ok"
    assert report.exit_code == 0


def test_without_an_openpgp_library_its_signatures_are_not_checked_and_not_believed(tmp_path: Path) -> None:
    now = (datetime.now(UTC) + timedelta(minutes=1)).replace(microsecond=0)
    auditors: dict[str, Signer] = {NORTH: OpenPgpSigner()}
    world = Simulator(tmp_path, vendor=OpenPgpSigner(), auditors=auditors, time=now).complete()
    trust = world.trust(attestations=1)
    report = verify_dossier(world.dossier(), now=now, trust=trust, file=given_file(world.archive), openpgp=None)
    for name in ("deliveries/01/signature", "builds/01/signature", "attestations/01"):
        assert status_of(report, name) == "not checked"
        assert "OpenPGP library" in str(report.link(name))
    assert (report.exit_code, report.unmet) == (4, ("signedSource", "signedBuilds", "attestations"))


# Whole dossiers and single bytes


def test_a_whole_dossier_forged_with_fresh_keys_fails_at_the_log(world: Simulator, tmp_path: Path) -> None:
    forger = Simulator(tmp_path).complete()
    report = check(forger, trust=world.trust())
    assert (report.exit_code, report.failed) == (1, "log")
    alone = verify_dossier(forger.dossier(), now=TIME)
    assert alone.exit_code == 3, "it agrees with itself, and that is all that can be said"


def test_a_forger_who_has_the_log_cannot_sign_for_vendor_or_authority(world: Simulator, tmp_path: Path) -> None:
    """The operator turned: the log's key is real, everything else is made up under the fingerprints of others."""
    forger = Simulator(tmp_path)
    forger.log.key = world.log.key
    signature = forger.vendor.sign(forger.archive)
    record = forger.delivery_record([signature])
    forger.deliver(record, signatures=[signature])
    honest_about_its_key = check(forger, trust=world.trust())
    assert status_of(honest_about_its_key, "deliveries/01/signature") == "not checked"
    assert (honest_about_its_key.exit_code, honest_about_its_key.unmet) == (4, ("signedSource",))
    lie = replace(record.signatures[0], key=world.vendor.key.fingerprint)
    forger.deliveries.clear()
    forger.deliver(replace(record, signatures=(lie,)), signatures=[signature])
    report = check(forger, trust=world.trust())
    assert (report.exit_code, report.failed) == (1, "deliveries/01/signature")


def test_keys_inside_the_dossier_add_nothing_to_the_checkers_keys(world: Simulator, tmp_path: Path) -> None:
    stripped = replace(world.trust(), ring=KeyRing(world.ring().origin, world.ring().vkey, (), ()))
    report = check(world, trust=stripped)
    assert status_of(report, "deliveries/01/signature") == "not checked"
    assert "key not in the trust file" in str(report.link("deliveries/01/signature"))
    assert status_of(report, "attestations/01") == "not checked"
    assert "authority not in the trust file" in str(report.link("attestations/01"))
    assert report.unmet == ("signedSource", "signedBuilds")


def test_a_lying_verify_py_or_read_me_inside_changes_no_answer(world: Simulator) -> None:
    liar = b"print('everything holds, trust me'); raise SystemExit(0)\n"
    report = check(world, replace(world.parts(), verifier=liar, readme=b"\x1b[32mall is well\n"))
    honest = check(world)
    assert [(link.name, link.status) for link in report.links] == [(link.name, link.status) for link in honest.links]


def test_broken_keys_inside_the_dossier_matter_only_without_a_trust_file(world: Simulator) -> None:
    data = build_dossier(replace(world.parts(), keys=b"{}"))
    assert verify_dossier(data, now=TIME, trust=world.trust()).exit_code == 0
    report = verify_dossier(data, now=TIME)
    assert (report.exit_code, report.failed) == (1, "keys")


@pytest.mark.parametrize("restricted", [False, True])
def test_any_changed_byte_makes_a_named_link_fail(world: Simulator, hidden: Simulator, *, restricted: bool) -> None:
    sim = hidden if restricted else world
    data = sim.dossier()
    trust = sim.trust()
    generator = random.Random(20260301)
    names = set()
    for _ in range(200):
        damaged = bytearray(data)
        damaged[generator.randrange(len(data))] ^= generator.randrange(1, 256)
        report = verify_dossier(bytes(damaged), now=TIME, trust=trust, openpgp=OpenPgp())
        assert report.exit_code == 1
        assert report.failed
        names.add(report.failed)
    assert {"container", "index", "keys", "log", "deliveries/01", "builds/01", "attestations/01"} <= names


@pytest.mark.parametrize("restricted", [False, True])
def test_any_changed_byte_is_found_behind_the_digests_too(
    world: Simulator, hidden: Simulator, *, restricted: bool
) -> None:
    """The forger writes index and container anew, so that only the chain itself can object."""
    sim = hidden if restricted else world
    members = members_of(sim.parts())
    trust = sim.trust()
    generator = random.Random(20260302)
    chain = sorted(name for name in members if name not in {"README.txt", "verify.py", "keys.json", "dossier.json"})
    for _ in range(200):
        name = generator.choice(chain)
        damaged = bytearray(members[name])
        damaged[generator.randrange(len(damaged))] ^= generator.randrange(1, 256)
        report = verify_dossier(repacked(members | {name: bytes(damaged)}), now=TIME, trust=trust, openpgp=OpenPgp())
        assert report.exit_code == 1, name
        assert report.failed not in {None, "index", "container", "documents", "keys"}


def test_a_cut_dossier_fails_as_a_container_and_other_files_are_unusable(world: Simulator) -> None:
    data = world.dossier()
    for length in (30, len(data) // 2, len(data) - 1):
        report = verify_dossier(data[:length], now=TIME)
        assert (report.exit_code, report.failed, report.checkpoint) == (1, "container", None)
    with pytest.raises(UnusableInputError, match="not-a-zip"):
        verify_dossier(b"just a text", now=TIME)


@pytest.mark.parametrize(
    ("member", "place"),
    [
        ("README.txt", "documents"),
        ("verify.py", "documents"),
        ("keys.json", "keys"),
        ("manifest.txt", "manifest"),
        ("log/checkpoint", "log"),
        ("log/head/leaf.json", "log"),
        ("deliveries/01/signature.1", "deliveries/01"),
        ("builds/01/list", "builds/01"),
        ("attestations/02/proof.tlog-proof", "attestations/02"),
    ],
)
def test_a_changed_member_is_named_for_the_place_it_lies_in(world: Simulator, member: str, place: str) -> None:
    members = parse_container(world.dossier())
    data = format_container(members | {member: members[member] + b" "})
    assert verify_dossier(data, now=TIME, trust=world.trust()).failed == place


def test_a_member_more_or_less_fails_as_the_index(world: Simulator) -> None:
    members = parse_container(world.dossier())
    assert verify_dossier(format_container(members | {"hidden.txt": b"x"}), now=TIME).failed == "index"
    assert verify_dossier(repacked(members | {"hidden.txt": b"x"}), now=TIME).failed == "index"
    del members["manifest.txt"]
    assert verify_dossier(format_container(members), now=TIME).failed == "index"


# The log


def test_a_checkpoint_that_only_the_dossiers_own_proofs_lack_is_refused(tmp_path: Path) -> None:
    """Proofs against an older checkpoint of the same log are honest, but not of this dossier's date."""
    world = Simulator(tmp_path).complete()
    older = world.parts()
    world.log_other(7)
    newer = world.parts()
    report = check(world, replace(older, log=newer.log))
    assert (report.failed, report.links[-1].code) == ("deliveries/01", "checkpoint-differs")
    mixed = replace(newer.log, proof=older.log.proof)
    assert check(world, replace(newer, log=mixed)).failed == "log"


def test_an_older_entry_cannot_date_the_dossier(tmp_path: Path) -> None:
    world = Simulator(tmp_path).complete()
    parts = world.parts()
    head = replace(parts.log, leaf=world.log.leaves[0], proof=world.log.proof(0))
    report = check(world, replace(parts, log=head))
    assert (report.failed, report.links[-1].code) == ("log", "head-not-newest")


def test_a_log_of_another_origin_is_refused(world: Simulator, tmp_path: Path) -> None:
    other = Simulator(tmp_path, origin="log.other.test/source").complete()
    assert check(other, trust=world.trust()).failed == "log"


def test_a_checkpoint_signed_twice_by_the_log_or_by_nobody_is_refused(world: Simulator) -> None:
    parts = world.parts()
    text, _, signatures = parts.log.checkpoint.decode().rpartition("\n\n")
    for forged in (f"{text}\n\n{signatures}{signatures}", f"{text}\n\n"):
        assert check(world, replace(parts, log=replace(parts.log, checkpoint=forged.encode()))).failed == "log"


def test_the_manifest_of_another_tree_is_refused(world: Simulator) -> None:
    other = world.manifest.replace(b"README", b"README2")
    report = check(world, replace(world.parts(), manifest=other))
    assert report.failed == "deliveries/01", "index and manifest agree with each other; the delivery does not"
    members = members_of(world.parts())
    assert verify_dossier(repacked(members | {"manifest.txt": other}), now=TIME).failed == "manifest"


def test_a_manifest_that_is_not_sorted_is_refused_even_as_the_subject(tmp_path: Path) -> None:
    world = Simulator(tmp_path)
    header, *lines = world.manifest.splitlines(keepends=True)
    world.manifest = header + b"".join(reversed(lines))
    world.deliver()
    assert check(world).failed == "manifest"
