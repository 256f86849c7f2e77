"""Warm contained processes: each request in a fork that is killed at its limits, nothing left of it for the next."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from transparency.gateways.sandbox import Kind, bubblewrap_works
from transparency.gateways.warm import WarmBounds, WarmPool
from transparency.proofs.errors import EvidenceError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS: tuple[Kind, ...] = ("bubblewrap", "rlimits") if bubblewrap_works() else ("rlimits",)
# A module of ours that does what hostile input would have it do.
MODULE = """
import os, socket, time
seen = []
def prepare():
    seen.append("prepared")
def answer(request):
    name, _, rest = request.partition(b" ")
    if name == b"echo":
        seen.append(rest)
        return repr(seen).encode()
    if name == b"spin":
        while True:
            pass
    if name == b"sleep":
        time.sleep(60)
    if name == b"grow":
        return bytes(2 * 1024**3)[:1]
    if name == b"talk":
        return bytes(int(rest))
    if name == b"reach":
        try:
            socket.create_connection(("127.0.0.1", int(rest)), timeout=1)
        except OSError:
            return b"no network"
        return b"reached"
    if name == b"see":
        return str(os.path.exists(rest)).encode()
    if name == b"peek":
        try:
            with open(f"/proc/{os.getppid()}/mem", "rb"):
                return b"read"
        except OSError:
            return b"refused"
    if name == b"linger":
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(0.3)
                os.write(1, b"\\0\\0\\0\\0\\x06forged")
                stolen = os.read(0, 100)
                os.write(1, b"\\0\\0\\0\\0\\x06stolen")
            os._exit(0)
        return b"lingers"
    if name == b"kill":
        os.kill(os.getppid(), 9)
    raise ValueError(name)
"""


@pytest.fixture(params=KINDS)
def pool(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WarmPool]:
    package = Path(__file__).resolve().parent.parent.parent / "transparency" / "gateways" / "contained"
    place = package / f"_warm_test_{os.getpid()}.py"
    place.write_text(MODULE)
    found = WarmPool(
        request.param,
        f"transparency.gateways.contained.{place.stem}",
        size=1,
        bounds=WarmBounds(cpu=1, time=2, memory=512 * 1024**2, output=1024**2),
    )
    yield found
    found.close()
    place.unlink()
    shutil.rmtree(package / "__pycache__", ignore_errors=True)


def test_nothing_of_a_request_is_there_for_the_next(pool: WarmPool) -> None:
    assert pool.run(b"echo one") == b"['prepared', b'one']"
    assert pool.run(b"echo two") == b"['prepared', b'two']"


@pytest.mark.parametrize(("request_", "seconds"), [(b"spin", 3), (b"sleep", 4), (b"talk 2000000", 3)])
def test_a_request_is_stopped_at_its_limits_and_the_next_one_works(
    pool: WarmPool, request_: bytes, seconds: int
) -> None:
    pool.run(b"echo warm")
    start = time.monotonic()
    with pytest.raises(EvidenceError, match="warm-limit"):
        pool.run(request_)
    assert time.monotonic() - start < seconds + 2  # and what a busy machine adds
    assert pool.run(b"echo again")


def test_memory_and_failures_are_the_requests_own(pool: WarmPool) -> None:
    for request in (b"grow", b"nonsense"):
        with pytest.raises(EvidenceError, match="warm-failed"):
            pool.run(request)
    assert pool.run(b"talk 1000000") == bytes(1_000_000)


def test_a_process_that_died_is_replaced(pool: WarmPool) -> None:
    with pytest.raises(UnavailableError, match="warm-unavailable"):
        pool.run(b"kill")
    assert pool.run(b"echo again")


def test_what_a_request_leaves_running_neither_reads_nor_answers_the_next(pool: WarmPool) -> None:
    try:
        assert pool.run(b"linger") == b"lingers"
    except EvidenceError as error:
        assert error.code == "warm-failed"  # it may not even start one
    time.sleep(0.5)
    for word in (b"one", b"two", b"three"):
        assert pool.run(b"echo " + word) == b"['prepared', b'" + word + b"']"


def test_a_process_outlives_the_thread_that_asked_for_it(pool: WarmPool) -> None:
    asked = threading.Thread(target=pool.run, args=(b"echo first",))
    asked.start()
    asked.join()
    time.sleep(0.3)
    warm = pool._free.get_nowait()
    assert warm is not None
    assert warm.is_alive()
    pool._free.put(warm)


@pytest.mark.skipif(not bubblewrap_works(), reason="bubblewrap is not installed")
def test_it_sees_neither_network_nor_files_nor_the_process_that_it_came_from(tmp_path: Path, pool: WarmPool) -> None:
    if "bwrap" not in pool._command[0]:
        pytest.skip("the limits alone hide nothing")
    (tmp_path / "secret").write_text("x")
    assert pool.run(b"see " + bytes(tmp_path / "secret")) == b"False"
    assert pool.run(b"reach 22") == b"no network"
    assert pool.run(b"peek") == b"refused"


def test_a_program_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    pool = WarmPool("rlimits", "transparency.gateways.contained.no_such_module", size=1)
    with pytest.raises(UnavailableError, match="warm-unavailable"):
        pool.run(b"x")
