"""What a contained task cannot do: outlive its limits, see files, reach the network, or be believed when it answers nonsense."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import pytest

from transparency.gateways import sandbox as room
from transparency.gateways.contained.wire import (
    intake_json,
    parse_failure,
    parse_intake,
    parse_line,
    parse_verdict,
    verdict_json,
)
from transparency.gateways.parsing import read_members
from transparency.gateways.sandbox import Bounds, Kind, Sandbox, bubblewrap_works, choose_sandbox
from transparency.proofs.errors import EvidenceError, UnavailableError
from transparency.proofs.signatures.judge import SignatureFinding, Step, Verdict
from transparency.proofs.sources.intake import Intake
from transparency.proofs.sources.membersource import Limits
from transparency.proofs.sources.paths import Finding

# Tasks of these tests' own, run in the real sandbox beside the real ones.
_TASKS = """
import os, runpy, socket, sys, time
sys.path.insert(0, sys.argv.pop(1))
from transparency.gateways.contained import tasks
def burn(request, files):
    while True: pass
def sleep(request, files):
    time.sleep(600)
def swell(request, files):
    return {"size": len(bytearray(request["bytes"]))}
def spill(request, files):
    with os.fdopen(files["out"], "wb") as out:
        while True: out.write(bytes(1 << 20))
def look(request, files):
    seen = {}
    for path in request["paths"]:
        try:
            seen[path] = bool(os.listdir(path)) if os.path.isdir(path) else bool(open(path, "rb").read(1))
        except OSError:
            seen[path] = False
    return seen
def write(request, files):
    done = {}
    for path in request["paths"]:
        try:
            open(path, "w").close(); done[path] = True
        except OSError:
            done[path] = False
    return done
def connect(request, files):
    try:
        socket.create_connection(("127.0.0.1", request["port"]), 2).close()
        return {"connected": True}
    except OSError:
        return {"connected": False}
def environment(request, files):
    return {"environment": dict(os.environ)}
def die(request, files):
    os.kill(os.getpid(), request["signal"])
def chatter(request, files):
    while True: sys.stdout.write("x" * (1 << 20))
def nonsense(request, files):
    sys.stdout.write("not json\\n"); sys.stdout.flush()
    return {}
def children(request, files):
    import subprocess
    child = subprocess.Popen(["sleep", "600"])
    print('{"progress": {"pid": %d}}' % os.getpid(), flush=True)
    time.sleep(600)
tasks.TASKS.update({name: value for name, value in list(globals().items()) if callable(value)})
runpy.run_module("transparency.gateways.contained", run_name="__main__", alter_sys=True)
"""


@pytest.fixture(params=get_args(Kind))
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Kind:
    if request.param == "bubblewrap":
        assert bubblewrap_works(), "the suite needs a working bwrap"
    monkeypatch.setattr(room, "_START", _TASKS)
    found: Kind = request.param
    return found


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a secret of the host."""
    (tmp_path / "secret").write_text("secret")
    return tmp_path


def code_of(sandbox: Sandbox, task: str, **request: Any) -> str:
    with pytest.raises((EvidenceError, UnavailableError)) as caught:
        sandbox.run(task, request)
    return caught.value.code


def test_a_task_that_burns_is_killed_at_its_cpu_limit_and_a_second(kind: Kind) -> None:
    start = time.monotonic()
    assert code_of(Sandbox(kind, Bounds(cpu=1, time=60)), "burn") == "limit-cpu"
    assert time.monotonic() - start < 20  # seconds by the clock of a busy machine; its CPU is bounded by the kernel


def test_a_task_that_sleeps_is_killed_at_its_time_limit_and_a_second(kind: Kind) -> None:
    start = time.monotonic()
    assert code_of(Sandbox(kind, Bounds(time=2)), "sleep") == "limit-time"
    assert time.monotonic() - start < 3


def test_memory_beyond_the_limit_is_refused_and_below_is_not(kind: Kind) -> None:
    sandbox = Sandbox(kind, Bounds(memory=1024**3))
    assert code_of(sandbox, "swell", bytes=2 * 1024**3) == "limit-memory"
    assert sandbox.run("swell", {"bytes": 1024}) == {"size": 1024}


def test_a_file_beyond_the_limit_is_refused(kind: Kind, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w+b") as out, pytest.raises(EvidenceError, match="limit-output"):
        Sandbox(kind, Bounds(output=8 * 1024**2)).run("spill", {}, outputs={"out": out})
    assert (tmp_path / "out").stat().st_size <= 8 * 1024**2


def test_an_answer_without_end_is_refused(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MAX_ANSWER_BYTES", 4 * 1024**2)
    assert code_of(Sandbox(kind), "chatter") == "limit-output"


@pytest.mark.parametrize("ended_by", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_death_is_weather_and_never_an_answer(kind: Kind, ended_by: signal.Signals) -> None:
    assert code_of(Sandbox(kind), "die", signal=int(ended_by)) == "contained-died"


def test_what_is_not_json_is_no_answer(kind: Kind) -> None:
    assert code_of(Sandbox(kind), "nonsense") == "contained-died"


def test_nothing_of_the_environment_comes_in(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSPARENCY_SECRET_KEY", "secret")
    seen = Sandbox(kind).run("environment", {})["environment"]
    assert set(seen) <= {"PATH", "LC_ALL", "PYTHONDONTWRITEBYTECODE", "PWD"}


class TestBubblewrap:
    def test_files_of_the_host_are_not_there(self, monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
        monkeypatch.setattr(room, "_START", _TASKS)
        hidden = [str(here / "secret"), "/etc/passwd", "/root", "/home", "/var", "/etc/ssl"]
        seen = Sandbox("bubblewrap").run("look", {"paths": [*hidden, "/usr/bin"]})
        assert {path for path, there in seen.items() if there} - {"/root", "/home"} == {"/usr/bin"}

    def test_the_data_folder_beside_the_package_is_not_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(room, "_START", _TASKS)
        root = Path(room.__file__).resolve().parent.parent.parent
        seen = Sandbox("bubblewrap").run(
            "look", {"paths": [str(root / "manage.py"), str(root / "var"), str(root / ".git")]}
        )
        assert not any(seen.values())

    def test_nothing_can_be_written_but_what_was_handed_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(room, "_START", _TASKS)
        package = Path(room.__file__).resolve()
        targets = ["/usr/evil", "/evil", str(package), str(Path(sys.prefix) / "evil"), "/etc/evil"]
        done = Sandbox("bubblewrap").run("write", {"paths": targets})
        assert [path for path in targets if done[path] and Path(path).exists()] == []
        assert package.stat().st_size > 0

    def test_there_is_no_network(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(room, "_START", _TASKS)
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            socket.create_connection(("127.0.0.1", port)).close()
            assert Sandbox("bubblewrap").run("connect", {"port": port}) == {"connected": False}


def test_a_caller_that_loses_interest_leaves_no_process_behind(kind: Kind) -> None:
    def stop(progress: dict[str, Any]) -> None:
        if progress:
            raise UnavailableError("lease-lost")

    before = _sleepers()
    with pytest.raises(UnavailableError, match="lease-lost"):
        Sandbox(kind).run("children", {}, tick=stop)
    deadline = time.monotonic() + 5
    while _sleepers() - before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _sleepers() - before


def test_a_task_dies_with_its_killed_caller(tmp_path: Path, kind: Kind) -> None:
    before = _sleepers()
    script = tmp_path / "caller.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(Path(room.__file__).resolve().parents[2])!r})\n"
        "from transparency.gateways import sandbox\n"
        f"sandbox._START = {_TASKS!r}\n"
        f"sandbox.Sandbox({kind!r}).run('children', {{}}, tick=lambda said: said and print('up', flush=True))\n"
    )
    caller = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE)
    assert caller.stdout is not None
    assert caller.stdout.readline() == b"up\n"
    caller.kill()
    caller.wait()
    caller.stdout.close()
    deadline = time.monotonic() + 5
    contained = _contained()
    while contained and time.monotonic() < deadline:
        time.sleep(0.05)
        contained = _contained()
    assert not contained
    for left in (
        _sleepers() - before
    ):  # a grandchild of the unwrapped kind; the wrapped kind's died with their namespace
        assert kind == "rlimits"
        with suppress(ProcessLookupError):
            os.kill(left, signal.SIGKILL)


def test_eight_at_once_do_not_mix_their_answers(kind: Kind) -> None:
    answers: dict[int, int] = {}

    def one(number: int) -> None:
        answers[number] = Sandbox(kind).run("swell", {"bytes": number})["size"]

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: number for number in range(8)}


def test_production_does_not_start_without_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "bubblewrap_works", lambda: False)
    assert choose_sandbox("auto", Bounds()).kind == "rlimits"
    with pytest.raises(UnavailableError, match="sandbox-missing"):
        choose_sandbox("bubblewrap", Bounds())


class TestAnswers:
    """What a task that was taken over might answer."""

    GOOD = intake_json(
        Intake((Finding("a", "name-utf8", ""),), (), git_tree="0" * 40, swhid="swh:1:dir:" + "0" * 40, files=1)
    )
    MANIFEST = b"transparency-manifest/v1\n100644 " + b"0" * 64 + b" 1 a\n"

    def parse(self, **changed: Any) -> Intake:
        return parse_intake({**self.GOOD, **changed}, manifest=self.MANIFEST, file_table=b"", index=b"")

    def test_a_good_one_is_read(self) -> None:
        found = self.parse()
        assert found.files == 1
        assert found.flagged == (Finding("a", "name-utf8", ""),)

    @pytest.mark.parametrize(
        "changed",
        [
            {"files": 2}, {"files": -1}, {"files": True}, {"files": "1"}, {"files": 1 << 64}, {"bytes": 1.5}, {"lines": None},
            {"gitTree": "../../etc"}, {"gitTree": None}, {"swhid": "<script>"}, {"dirHash": "h1:x"}, {"prefix": "a b\n"},
            {"flagged": None}, {"flagged": [["a", "Rule!", ""]]}, {"flagged": [["a\n", "rule", ""]]}, {"flagged": [["a", "rule"]]},
            {"flagged": [["a", "rule", 1]]}, {"flagged": [["a", "rule", "x" * 70_000]]}, {"flagged": [["a", "rule", ""]] * 10_002},
            {"refused": [["a", "rule", ""]] * 101},
        ],
    )  # fmt: skip
    def test_another_shape_is_refused(self, changed: dict[str, Any]) -> None:
        with pytest.raises(EvidenceError, match="contained-answer"):
            self.parse(**changed)

    @pytest.mark.parametrize(
        "line",
        [b"", b"[1]", b"nonsense", b"[" * 100_000, b'{"a":"\xed\xa0\x80"}', b'{"a":NaN}', b'{"a":1,"a":2}'],
    )  # fmt: skip
    def test_a_line_that_other_code_could_stumble_over_is_refused(self, line: bytes) -> None:
        with pytest.raises(UnavailableError, match="contained-died"):
            parse_line(line)

    @pytest.mark.parametrize(
        "failure",
        [
            "text",
            ["x"],
            {"root": "evidence", "code": "<b>"},
            {"code": 1},
            {},
            {"code": "x", "root": []},
            {"root": "evidence", "code": "x", "found": {"y": 1}},
        ],
    )
    def test_an_error_of_another_shape_is_refused(self, failure: Any) -> None:
        with pytest.raises(EvidenceError, match="contained-answer"):
            parse_failure(failure)

    def test_an_error_of_the_agreed_shape_comes_through(self) -> None:
        error = parse_failure({"root": "evidence", "code": "limit-memory", "expected": "less", "found": "more"})
        assert isinstance(error, EvidenceError)
        assert (error.code, error.expected, error.found) == ("limit-memory", "less", "more")

    def test_a_manifest_of_another_shape_is_refused(self) -> None:
        for manifest in (
            b"",
            b"transparency-manifest/v1\n",
            self.MANIFEST[:-1],
            self.MANIFEST + b"\xff\n",
            self.MANIFEST.replace(b" a", b" a b"),
        ):
            with pytest.raises(EvidenceError, match="contained-answer"):
                parse_intake(self.GOOD, manifest=manifest, file_table=b"", index=b"")

    def test_a_verdict_comes_through_and_another_shape_does_not(self) -> None:
        finding = SignatureFinding(0, "sshsig", "SHA256:x", "valid", "valid", (Step("readable", "holds", "", "SSH"),))
        verdict = Verdict("valid", "valid", (finding,))
        good = verdict_json(verdict)
        assert parse_verdict(good, files=1) == verdict
        for bad in (
            {**good, "outcome": "splendid"}, {**good, "code": "Bad Code"}, {**good, "findings": {}},
            {**good, "findings": [{**good["findings"][0], "file": 1}]},
            {**good, "findings": [{**good["findings"][0], "outcome": 1}]},
            {**good, "findings": [{**good["findings"][0], "steps": [["a", "shines", "", ""]]}]},
            {**good, "findings": good["findings"] * 1000},
        ):  # fmt: skip
            with pytest.raises(EvidenceError, match="contained-answer"):
                parse_verdict(bad, files=1)


def test_an_import_that_burns_its_cpu_is_refused_with_the_limit_named(tmp_path: Path) -> None:
    archive, pack = tmp_path / "big.tar", (tmp_path / "pack").open("w+b")
    with tarfile.open(archive, "w") as tar:
        member = tarfile.TarInfo("noise")
        member.size = 400 * 1024**2
        with Path("/dev/urandom").open("rb") as noise:
            tar.addfile(member, noise)
    gz = tmp_path / "big.tar.gz"
    subprocess.run(["bash", "-c", f"gzip -1 < {archive} > {gz}"], check=True)
    with pack, gz.open("rb") as source:
        found = read_members(Sandbox("bubblewrap", Bounds(cpu=1)), source, pack, limits=Limits(), scratch=tmp_path)
    assert [(item.path, item.rule) for item in found.refused] == [("", "limit-cpu")]
    assert asdict(found)["manifest"] == b""


def _sleepers() -> set[int]:
    return _processes(b"sleep\x00600")


def _contained() -> set[int]:
    return _processes(b"contained import tasks")


def _processes(word: bytes) -> set[int]:
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if word in (folder / "cmdline").read_bytes() and (folder / "stat").read_text().split(") ")[1][0] != "Z":
                found.add(int(folder.name))
    return found
