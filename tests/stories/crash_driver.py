"""Run as a program by test_crashes.py: real broker, real Celery workers, real kills; prints one JSON object.

Everything happens in the data folder that TRANSPARENCY_HOME names; this process plays the supervisor (start, sweep) and the killer.
"""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from tests.cast import Key, make_archive, make_key
from transparency.celery import app
from transparency.gateways.processes import answers_on_socket, valkey_command
from transparency.models import Delivery, Job, LogEntry, Release, Snapshot
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.initialise import initialise
from transparency.services.publish_log import publish_log
from transparency.services.receive_delivery import receive_delivery
from transparency.services.stored_files import Received
from transparency.services.sweep_jobs import sweep_jobs
from transparency.services.sweep_objects import RETRY, sweep_objects

FILES = 1500
PATIENCE_SECONDS = 60.0


class Worker:
    """A Celery worker in its own process group, as the supervisor starts it."""

    def __init__(self) -> None:
        command = [
            sys.executable, "-m", "celery", "--app", "transparency.celery", "worker", "--queues", "import,default",
            "--pool", "prefork", "--concurrency", "1", "--loglevel", "ERROR", "--without-gossip", "--without-mingle",
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def pool_child(self) -> int | None:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[-1]) if children else None

    def kill_all(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def prepare() -> tuple[Release, Key]:
    call_command("migrate", verbosity=0)
    initialise(origin="log.crash.test/source", name="Crash Centre")
    key = make_key(settings.HOME / "test-keys", "vendor")
    release = ensure_release(vendor="acme", product="crash", version="1", restricted=False)
    enrol_product_anchor(product=release.product, public_text=key.public, enrolled_by=None)
    return release, key


def request(key: Key, number: int, *, send: bool = True) -> Job:
    files = {
        f"d{n % 40}/f{n}.c": f"/* {number} {n} */\nint f{n}(void) {{ return {n}; }}\n".encode() for n in range(FILES)
    }
    archive = make_archive(files, f"crash-{number}")
    release = ensure_release(vendor="acme", product="crash", version=f"1.{number}", restricted=False)
    return receive_delivery(
        release=release,
        archive=Received(f"crash-{number}.tar.gz", io.BytesIO(archive)),
        signatures=[key.sign(archive)],
        send=send,
    )


def wait_until_ended(job: Job) -> Job:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        job.refresh_from_db()
        if job.state not in {Job.State.QUEUED, Job.State.RUNNING}:
            return job
        sweep_jobs()
        time.sleep(0.1)
    return job


def wait_until_running(job: Job) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while job.state == Job.State.QUEUED and time.monotonic() < deadline:
        time.sleep(0.005)
        job.refresh_from_db()


def kills(rounds: int, seed: int) -> dict[str, object]:
    """Kill the worker once, at a random instant of each import."""
    return strike(rounds, 1, seed)


def cycles(rounds: int, seed: int) -> dict[str, object]:
    """Kill it six times during each import, before it may end."""
    return strike(rounds, 6, seed)


def strike(rounds: int, times: int, seed: int) -> dict[str, object]:
    """Kill the worker `times` times in each import; now and then the whole group, now and then empty the broker too."""
    chance = random.Random(seed)
    broker = subprocess.Popen(
        valkey_command(settings.HOME / "broker", settings.BROKER_SOCKET), stdout=subprocess.DEVNULL
    )
    while not answers_on_socket(settings.BROKER_SOCKET):
        time.sleep(0.05)
    worker = Worker()
    _, key = prepare()
    span = typical_seconds(key)
    outcomes = []
    try:
        for number in range(rounds):
            job, struck = request(key, number), 0
            for blow in range(times):
                wait_until_running(job)
                time.sleep(chance.uniform(0, span))
                turn = number * times + blow
                whole = turn % 5 == 0
                attempt = job.attempt
                if whole:
                    worker.kill_all()
                elif child := worker.pool_child():
                    os.kill(child, signal.SIGKILL)
                job.refresh_from_db()
                struck += job.state == Job.State.RUNNING
                if turn % 7 == 0:
                    with app.connection_for_write() as connection:
                        connection.default_channel.client.flushall()
                if whole:
                    worker = Worker()
                if blow + 1 < times:
                    wait_until_tried_again(job, attempt)
            wait_until_ended(job)
            outcomes.append({"state": job.state, "attempt": job.attempt, "struck": struck})
    finally:
        worker.kill_all()
        broker.kill()
    return {"outcomes": outcomes, **totals()}


def wait_until_tried_again(job: Job, attempt: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        job.refresh_from_db()
        if job.state not in {Job.State.QUEUED, Job.State.RUNNING} or (
            job.state == Job.State.RUNNING and job.attempt > attempt
        ):
            return
        sweep_jobs()
        time.sleep(0.05)


def typical_seconds(key: Key) -> float:
    """How long an import runs from its claim to its end (its heartbeat stays at the claim during its first second)."""
    job = wait_until_ended(request(key, 1000))
    assert job.finished_at
    assert job.heartbeat_at
    return (job.finished_at - job.heartbeat_at).total_seconds()


def pause(_rounds: int, _seed: int) -> dict[str, object]:
    """Stop a worker in the middle of an import until its lease is over, let another finish, then let the first go on."""
    _, key = prepare()
    job = request(key, 0, send=False)
    command = [sys.executable, "-c", PERFORM.format(job=job.pk)]
    first = subprocess.Popen(command, stdout=subprocess.PIPE)
    wait_until_running(job)
    time.sleep(0.05)
    os.kill(first.pid, signal.SIGSTOP)
    paused_in = Job.objects.get(pk=job.pk).state
    time.sleep(settings.JOB_LEASE_SECONDS + 0.5)
    second = subprocess.run(command, capture_output=True, check=True)
    os.kill(first.pid, signal.SIGCONT)
    answer, _ = first.communicate(timeout=60)
    job.refresh_from_db()
    return {
        "pausedIn": paused_in,
        "first": answer.decode().strip(),
        "second": second.stdout.decode().strip(),
        "attempt": job.attempt,
        "state": job.state,
        **totals(),
    }


PERFORM = """
import uuid, django
django.setup()
from transparency.services.perform_job import perform_job
print(perform_job(job=uuid.UUID("{job}")))
"""


def totals() -> dict[str, object]:
    """Counts after a sweep that looks from a month ahead: what it leaves is in use."""
    publish_log()
    before = {path.name for path in settings.OBJECT_ROOT.glob("p*/??/*")}
    sweep_objects(now=timezone.now() + RETRY)
    kept = {path.name for path in settings.OBJECT_ROOT.glob("p*/??/*")}
    return {
        "orphans": len(before - kept),
        "deliveries": Delivery.objects.count(),
        "jobs": Job.objects.filter(state=Job.State.DONE).count(),
        "snapshots": Snapshot.objects.count(),
        "leaves": LogEntry.objects.filter(kind="delivery", index__isnull=False).count(),
        "leftovers": [path.name for path in settings.OBJECT_ROOT.glob("p*/incoming/*")],
    }


if __name__ == "__main__":
    what, rounds, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    print(json.dumps({"kills": kills, "cycles": cycles, "pause": pause}[what](rounds, seed)))
