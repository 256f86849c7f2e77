"""Two programs, one specification: verify.py and the client give the same answer on every dossier, forged and damaged ones included."""

from __future__ import annotations

import contextlib
import io
import json
import random
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.signers import CertificateSigner
from tests.simulator import Simulator
from transparency.client.main import main as client
from transparency.proofs.container import format_container, parse_container
from transparency.proofs.signatures.keys import key_from_text
from transparency.proofs.trust import format_trust_file
from transparency.verifier import verify

if TYPE_CHECKING:
    from collections.abc import Callable

VERIFIER = Path(verify.__file__)
DAMAGES = 200


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    return Simulator(tmp_path_factory.mktemp("honest")).complete()


@pytest.fixture(scope="module")
def forger(tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    return Simulator(tmp_path_factory.mktemp("forger")).complete()


@pytest.fixture(scope="module")
def restricted(tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    return Simulator(tmp_path_factory.mktemp("restricted"), restricted=True).complete()


def answer(program: Callable[[list[str]], int], arguments: list[str]) -> dict[str, Any]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = program([*arguments, "--json"])
    found: dict[str, Any] = json.loads(out.getvalue())
    assert code == found.get("exit", 2)
    return found


def both(
    folder: Path, data: bytes, *, trust: bytes | None = None, file: bytes | None = None, now: str = ""
) -> dict[str, Any]:
    """The one answer of both; every difference in exit code, links or their states is a failure of the test."""
    (folder / "dossier.zip").write_bytes(data)
    arguments = [str(folder / "dossier.zip")]
    if file is not None:
        (folder / "file").write_bytes(file)
        arguments.append(str(folder / "file"))
    if trust is not None:
        (folder / "trust.json").write_bytes(trust)
        arguments += ["--trust", str(folder / "trust.json")]
    arguments += ["--now", now] if now else []
    ours = answer(lambda more: client(["verify", *more]), arguments)
    theirs = answer(verify.main, arguments)
    assert summary(theirs) == summary(ours), (theirs, ours)
    return theirs


def summary(found: dict[str, Any]) -> dict[str, Any]:
    if "error" in found:
        return {"exit": 2}
    links = [(link["name"], link["status"]) for link in found["links"]]
    return {
        "exit": found["exit"],
        "failed": found["failed"],
        "unmet": found["unmet"],
        "links": links,
        "checkpoint": found["checkpoint"],
    }


def trust_of(simulator: Simulator, **require: Any) -> bytes:
    return format_trust_file(simulator.trust(**require))


def test_an_honest_dossier(simulator: Simulator, tmp_path: Path) -> None:
    assert both(tmp_path, simulator.dossier(), trust=trust_of(simulator))["exit"] == 0
    assert both(tmp_path, simulator.dossier())["exit"] == 3


def test_a_restricted_dossier_with_its_openings(restricted: Simulator, tmp_path: Path) -> None:
    assert both(tmp_path, restricted.dossier(), trust=trust_of(restricted))["exit"] == 0
    assert both(tmp_path, restricted.dossier())["exit"] == 3


def test_a_whole_dossier_forged_with_fresh_keys(simulator: Simulator, forger: Simulator, tmp_path: Path) -> None:
    found = both(tmp_path, forger.dossier(), trust=trust_of(simulator))
    assert (found["exit"], found["failed"]) == (1, "log")
    assert both(tmp_path, forger.dossier())["exit"] == 3


def test_a_lying_verifier_inside_changes_nothing(simulator: Simulator, tmp_path: Path) -> None:
    parts = simulator.parts()
    from transparency.proofs.dossier import build_dossier

    lying = build_dossier(replace(parts, verifier=b"import sys\nprint('all is well')\nsys.exit(0)\n"))
    assert both(tmp_path, lying, trust=trust_of(simulator))["exit"] == 0
    members = parse_container(lying) | {"verify.py": b"sys.exit(0)"}
    found = both(tmp_path, format_container(members), trust=trust_of(simulator))
    assert (found["exit"], found["failed"]) == (1, "documents")


def test_single_bytes_changed_at_two_hundred_random_places(simulator: Simulator, tmp_path: Path) -> None:
    data, trust = simulator.dossier(), trust_of(simulator)
    chance = random.Random(20261124)
    named = set()
    for _ in range(DAMAGES):
        place = chance.randrange(len(data))
        damaged = bytearray(data)
        damaged[place] ^= 1 << chance.randrange(8)
        found = both(tmp_path, bytes(damaged), trust=trust)
        assert found["exit"] == 1
        assert found["failed"], place
        named.add(found["failed"])
    assert len(named) > 3


def test_every_byte_of_the_central_directory_and_the_end(simulator: Simulator, tmp_path: Path) -> None:
    data = simulator.dossier()
    start = data.index(b"PK\x01\x02")
    for place in range(start, len(data), 7):
        damaged = bytearray(data)
        damaged[place] ^= 0x01
        assert both(tmp_path, bytes(damaged))["exit"] == 1, place


@pytest.mark.parametrize("cut", [0, 1, 21, 22, 100, -1, -21])
def test_what_is_cut_short(simulator: Simulator, tmp_path: Path, cut: int) -> None:
    assert both(tmp_path, simulator.dossier()[:cut]).get("exit", 2) in {1, 2}


@pytest.mark.parametrize(
    ("require", "unmet"),
    [
        ({"attestations": 99}, "attestations"),
        ({"authorities": 9}, "authorities"),
        ({"share_read_percent": 100}, "shareReadPercent"),
        ({"rebuilds": 1}, "rebuilds"),
        ({"max_age_days": 0}, "maxAgeDays"),
    ],
)
def test_each_requirement_that_is_not_met(
    simulator: Simulator, tmp_path: Path, require: dict[str, int], unmet: str
) -> None:
    found = both(tmp_path, simulator.dossier(), trust=trust_of(simulator, **require), now="2030-01-01T00:00:00Z")
    assert (found["exit"], found["unmet"]) == (4, [unmet])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"require"', b'"requires"'),
        (b'"vendors"', b'"vendor"'),
        (
            b"{",
            b'{"extra":1,',
        ),
        (b'"type":"https', b'"type":"http'),
        (b'"origin":"', b'"origin":"x'),
    ],
)
def test_a_trust_file_that_is_not_understood(simulator: Simulator, tmp_path: Path, old: bytes, new: bytes) -> None:
    assert "error" in both(tmp_path, simulator.dossier(), trust=trust_of(simulator).replace(old, new, 1))


def test_files_in_hand(simulator: Simulator, tmp_path: Path) -> None:
    trust = trust_of(simulator)
    members = parse_container(simulator.dossier())
    record = json.loads(members["builds/01/record.json"])
    assert record["artifacts"]
    found = both(tmp_path, simulator.dossier(), trust=trust, file=b"nobody knows this file")
    assert (found["exit"], found["failed"]) == (1, "file")


def test_swapped_members_behind_a_rewritten_index(simulator: Simulator, tmp_path: Path) -> None:
    """The index agrees with what lies there; the links themselves must notice."""
    members = parse_container(simulator.dossier())
    names = sorted(name for name in members if name != "dossier.json")
    trust = trust_of(simulator)
    chance = random.Random(7)
    for _ in range(60):
        one, two = chance.sample(names, 2)
        changed = members | {one: members[two], two: members[one]}
        found = both(tmp_path, format_container(reindexed(changed)), trust=trust)
        harmless = {one, two} <= {"README.txt", "verify.py", "keys.json"} or members[one] == members[two]
        assert (found["exit"] == 0) == harmless, (one, two, found)


def test_single_bytes_changed_behind_a_rewritten_index(simulator: Simulator, tmp_path: Path) -> None:
    members = parse_container(simulator.dossier())
    evidence = sorted(name for name in members if name not in {"dossier.json", "README.txt", "verify.py", "keys.json"})
    trust = trust_of(simulator)
    chance = random.Random(11)
    for _ in range(DAMAGES):
        name = chance.choice(evidence)
        damaged = bytearray(members[name])
        place = chance.randrange(len(damaged))
        damaged[place] ^= 1 << chance.randrange(8)
        found = both(tmp_path, format_container(reindexed(members | {name: bytes(damaged)})), trust=trust)
        assert found["exit"] in {0, 1}
        if found["exit"] == 0:  # comments and hints that nothing vouches for
            assert "signature" in name or name.endswith("record.json"), name


def reindexed(members: dict[str, bytes]) -> dict[str, bytes]:
    import hashlib

    from transparency.proofs.canonical import canonical_json

    index = json.loads(members["dossier.json"])
    index["files"] = {
        name: hashlib.sha256(data).hexdigest() for name, data in members.items() if name != "dossier.json"
    }
    index["subject"] = (
        hashlib.sha256(members["manifest.txt"]).hexdigest()
        if members["manifest.txt"].startswith(b"transparency")
        else index["subject"]
    )
    return members | {"dossier.json": canonical_json(index)}


def test_signatures_by_certificates_are_read_by_both_and_checked_by_the_client_alone(tmp_path: Path) -> None:
    """verify.py follows no chains: it says so, and believes nothing."""
    now = (datetime.now(UTC) + timedelta(minutes=1)).replace(microsecond=0)
    signer = CertificateSigner(tmp_path)
    world = Simulator(tmp_path, vendor=signer, time=now).complete()
    (tmp_path / "dossier.zip").write_bytes(world.dossier())
    (tmp_path / "trust").write_bytes(format_trust_file(world.trust()))
    when = f"{now + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
    arguments = [str(tmp_path / "dossier.zip"), "--trust", str(tmp_path / "trust"), "--now", when]
    ours, theirs = answer(lambda more: client(["verify", *more]), arguments), answer(verify.main, arguments)
    links = {link["name"]: link for link in theirs["links"]}
    assert {link["name"]: link["status"] for link in ours["links"]}["deliveries/01/signature"] == "ok"
    assert links["deliveries/01/signature"]["status"] == "not checked"
    assert "openssl cms -verify" in str(links["deliveries/01/signature"])
    assert (ours["exit"], theirs["exit"]) == (0, 4)
    for text in (
        signer.authority.pem,
        f"signer: email:a@b.example\n{signer.authority.pem}",
        f"use: time-stamps\n{signer.authority.pem}",
    ):
        key = key_from_text(text)
        assert verify.x509_name(key.public) == key.fingerprint
    with pytest.raises(verify.Bad):
        verify.check_cms(b"untrusted comment: x\n")


def test_it_runs_alone_as_a_script(simulator: Simulator, tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_bytes(VERIFIER.read_bytes())
    (tmp_path / "dossier.zip").write_bytes(simulator.dossier())
    (tmp_path / "trust.json").write_bytes(trust_of(simulator))
    command = [sys.executable, "-I", "verify.py", "dossier.zip", "--trust", "trust.json"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "later withdrawals cannot be seen offline" in done.stdout
    assert "stated by" in done.stdout
