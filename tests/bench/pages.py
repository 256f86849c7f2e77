"""Report: pages of the portal, signed in, beside cgit, gitweb and klaus over the same tree, in one run.

    python -m tests.bench.pages ARCHIVE.tar.xz [--requests 300]

The portal imports the archive, an auditor agrees an engagement and writes 20 notes on each of two C files, those nearest to 465 and to
5,131 lines; then each page is asked for over one connection (p50, p99) and by 16 at once (wrk, where it is). All ask for gzip, as browsers
do. KLAUS_PYTHON names the python of a venv with klaus and gunicorn. Ratios count;
absolute figures are this machine's, and on a busy one the CPU time of a request says more than the clock.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers.c_cpp import CLexer

from tests.bench.cpu import cpu_ms
from tests.bench.peers import free_port, peers, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parent.parent.parent
LINES = (465, 5131)
FIRST_VIEWS = 7
START_SECONDS = 5
HEADERS = {"Accept-Encoding": "gzip", "Host": "localhost", "Connection": "keep-alive"}


def portal(archive: Path, folder: Path) -> dict[str, Any]:
    """A data folder with the archive in it, two files with 20 notes each and a session of their reader's."""
    environment = {**os.environ, "TRANSPARENCY_HOME": str(folder / "var"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.bench.pages_setup", str(archive), *map(str, LINES)]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**said, "environment": environment}


def repository(archive: Path, folder: Path) -> Path:
    tree, bare = folder / "tree", folder / "s.git"
    tree.mkdir()
    subprocess.run(["tar", "-xf", str(archive), "-C", str(tree), "--strip-components=1"], check=True)
    git = ["git", "-c", "user.name=b", "-c", "user.email=b@bench.test", "-C", str(tree)]
    for words in (("init", "-q", "-b", "main"), ("add", "-A", "-f"), ("commit", "-q", "-m", "all")):
        subprocess.run([*git, *words], check=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(tree), str(bare)], check=True)
    return bare


def ask(port: int, path: str, cookie: str, count: int, *, warm: int = 5) -> tuple[list[float], int]:
    """Milliseconds of each answer over one connection, and the bytes of a body on the wire."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = HEADERS | ({"Cookie": cookie} if cookie else {})
    took, size = [], 0
    for number in range(count + warm):
        start = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path} answered {answer.status}")
        if number >= warm:
            took.append((time.perf_counter() - start) * 1000)
        size = len(body)
    connection.close()
    return took, size


def first_view(port: int, place: str, cookie: str, source: Path) -> tuple[float, float]:
    """Milliseconds of the first answer, and of Pygments alone beside it: what is shown for the first time has to be lexed."""
    start = time.perf_counter()
    ask(port, place, cookie, 1, warm=0)
    took = (time.perf_counter() - start) * 1000
    text, start = source.read_text(errors="replace"), time.perf_counter()
    highlight(text, CLexer(), HtmlFormatter(linenos="table"))  # type: ignore[no-untyped-call]
    return took, (time.perf_counter() - start) * 1000


def first_views(port: int, base: str, cookie: str, tree: Path, seen: Iterable[str]) -> str:
    """Of the C files nearest to the longest of LINES that nobody has looked at: one answer alone says more of chance than of the portal."""
    length = {
        path: path.read_bytes().count(b"\n") for path in tree.rglob("*.c") if str(path.relative_to(tree)) not in seen
    }
    chosen = sorted(length, key=lambda path: abs(length[path] - LINES[-1]))[:FIRST_VIEWS]
    took = [first_view(port, f"{base}file/{path.relative_to(tree)}", cookie, path) for path in chosen]
    factors = sorted(own / live for own, live in took)
    told = ", ".join(f"{own:.0f} / {live:.0f}" for own, live in took)
    return (
        f"first view / Pygments live, ms, {FIRST_VIEWS} files: {told}; median factor {statistics.median(factors):.2f}"
    )


def at_once(port: int, path: str, cookie: str) -> str:
    if not shutil.which("wrk"):
        return "-"
    command = ["wrk", "-t1", "-c16", "-d4s", "-H", "Accept-Encoding: gzip", "-H", "Host: localhost"]
    command += ["-H", f"Cookie: {cookie}"] if cookie else []
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"Requests/sec:\s+([0-9.]+)", said)
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return f"{float(found[1]):.0f}" + (f" ({errors[1]} errors)" if errors else "") if found else "-"


def row(name: str, port: int, path: str, cookie: str, count: int, pids: tuple[int, ...]) -> str:
    before = cpu_ms(pids)
    took, size = ask(port, path, cookie, count)
    cost = f"{(cpu_ms(pids) - before) / (count + 5):.2f}" if pids else "-"
    took.sort()
    p50, p99 = statistics.median(took), took[int(len(took) * 0.99)]
    return f"| {name} | {p50:.2f} | {p99:.2f} | {cost} | {at_once(port, path, cookie)} | {size / 1000:.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--requests", type=int, default=300)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        said = portal(given.archive.resolve(), folder)
        bare = repository(given.archive.resolve(), folder)
        port = free_port()
        command = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
            "--workers", "2", "--blocking-threads", "4", "--log-level", "warning", "transparency.wsgi:application",
        ]  # fmt: skip
        web = subprocess.Popen(command, env=said["environment"], cwd=ROOT)
        try:
            wait_for(port)
            (folder / "peers").mkdir()
            with peers(bare, folder / "peers") as found:
                # Lexers are loaded beside the first requests, and peers start: what is measured has started.
                ask(port, f"{said['base']}tree/", said["cookie"], 1000)
                time.sleep(START_SECONDS)
                for what, path in (*said["files"].items(), ("root folder", "")):
                    print(
                        f"\n{what} {path}\n| server | p50 ms | p99 ms | CPU ms | requests/s at 16 | kB |\n|---|---|---|---|---|---|"
                    )
                    place = f"{said['base']}file/{path}" if path else f"{said['base']}tree/"
                    print(row("portal, signed in, 20 notes", port, place, said["cookie"], given.requests, (web.pid,)))
                    for peer in found:
                        address = peer.file.format(path=path) if path else peer.folder
                        count = given.requests if peer.name.startswith("cgit") and "filter" not in peer.name else 30
                        print(row(peer.name, peer.port, address, "", count, peer.pids), flush=True)
                tree, seen = folder / "tree", said["files"].values()
                print(f"\n{first_views(port, said['base'], said['cookie'], tree, seen)}")
        finally:
            web.terminate()
            web.wait(10)


if __name__ == "__main__":
    main()
