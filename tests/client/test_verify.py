from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.simulator import BUILDS, FILES, NORTH, TIME, Simulator, given_file
from transparency.client import verify
from transparency.client.main import main
from transparency.proofs.attest.dsse import parse_envelope
from transparency.proofs.times import format_time
from transparency.proofs.trust import format_trust_file

ROOT = Path(__file__).resolve().parent.parent.parent
NOW = format_time(TIME)
# Run before the client: any import of Django, or of what only the portal has, is an error.
WITHOUT_DJANGO = """
import runpy, sys
class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"django", "celery", "git", "environ", "whitenoise"}:
            raise AssertionError(f"the client imports {name}")
sys.meta_path.insert(0, Forbidden())
sys.argv = ["transparency", *sys.argv[1:]]
runpy.run_module("transparency.client", run_name="__main__")
"""


@dataclass
class Desk:
    """What a checker has on a desk."""

    world: Simulator
    dossier: Path
    trust: Path
    build: Path
    archive: Path

    def write_trust(self, **require: Any) -> Path:
        path = self.trust.with_name("own-trust.json")
        path.write_bytes(format_trust_file(self.world.trust(**require)))
        return path


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    world = Simulator(folder / "keys").complete()
    files = {
        "dossier.zip": world.dossier(),
        "trust.json": format_trust_file(world.trust()),
        "pump-1.0.bin": BUILDS["pump-1.0.bin"],
        "pump-1.0.tar.gz": world.archive,
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return Desk(world, *(folder / name for name in files))


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["verify", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def answer(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, Any]:
    code, out, _ = run(capsys, *arguments, "--now", NOW, "--json")
    assert out.count("\n") == 1, "one object on one line"
    return code, json.loads(out)


def test_zero_everything_holds_and_is_met(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = answer(capsys, desk.dossier, desk.build, "--trust", desk.write_trust(attestations=2))
    assert code == found["exit"] == 0
    assert (found["failed"], found["unmet"]) == (None, [])
    assert found["checkpoint"] == {"origin": "log.simulated.test/source", "size": 8, "time": NOW}
    assert set(found) == {"exit", "failed", "unmet", "links", "checkpoint"}
    assert all(set(link) == {"name", "status", "detail"} for link in found["links"])
    assert {link["name"]: link["status"] for link in found["links"]}["file"] == "ok"


def test_one_a_link_fails_and_is_named(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = bytearray(desk.dossier.read_bytes())
    data[200] ^= 1
    (tmp_path / "changed.zip").write_bytes(data)
    code, found = answer(capsys, tmp_path / "changed.zip", "--trust", desk.trust)
    assert code == found["exit"] == 1
    assert found["failed"] == found["links"][-1]["name"]
    assert found["links"][-1]["status"] == "failed"
    (tmp_path / "other.bin").write_bytes(b"from somewhere else")
    code, found = answer(capsys, desk.dossier, tmp_path / "other.bin", "--trust", desk.trust)
    assert (code, found["failed"]) == (1, "file")


def test_a_whole_forged_dossier_is_one_with_a_trust_file_and_three_without(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = tmp_path / "forged.zip"
    forged.write_bytes(Simulator(tmp_path / "forger").complete().dossier())
    assert answer(capsys, forged, "--trust", desk.trust)[1]["failed"] == "log"
    code, found = answer(capsys, forged)
    assert (code, found["failed"]) == (3, None)


def test_three_without_a_trust_file_says_so_and_where_one_comes_from(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, desk.dossier, "--now", NOW)
    words = " ".join(out.split())
    assert code == 3
    assert "Internally consistent, origin not established" in words
    assert "Get the keys from where you trust them, not from whoever gave you this dossier" in words
    assert "signed with a key that only the dossier vouches for" in words


def test_four_a_requirement_is_not_met(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    trust = desk.write_trust(rebuilds=1, attestations=3)
    code, found = answer(capsys, desk.dossier, "--trust", trust)
    assert (code, found["exit"], found["failed"], found["unmet"]) == (4, 4, None, ["attestations", "rebuilds"])
    assert found["links"][-1]["name"] == "requirements"
    code, out, _ = run(capsys, desk.dossier, "--trust", trust, "--now", NOW)
    assert code == 4
    assert "not met      requirements" in out
    assert "requires what is not met: attestations, rebuilds" in " ".join(out.split())


def test_the_clock_of_the_option_is_the_one_that_ages_are_judged_by(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    trust = desk.write_trust(max_age_days=10)
    for now, code in (("2026-03-11T12:00:00Z", 0), ("2026-03-11T12:00:01Z", 4)):
        assert main(["verify", str(desk.dossier), "--trust", str(trust), "--now", now]) == code
    capsys.readouterr()


BAD_TRUST = {
    "empty": b"",
    "no JSON": b"trust everyone",
    "misspelt": b'{"type": "https://transparency-centre.example/trust/v1", "requires": {}}',
    "another type": b'{"type": "https://example.org/trust"}',
    "an array": b"[]",
}


@pytest.mark.parametrize("data", BAD_TRUST.values(), ids=BAD_TRUST)
def test_two_a_bad_trust_file(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes) -> None:
    (tmp_path / "bad.json").write_bytes(data)
    code, found = answer(capsys, desk.dossier, "--trust", tmp_path / "bad.json")
    assert code == 2
    assert set(found["error"]) >= {"code", "expected", "found"}


def test_two_a_trust_file_with_a_misspelt_requirement_is_not_used_without_it(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(desk.trust.read_bytes())
    document["require"] = {"attestation": 5}
    (tmp_path / "bad.json").write_text(json.dumps(document))
    code, _, err = run(capsys, desk.dossier, "--trust", tmp_path / "bad.json")
    assert code == 2
    assert "trust-unknown-field" in err


def test_two_what_cannot_be_read(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "dossier.txt"
    text.write_text("this is no zip file, but long enough to be one")
    empty = tmp_path / "empty.zip"
    empty.write_bytes(b"")
    for arguments in (
        (tmp_path / "absent.zip",),
        (tmp_path,),
        (text,),
        (empty,),
        (desk.dossier, tmp_path / "absent.bin"),
        (desk.dossier, tmp_path),
        (desk.dossier, "--trust", tmp_path / "absent.json"),
        ("\0.zip",),
    ):
        code, found = answer(capsys, *arguments)
        assert code == 2
        assert found["error"]["code"]
        assert run(capsys, *arguments)[0] == 2


@pytest.mark.parametrize("now", ["yesterday", "2026-03-01", "2026-03-01T12:00:00+01:00", "2026-13-01T00:00:00Z", ""])
def test_two_a_time_that_is_none(desk: Desk, capsys: pytest.CaptureFixture[str], now: str) -> None:
    code, out, err = run(capsys, desk.dossier, "--now", now)
    assert (code, out) == (2, "")
    assert "time-malformed" in err


def test_two_options_that_are_unknown_or_missing(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["verify"], ["verify", str(desk.dossier), "--trus"], ["verify", str(desk.dossier), "a", "b"], []):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
    capsys.readouterr()


def test_a_file_is_read_in_pieces_and_has_the_digests_of_the_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "CHUNK_BYTES", 7)
    found = verify._given(str(desk.archive))
    assert found.digests == given_file(desk.world.archive).digests
    assert found.read() == desk.world.archive


def test_people_see_each_link_with_its_status_in_words(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, desk.dossier, desk.build, "--trust", desk.trust, "--now", NOW)
    assert code == 0
    assert "\x1b" not in out, "no colour where nobody watches"
    for line in (
        "  ok           log - ",
        "  ok           deliveries/01/signature - ",
        "  ok           file - ",
        "  not claimed  rebuild - ",
    ):
        assert f"\n{line}" in out
    words = " ".join(out.split())
    assert (
        words.index("Machines found")
        < words.index("People state")
        < words.index("As known at checkpoint 8 of 2026-03-01")
    )
    assert "later withdrawals cannot be seen offline" in words
    assert "people state One person of north states to have read 40 of 50 lines; 10 lines nobody read." in words
    assert "This does not show that no back door exists." in words
    assert words.index("Outcome: No link fails, and everything") < words.index("Next:")


def test_what_was_not_checked_is_said_next_to_a_good_outcome(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trust = desk.world.trust()
    (tmp_path / "trust.json").write_bytes(format_trust_file(replace(trust, ring=replace(trust.ring, authorities=()))))
    code, out, _ = run(capsys, desk.dossier, "--trust", tmp_path / "trust.json")
    assert code == 0
    assert "Not checked: attestations/01, attestations/02." in out
    assert "attestations/01 by north (NOT CHECKED, not counted)" in out


def test_text_from_a_dossier_cannot_touch_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Control, direction, invisible and separating characters in every text that people or machines wrote."""
    evil = "\x1b[2K\x1b]0;owned\x07 all is well\u202e\u2028\u200b\x85\r\n  ok           fake - fake\u3164"
    world = Simulator(tmp_path / "keys", files={**FILES, "\u202e": b"x"})
    signature = world.vendor.sign(world.archive)
    record = world.delivery_record([signature])
    world.deliver(replace(record, role=evil, archive=replace(record.archive, name=evil)), signatures=[signature])
    review = world.review(NORTH, machines_found=evil, people_state=evil, limitations=(evil,))
    world.attest(review=review)
    (tmp_path / "dossier.zip").write_bytes(world.dossier())
    (tmp_path / "trust.json").write_bytes(format_trust_file(world.trust()))
    arguments = (tmp_path / "dossier.zip", "--trust", tmp_path / "trust.json")
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    assert not {"\x1b", "\x07", "\u202e", "\u2028", "\u200b", "\x85", "\r", "\u3164"} & set(out)
    assert "\n  ok           fake" not in out
    _, raw, _ = run(capsys, *arguments, "--json")
    assert raw.isascii()
    assert raw.rstrip("\n").isprintable()


def test_errors_are_escaped_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, tmp_path / "\x1b[31mred")
    assert code == 2
    assert "\x1b" not in err
    assert "\\x1b[31mred" in err


def watched(arguments: list[str], **environment: str) -> str:
    """The client's output on a terminal of its own."""
    reader, writer = pty.openpty()
    command = [sys.executable, "-m", "transparency.client", *arguments]
    done = subprocess.Popen(
        command, stdout=writer, stderr=writer, cwd=ROOT, env={**os.environ, "TERM": "xterm", **environment}
    )
    os.close(writer)
    seen = b""
    try:
        while piece := os.read(reader, 65536):
            seen += piece
    except OSError:
        pass
    os.close(reader)
    assert done.wait() == 0
    return seen.decode()


def test_colour_is_for_terminals_and_never_the_only_sign(desk: Desk) -> None:
    arguments = ["verify", str(desk.dossier), "--trust", str(desk.trust)]
    bright, plain = watched(arguments), watched(arguments, NO_COLOR="1")
    assert "\x1b[32mok" in bright
    assert "\x1b" not in plain
    for colour in ("\x1b[32m", "\x1b[33m", "\x1b[1m", "\x1b[0m"):
        bright = bright.replace(colour, "")
    assert bright == plain


def test_the_client_runs_without_django(desk: Desk) -> None:
    for arguments, code in (
        (["--help"], 0),
        (["verify", str(desk.dossier), str(desk.build), "--trust", str(desk.trust), "--json"], 0),
        (["manifest", str(desk.archive), "--json"], 0),
    ):
        command = [sys.executable, "-c", WITHOUT_DJANGO, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        assert (done.returncode, done.stderr) == (code, "")
        assert done.stdout


def test_a_statement_signed_by_the_client_is_an_attestation_that_the_client_accepts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = Simulator(tmp_path / "keys")
    world.deliver()
    statement = parse_envelope(world.envelope(world.review(NORTH), signer=world.auditors[NORTH])).payload
    (tmp_path / "statement.json").write_bytes(statement)
    signed = tmp_path / "signed.json"
    key = tmp_path / "keys" / NORTH
    assert main(["sign", str(tmp_path / "statement.json"), "--key", str(key), "--out", str(signed)]) == 0
    world.attest(envelope=signed.read_bytes())
    (tmp_path / "dossier.zip").write_bytes(world.dossier())
    (tmp_path / "trust.json").write_bytes(format_trust_file(world.trust(attestations=1)))
    capsys.readouterr()
    code, found = answer(capsys, tmp_path / "dossier.zip", "--trust", tmp_path / "trust.json")
    assert (code, found["unmet"]) == (0, [])


def test_output_that_nobody_reads_to_the_end_is_no_crash(desk: Desk) -> None:
    command = f"{sys.executable} -m transparency.client verify {desk.dossier} | true"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_a_terminal_that_knows_only_ascii_still_gets_the_whole_answer(tmp_path: Path) -> None:
    world = Simulator(tmp_path / "keys")
    signature = world.vendor.sign(world.archive)
    world.deliver(replace(world.delivery_record([signature]), role="Pr\u00fcfung"), signatures=[signature])
    (tmp_path / "dossier.zip").write_bytes(world.dossier())
    command = [sys.executable, "-m", "transparency.client", "verify", str(tmp_path / "dossier.zip")]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, cwd=ROOT, env=environment, check=False)
    assert (done.returncode, done.stderr) == (3, b"")
    assert b"Pr\\xfcfung" in done.stdout
