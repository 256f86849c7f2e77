"""Fuzz one target: `python -m tests.fuzz.run TARGET FOLDER [--seconds 1800]`; needs atheris (requirements/fuzz.txt).

`paths+checkpoint+tiles` fuzzes several small ones in one process: the first byte of the input says which.

FOLDER keeps the corpus and the findings of each target. At the end one line of JSON says what was done; see README.md.
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

import atheris

with atheris.instrument_imports(include=["transparency"]):
    from tests.fuzz import agreement, targets
    from tests.fuzz.seeds import seeds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=_names, help=", ".join(sorted(targets.TARGETS)))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=int, default=1800)
    given = parser.parse_args()
    corpus = given.folder / "+".join(given.target) / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        _write_seeds(corpus, given.target, seeds(Path(scratch)))
    flags = [
        f"-max_total_time={given.seconds}", f"-artifact_prefix={corpus.parent}/finding-", "-rss_limit_mb=2048",
        "-timeout=20", "-max_len=65536", "-len_control=0", "-print_final_stats=1",
    ]  # fmt: skip
    log = corpus.parent / "log"
    start = time.monotonic()
    child = os.fork()  # libFuzzer ends its process by itself
    if child == 0:
        with log.open("wb") as output:
            for descriptor in (1, 2):
                os.dup2(output.fileno(), descriptor)
        agreement.remember_curves()
        atheris.Setup([sys.argv[0], *flags, str(corpus)], lambda data: one_input(given.target, data))
        atheris.Fuzz()
    _, _, usage = os.wait4(child, 0)
    said = {
        "target": "+".join(given.target),
        "wallSeconds": round(time.monotonic() - start),
        "cpuSeconds": round(usage.ru_utime + usage.ru_stime),
        "executions": _last(log, r"Done (\d+) runs|#(\d+)\s"),
        "edges": _last(log, r"cov: (\d+)"),
        "corpus": len(list(corpus.iterdir())),
        "findings": sorted(path.name for path in corpus.parent.glob("finding-*")),
    }
    sys.stdout.write(json.dumps(said) + "\n")


def one_input(names: list[str], data: bytes) -> None:
    if len(names) == 1:
        targets.run(names[0], data)
    elif data:
        targets.run(names[data[0] % len(names)], data[1:])


def _names(text: str) -> list[str]:
    names = text.split("+")
    if unknown := set(names) - set(targets.TARGETS):
        raise argparse.ArgumentTypeError(f"no target named {', '.join(sorted(unknown))}")
    return names


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
