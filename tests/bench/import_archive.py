"""Report: import of a big archive against what a shell script would do, in one run.

    python -m tests.bench.import_archive ARCHIVE.tar.xz [--pairs 1]

Ours is the real command up to a readable snapshot: signature, digests, one pass, pack, rows, log leaf. The peers are
`xz -dc | sha256sum`, and `xz -dc | sha256sum and tar -x` then `git add -A` then `git commit`. Ratios count; absolute figures are this machine's.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Cost:
    """Wall and CPU seconds with all children, and the largest resident set of any one process in MiB."""

    wall: float
    cpu: float
    rss: float


def measure(command: list[str], *, cwd: Path, env: dict[str, str] | None = None, out: Path | None = None) -> Cost:
    start = time.monotonic()
    with (out or Path(os.devnull)).open("wb") as stdout:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=stdout)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    return Cost(time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def ours(archive: Path, folder: Path) -> tuple[Cost, dict[str, object]]:
    home = folder / "var"
    env = {**os.environ, "TRANSPARENCY_HOME": str(home), "PYTHONPATH": str(ROOT)}
    manage = [sys.executable, str(ROOT / "manage.py")]
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    shutil.copyfile(archive, folder / archive.name)
    subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-n", "file", "-f", str(key), str(folder / archive.name)],
        check=True,
        capture_output=True,
    )
    subprocess.run([*manage, "migrate", "-v0"], check=True, env=env)
    subprocess.run(
        [*manage, "init", "--origin", "log.bench.test/source"], check=True, env=env, stdout=subprocess.DEVNULL
    )
    command = [
        *manage, "import_snapshot", str(folder / archive.name), "--product", "bench", "--release", "1",
        "--signature", f"{folder / archive.name}.sig", "--key", f"{key}.pub", "--json",
    ]  # fmt: skip
    cost = measure(command, cwd=folder, env=env, out=folder / "answer.json")
    # What ran in the sandbox is nobody's child that we could wait for: it says itself what it used.
    with sqlite3.connect(home / "portal.sqlite3") as rows:
        [result] = rows.execute("select result from transparency_job").fetchone()
    contained = json.loads(result)["contained"]
    whole = Cost(cost.wall, cost.cpu + contained["cpu_seconds"], max(cost.rss, contained["peak_bytes"] / 1024**2))
    return whole, json.loads((folder / "answer.json").read_text())


def peers(archive: Path, folder: Path) -> dict[str, Cost]:
    tree = folder / "tree"
    tree.mkdir()
    git = "git -c user.name=b -c user.email=b@bench.test -c gc.auto=0"
    script = (
        f"xz -dc {archive} | tee >(sha256sum >{folder}/sum) | tar -x -C {tree} && cd {tree} && git init -q . "
        f"&& {git} add -A . && {git} commit -q -m all"
    )
    return {
        "xz -dc": measure(["xz", "-dc", str(archive)], cwd=folder),
        "xz -dc | sha256sum": measure(["bash", "-c", f"xz -dc {archive} | sha256sum"], cwd=folder),
        "xz, sha256sum, tar -x, git add, commit": measure(["bash", "-c", script], cwd=folder),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--pairs", type=int, default=1)
    arguments = parser.parse_args()
    for number in range(arguments.pairs):
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            own, answer = ours(arguments.archive.resolve(), folder)
            found = peers(arguments.archive.resolve(), folder)
        chain = found["xz, sha256sum, tar -x, git add, commit"]
        print(f"run {number + 1}: {answer['files']} files, {answer['bytes']} bytes, verdict {answer['verdict']}")
        for what, cost in {"import_snapshot": own, **found}.items():
            print(f"  {what:32} wall {cost.wall:7.2f} s   CPU {cost.cpu:7.2f} s   largest process {cost.rss:7.1f} MiB")
        print(
            f"  against the chain: wall x{own.wall / chain.wall:.2f}, CPU x{own.cpu / chain.cpu:.2f} (goal at most 0.50 each)"
        )


if __name__ == "__main__":
    main()
