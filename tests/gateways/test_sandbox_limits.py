"""What a contained task may cost: its own CPU with all its children's, the caller's CPU, and what it leaves on the disk when it is killed."""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest

from tests.gateways.spent import Spent
from transparency.gateways import sandbox as room
from transparency.gateways.parsing import read_members
from transparency.gateways.sandbox import Bounds, Kind, Meter, Sandbox, bubblewrap_works
from transparency.proofs.errors import EvidenceError, UnavailableError
from transparency.proofs.sources.membersource import Limits

if TYPE_CHECKING:
    from transparency.proofs.sources.intake import Intake

# Tasks of these tests' own, run in the real sandbox beside the real ones.
_TASKS = """
import json, os, runpy, subprocess, sys, tempfile, time
sys.path.insert(0, sys.argv.pop(1))
from transparency.gateways.contained import tasks
from transparency.proofs.errors import EvidenceError
BURN = [sys.executable, "-c", "while True: pass"]
def burn(request, files):
    while True: pass
def burn_in_children(request, files):
    children = [subprocess.Popen(BURN) for _ in range(request["children"])]
    for child in children: child.wait()
def burn_in_turns(request, files):
    while True: subprocess.run([sys.executable, "-c", "import time\\nwhile time.process_time() < 0.3: pass"])
def burn_in_orphans(request, files):
    subprocess.run(["sh", "-c", '"$@" & "$@" &', "sh", *BURN])
    time.sleep(600)
def ramble(request, files):
    sys.stdout.write(json.dumps({"progress": {"words": "x" * request["bytes"]}}) + "\\n")
    return {}
def stutter(request, files):
    for _ in range(request["lines"]): sys.stdout.write("{}\\n")
    return {}
def nest(request, files):
    sys.stdout.write("[" * 1_000_000 + "\\n")
    return {}
def litter(request, files):
    folder = tempfile.mkdtemp(prefix="litter-")
    with open(folder + "/source", "w") as stream: stream.write("a vendor's")
    print(json.dumps({"progress": {"there": 1}}), flush=True)
    time.sleep(600)
def fail(request, files):
    raise EvidenceError("patch-failed", subject=request["subject"], expected="a", found=request.get("found", "b"))
def lie(request, files):
    sys.stdout.write(request["line"] + "\\n"); sys.stdout.flush(); os._exit(0)
def fail_to_read(request, files):
    sys.stdout.write(open("/dev/fd/%d" % files["archive"]).read() + "\\n"); sys.stdout.flush(); os._exit(0)
tasks.TASKS.update({name: value for name, value in list(globals().items()) if callable(value)})
tasks.TASKS["read-members"] = fail_to_read
runpy.run_module("transparency.gateways.contained", run_name="__main__", alter_sys=True)
"""
_LIMIT, _SLACK = 1, 0.5


@pytest.fixture(params=get_args(Kind))
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Kind:
    if request.param == "bubblewrap":
        assert bubblewrap_works(), "the suite needs a working bwrap"
    monkeypatch.setattr(room, "_START", _TASKS)
    found: Kind = request.param
    return found


def code_of(sandbox: Sandbox, task: str, **request: Any) -> str:
    with pytest.raises((EvidenceError, UnavailableError)) as caught:
        sandbox.run(task, request)
    return caught.value.code


def own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class TestCpu:
    @pytest.mark.parametrize(
        ("task", "request_"),
        [("burn", {}), ("burn_in_children", {"children": 3}), ("burn_in_turns", {}), ("burn_in_orphans", {})],
    )
    def test_all_processes_of_a_task_together_are_killed_at_its_limit_and_a_second(
        self, kind: Kind, task: str, request_: dict[str, Any]
    ) -> None:
        with Spent() as spent:
            assert code_of(Sandbox(kind, Bounds(cpu=_LIMIT, time=120)), task, **request_) == "limit-cpu"
        assert _LIMIT - 1 <= spent.seconds <= _LIMIT + 1 + _SLACK

    def test_what_was_spent_until_then_is_told(self, kind: Kind) -> None:
        meter = Meter()
        with pytest.raises(EvidenceError, match="limit-cpu"):
            Sandbox(kind, Bounds(cpu=_LIMIT, time=120)).run("burn_in_children", {"children": 2}, meter=meter)
        assert _LIMIT <= meter.cpu_seconds <= _LIMIT + 1 + _SLACK


class TestAnswers:
    def test_a_line_of_many_megabytes_costs_the_caller_little(self, kind: Kind) -> None:
        before = own_cpu()
        assert Sandbox(kind).run("ramble", {"bytes": 32 * 1024**2}) == {}
        assert own_cpu() - before < 5

    def test_lines_without_end_are_refused(self, kind: Kind) -> None:
        before = own_cpu()
        assert code_of(Sandbox(kind), "stutter", lines=1_000_000) == "limit-output"
        assert own_cpu() - before < 5

    def test_brackets_without_end_are_no_answer(self, kind: Kind) -> None:
        assert code_of(Sandbox(kind), "nest") == "contained-died"

    @pytest.mark.parametrize(
        "line",
        [
            r'{"error": {"root": "evidence", "code": "x", "subject": "\ud800"}}',
            r'{"error": {"root": "evidence", "code": "x", "found": "a \udfff b"}}',
            r'{"answer": {"flagged": [["a", "rule", "\ud800"]]}}',
            r'{"answer": {"\udc00": 1}}',
            '{"error": ["evidence"]}',
            '{"error": {"root": ["evidence"], "code": "x"}}',
            '{"error": {"root": "splendid", "code": "x"}}',
            '{"error": {"root": "evidence", "code": 1}}',
            '{"error": {"root": "evidence", "code": "x", "subject": {}}}',
            '{"error": {"root": "evidence", "code": "' + "x" * 65 + '"}}',
            '{"error": {"root": "evidence", "code": "x", "subject": "' + "x" * 20_000 + '"}}',
        ],
    )
    def test_what_no_sound_task_says_is_refused(self, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
        monkeypatch.setattr(room, "_START", _TASKS)
        assert code_of(Sandbox("bubblewrap"), "lie", line=line) == "contained-answer"


class TestSubjects:
    """The name of a member in an error of a task that reads members: escaped once, inside."""

    def read(self, folder: Path, subject: str) -> Intake:
        line = f'{{"error": {{"root": "evidence", "code": "patch-failed", "subject": "{subject}", "expected": "a", "found": "b"}}}}'
        with (folder / "pack").open("w+b") as pack, (folder / "line").open("w+b") as said:
            said.write(line.encode())
            said.flush()
            return read_members(Sandbox("bubblewrap"), said, pack, limits=Limits(), scratch=folder)

    @pytest.mark.parametrize("subject", ["", "a%20b%FF.c", "%C3%A9" * 2048])
    def test_an_escaped_one_is_taken_as_it_is(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, subject: str
    ) -> None:
        monkeypatch.setattr(room, "_START", _TASKS)
        assert [(item.path, item.rule) for item in self.read(tmp_path, subject).refused] == [(subject, "patch-failed")]

    @pytest.mark.parametrize("subject", ["a b", "%2", "%ff", "%41", r"\u00e9", r"\ud800", r"a\u0000", "<b>"])
    def test_another_one_is_refused(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, subject: str) -> None:
        monkeypatch.setattr(room, "_START", _TASKS)
        with pytest.raises(EvidenceError, match="contained-answer"):
            self.read(tmp_path, subject)


def test_a_killed_task_leaves_none_of_its_temporary_files(kind: Kind, tmp_path: Path) -> None:
    def stop(progress: dict[str, Any]) -> None:
        if progress:
            assert kind == "bubblewrap" or [*tmp_path.glob("task.*.tmp/litter-*/source")]
            raise UnavailableError("lease-lost")

    outside = Path(tempfile.gettempdir())
    before = {*outside.glob("litter-*")}
    with pytest.raises(UnavailableError, match="lease-lost"):
        Sandbox(kind).run("litter", {}, tick=stop, scratch=tmp_path)
    assert {*outside.glob("litter-*")} == before
    assert [*tmp_path.iterdir()] == []
