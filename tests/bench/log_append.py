"""Report: appends by concurrent submitters with group commit, and proofs from tiles.

    python -m tests.bench.log_append [--entries 1000] [--processes 4] [--threads 8]

Each submitter writes its leaf in a transaction of its own, as a service does, and returns when the entry is published. The peer is a
bare loop of SQLite inserts with the same durability.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def submit(start: int, count: int, threads: int, results: multiprocessing.Queue[list[float]]) -> None:
    """One process with several threads; the time from asking to published, in seconds, for each entry."""
    import django

    django.setup()
    from django.db import connection, transaction

    from transparency.models import Product
    from transparency.proofs.digest import Digest
    from transparency.services.log_record import log_record

    product = Product.objects.select_related("vendor").get(slug="bench")
    times: list[float] = []

    def work(first: int, last: int) -> None:
        for number in range(first, last):
            began = time.monotonic()
            with transaction.atomic():
                log_record(
                    kind="delivery",
                    digest=Digest.of(str(number).encode()),
                    subjects=[("manifest", Digest.of(b"m"))],
                    organisation=product.vendor,
                    product=product,
                )
            times.append(time.monotonic() - began)
        connection.close()

    share = -(-count // threads)
    workers = [
        threading.Thread(target=work, args=(start + n * share, start + min(count, (n + 1) * share)))
        for n in range(threads)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    results.put(times)


def bare_loop(folder: Path, count: int) -> float:
    database = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE entry (leaf BLOB)")
    began = time.monotonic()
    for _ in range(count):
        database.execute("INSERT INTO entry VALUES (?)", (bytes(300),))
    return count / (time.monotonic() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=8)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        os.environ |= {
            "TRANSPARENCY_HOME": f"{name}/var",
            "DJANGO_SETTINGS_MODULE": "transparency.settings",
            "PYTHONPATH": str(ROOT),
        }
        for command in (["migrate", "-v0"], ["init", "--origin", "log.bench.test/source", "--json"]):
            subprocess.run([sys.executable, str(ROOT / "manage.py"), *command], check=True, stdout=subprocess.DEVNULL)
        report(arguments, Path(name))


def report(arguments: argparse.Namespace, folder: Path) -> None:
    import django

    django.setup()
    from django.db import connection

    from transparency.models import LogEntry, LogHead, Organisation, Product
    from transparency.queries import prove_entry

    vendor = Organisation.objects.create(slug="bench", name="Bench", kind="vendor")
    Product.objects.create(slug="bench", name="Bench", vendor=vendor)
    connection.close()
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    share = arguments.entries // arguments.processes
    processes = [
        context.Process(target=submit, args=(n * share, share, arguments.threads, results))
        for n in range(arguments.processes)
    ]
    began = time.monotonic()
    for process in processes:
        process.start()
    times = sorted(value for _ in processes for value in results.get())
    for process in processes:
        process.join()
    head = LogHead.objects.get()
    first, last = LogEntry.objects.order_by("index").first(), LogEntry.objects.order_by("index").last()
    assert first and last and head.size == len(times)
    busy = (last.created_at - first.created_at).total_seconds()
    proofs = []
    for entry in LogEntry.objects.all()[:300]:
        start = time.monotonic()
        prove_entry(entry, head)
        proofs.append(time.monotonic() - start)
    print(f"{head.size} appends by {arguments.processes} processes x {arguments.threads} threads")
    print(
        f"  {len(times) / busy:.0f} a second while busy ({busy:.2f} s; {time.monotonic() - began:.1f} s with starting the processes)"
    )
    print(
        f"  latency p50 {1000 * times[len(times) // 2]:.0f} ms, p99 {1000 * times[int(len(times) * 0.99)]:.0f} ms, max {1000 * times[-1]:.0f} ms"
    )
    print(f"  bare SQLite loop, one writer: {bare_loop(folder, 1000):.0f} inserts a second")
    print(
        f"  inclusion proof from tiles: p50 {1000 * statistics.median(proofs):.3f} ms, p99 {1000 * sorted(proofs)[int(len(proofs) * 0.99)]:.3f} ms"
    )


if __name__ == "__main__":
    main()
