"""Fuzz: `python -m tests.fuzz.run WHAT FOLDER [--seconds 1800] [--record]`; needs atheris (requirements/fuzz.txt).

WHAT is a target, several in one process (`paths+checkpoint+tiles`: the first byte of the input says which), a group of groups.py, or `all`:
every group in turn, each for so many seconds. FOLDER keeps corpus, log and findings of each and is continued by the next run. One line
of JSON a group says what was done; `--record` adds it to record.json as well. See README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import atheris

from tests.fuzz.groups import GROUPS
from tests.fuzz.record import keep, today

with atheris.instrument_imports(include=["transparency"]):
    from tests.fuzz import agreement, targets
    from tests.fuzz.seeds import seeds

# A finding ends libFuzzer; the rest of the time is for others, unless they come too often.
MAX_FINDINGS = 8
_LEAST_SECONDS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", type=_jobs, help=", ".join(["all", *GROUPS, *sorted(targets.TARGETS)]))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=int, default=1800, help="for each")
    parser.add_argument("--record", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = seeds(Path(scratch))
    for label, names in given.what.items():
        folder = given.folder / label
        (folder / "corpus").mkdir(parents=True, exist_ok=True)
        _write_seeds(folder / "corpus", names, found)
        said = fuzz(folder, names, given.seconds)
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
        if given.record:
            keep([said], date=today())


def fuzz(folder: Path, names: list[str], seconds: int) -> dict[str, Any]:
    """One group for its time, started again behind each finding."""
    start = time.monotonic()
    cpu = executions = edges = 0.0
    before = len(list(folder.glob("finding-*")))
    while (left := seconds - (time.monotonic() - start)) > _LEAST_SECONDS:
        cpu += _round(folder, names, round(left))
        executions += _last(folder / "log", r"Done (\d+) runs|#(\d+)\s") or 0
        edges = max(edges, _last(folder / "log", r"cov: (\d+)") or 0)
        if len(list(folder.glob("finding-*"))) - before >= MAX_FINDINGS:
            break
    return {
        "target": "+".join(names),
        "wallSeconds": round(time.monotonic() - start),
        "cpuSeconds": round(cpu),
        "executions": int(executions),
        "edges": int(edges),
        "corpus": len(list((folder / "corpus").iterdir())),
        "findings": sorted(path.name for path in folder.glob("finding-*")),
    }


def _round(folder: Path, names: list[str], seconds: int) -> float:
    """libFuzzer in a child, which it ends by itself; returns the CPU seconds of it and of its children."""
    flags = [
        f"-max_total_time={seconds}", f"-artifact_prefix={folder}/finding-", "-rss_limit_mb=2048",
        "-timeout=60", "-report_slow_units=90", "-max_len=65536", "-len_control=0", "-print_final_stats=1",
    ]  # fmt: skip
    child = os.fork()
    if child == 0:
        with (folder / "log").open("wb") as output:
            for descriptor in (1, 2):
                os.dup2(output.fileno(), descriptor)
        agreement.remember_curves()
        atheris.Setup([sys.argv[0], *flags, str(folder / "corpus")], lambda data: one_input(names, data))
        atheris.Fuzz()
    _, _, usage = os.wait4(child, 0)
    return usage.ru_utime + usage.ru_stime


def one_input(names: list[str], data: bytes) -> None:
    if len(names) == 1:
        targets.run(names[0], data)
    elif data:
        targets.run(names[data[0] % len(names)], data[1:])


def _jobs(text: str) -> dict[str, list[str]]:
    """Folder -> targets. A name that is both a group's and a target's means the group."""
    if text == "all":
        return {name: list(members) for name, members in GROUPS.items()}
    if text in GROUPS:
        return {text: list(GROUPS[text])}
    names = text.split("+")
    if unknown := set(names) - set(targets.TARGETS):
        raise argparse.ArgumentTypeError(f"no target named {', '.join(sorted(unknown))}")
    return {text: names}


def _write_seeds(corpus: Path, names: list[str], found: dict[str, list[bytes]]) -> None:
    for position, name in enumerate(names):
        for number, seed in enumerate(found.get(name, [])):
            prefix = bytes([position]) if len(names) > 1 else b""
            (corpus / f"seed-{name}-{number}").write_bytes(prefix + seed)


def _last(log: Path, pattern: str) -> int | None:
    """The last number that libFuzzer wrote in this place."""
    found = re.findall(pattern, log.read_text(errors="replace"))
    groups = found[-1] if found else ()
    return next((int(number) for number in ([groups] if isinstance(groups, str) else groups) if number), None)


if __name__ == "__main__":
    main()
