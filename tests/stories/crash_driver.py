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
from tests.references import referenced, stored, unfinished
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
PATIENCE_SECONDS = 300.0
# Of the imports of `cycles`: one in so many is refused while it is read, and one in so many is killed while it is received.
REFUSED_EVERY, RECEIVED_EVERY = 7, 2
# Which part of a run is aimed at: all but the last blow must leave something to kill.
EARLY, WHOLE = 0.6, 1.0


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


def archive_of(number: int, *, refused: bool) -> bytes:
    files = {
        f"d{n % 40}/f{n}.c": f"/* {number} {n} */\nint f{n}(void) {{ return {n}; }}\n".encode() for n in range(FILES)
    }
    if refused:
        files["d0/.git/config"] = b"[core]\n"  # the last member, so that all others are read before it
    return make_archive(files, f"crash-{number}")


def request(key: Key, number: int, *, send: bool = True, refused: bool = False) -> Job:
    archive = archive_of(number, refused=refused)
    release = ensure_release(vendor="acme", product="crash", version=f"1.{number}", restricted=False)
    return receive_delivery(
        release=release,
        archive=Received(f"crash-{number}.tar.gz", io.BytesIO(archive)),
        signatures=[signature_of(key, number, archive)],
        send=send,
    )


SIGNATURES: dict[int, bytes] = {}


def signature_of(key: Key, number: int, archive: bytes) -> bytes:
    """The same each time: a delivery that is sent again is the same delivery."""
    return SIGNATURES.setdefault(number, key.sign(archive))


def kill_receiving(key: Key, number: int, chance: random.Random, *, refused: bool) -> bool:
    """Start the real command for this delivery and kill it while it receives; whether it was alive and had not ended the import."""
    folder = settings.HOME / "test-files"
    folder.mkdir(exist_ok=True)
    source, signature = folder / f"crash-{number}.tar.gz", folder / f"crash-{number}.sig"
    source.write_bytes(archive_of(number, refused=refused))
    signature.write_bytes(signature_of(key, number, source.read_bytes()))
    before = stored()
    command = subprocess.Popen(
        [
            sys.executable, "manage.py", "import_snapshot", str(source), "--signature", str(signature),
            "--vendor", "acme", "--product", "crash", "--release", f"1.{number}", "--json",
        ],
        start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while command.poll() is None and not unfinished() and stored() == before:
        time.sleep(0.0005)
    time.sleep(chance.uniform(0, 0.1))
    alive = command.poll() is None
    os.killpg(command.pid, signal.SIGKILL)
    command.wait()
    source.unlink()
    job = Job.objects.filter(payload__archive__name=source.name).first()
    return alive and (job is None or job.state in {Job.State.QUEUED, Job.State.RUNNING})


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
    return Killer(seed).strike(rounds, 1)


def cycles(rounds: int, seed: int) -> dict[str, object]:
    """Kill six times during each import, before it may end: its worker, or first the command that receives it."""
    return Killer(seed).strike(rounds, 6)


class Killer:
    """Kills workers in imports; now and then the whole group, now and then it empties the broker too."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.turn = 0
        self.broker = subprocess.Popen(
            valkey_command(settings.HOME / "broker", settings.BROKER_SOCKET), stdout=subprocess.DEVNULL
        )
        while not answers_on_socket(settings.BROKER_SOCKET):
            time.sleep(0.05)
        self.worker = Worker()
        _, self.key = prepare()
        self.span = typical_seconds(self.key)

    def strike(self, rounds: int, times: int) -> dict[str, object]:
        started = time.monotonic()
        try:
            outcomes = [self.strike_one(number, times) for number in range(rounds)]
        finally:
            self.worker.kill_all()
            self.broker.kill()
        return {"outcomes": outcomes, "seconds": round(time.monotonic() - started), **totals()}

    def strike_one(self, number: int, times: int) -> dict[str, object]:
        many = times > 1
        refused = many and number % REFUSED_EVERY == 0
        receiving = many and number % RECEIVED_EVERY == 0
        received = receiving and kill_receiving(self.key, number, self.chance, refused=refused)
        job, struck = request(self.key, number, refused=refused), 0
        if (
            receiving and job.state == Job.State.RUNNING
        ):  # by the command that is dead: nobody to kill until its lease is over
            wait_until_tried_again(job, job.attempt)
        blows = times - receiving
        for blow in range(blows):
            wait_until_running(job)
            attempt = job.attempt
            struck += self.blow(job, EARLY if blow + 1 < blows else WHOLE)
            if blow + 1 < blows:
                wait_until_tried_again(job, attempt)
        wait_until_ended(job)
        states = list(Delivery.objects.filter(job=job).values_list("state", flat=True))
        return {
            "state": job.state, "attempt": job.attempt, "struck": struck, "receiving": receiving, "received": received,
            "refused": refused, "deliveries": states,
        }  # fmt: skip

    def blow(self, job: Job, part: float) -> bool:
        """One kill at a random instant of the first `part` of the run; whether the import was still running."""
        time.sleep(self.chance.uniform(0, part * self.span))
        self.turn += 1
        whole = self.turn % 5 == 0
        if whole:
            self.worker.kill_all()
        elif child := self.worker.pool_child():
            os.kill(child, signal.SIGKILL)
        job.refresh_from_db()
        struck = job.state == Job.State.RUNNING
        if not struck:  # it was faster than we thought
            self.span *= 0.9
        if self.turn % 7 == 0:
            with app.connection_for_write() as connection:
                connection.default_channel.client.flushall()
        if whole:
            self.worker = Worker()
        return struck


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
    before = stored()
    sweep_objects(now=timezone.now() + RETRY)
    kept, named = stored(), referenced()
    return {
        "swept": len(before - kept),
        "orphans": len(kept - named),
        "missing": len(named - kept),
        "deliveries": Delivery.objects.count(),
        "quarantined": Delivery.objects.filter(state=Delivery.State.QUARANTINED).count(),
        "jobs": Job.objects.filter(state=Job.State.DONE).count(),
        "unended": Job.objects.exclude(state=Job.State.DONE).count(),
        "snapshots": Snapshot.objects.count(),
        "leaves": LogEntry.objects.filter(kind="delivery", index__isnull=False).count(),
        "leftovers": unfinished(),
    }


if __name__ == "__main__":
    what, rounds, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    print(json.dumps({"kills": kills, "cycles": cycles, "pause": pause}[what](rounds, seed)))
