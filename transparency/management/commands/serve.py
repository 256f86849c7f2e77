"""`manage.py serve`: everything that the embedded size needs, under one supervisor. Ctrl-C stops all that it started.

Order: database and static files, identity, broker, worker, (the demonstration), web server; then a sweep of the jobs every few
seconds. Production starts the same processes with its own supervisor (docker-compose.yml).
"""

from __future__ import annotations

import logging
import secrets
import signal
import sys
import time
import urllib.request
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, close_old_connections

from transparency.errors import UnavailableError, UnusableInputError, sentence_for
from transparency.gateways.processes import Child, Supervisor, answers_on_socket, port_is_free, valkey_command
from transparency.models import Installation
from transparency.registries import demonstration
from transparency.services.initialise import initialise
from transparency.services.publish_log import publish_leftovers, publish_log
from transparency.services.sweep_jobs import sweep_jobs
from transparency.services.sweep_objects import sweep_objects
from transparency.services.sweep_sessions import sweep_sessions

if TYPE_CHECKING:
    from types import FrameType

WORKER_QUEUES = "import,default,index,rebuild"
UPKEEP_SECONDS = 3600.0
LOOPBACK = "127.0.0.1"
_logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Start the portal with all its parts; with --demo also make a demonstration on first start."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=LOOPBACK)
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument(
            "--demo", action="store_true", help="throw-away people, keys and two products, for trying out"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        if settings.PRODUCTION:
            raise CommandError("serve is the embedded size; production runs the processes of docker-compose.yml")
        if not port_is_free(options["host"], options["port"]):
            raise CommandError(f"port {options['port']} is in use; choose another: PORT=8100 make run")
        signal.signal(signal.SIGTERM, _interrupt)
        self.supervisor = Supervisor(settings.HOME / "run")
        try:
            self._start(options)
            self._watch()
        except KeyboardInterrupt:
            self.stderr.write("stopping")
        except (UnavailableError, UnusableInputError) as error:
            raise CommandError(f"{sentence_for(error.code)} ({error})") from error
        finally:
            self.supervisor.stop()

    def _start(self, options: dict[str, Any]) -> None:
        settings.HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        if not Installation.objects.exists():
            initialise(origin=f"centre-{secrets.token_hex(4)}.example/log", name="Transparency Centre")
        publish_log()
        self._start_broker()
        self._start_worker()
        if options["demo"]:
            for step in demonstration:
                step(self.stdout.write)
        self._start_web(options["host"], options["port"])
        name = "localhost" if options["host"] == LOOPBACK else options["host"]  # passkeys are bound to a name
        address = f"http://{name}:{options['port']}/"
        self.stdout.write(self.style.SUCCESS(f"The portal answers at {address}   (Ctrl-C stops it)"))
        self.stdout.flush()

    def _start_broker(self) -> None:
        if not settings.CELERY_BROKER_URL.startswith("redis+socket://"):
            return
        socket = settings.BROKER_SOCKET
        socket.unlink(missing_ok=True)
        command = valkey_command(settings.HOME / "broker", socket)
        self.supervisor.start(Child("broker", command, ready=lambda: answers_on_socket(socket)))

    def _start_worker(self) -> None:
        command = [
            sys.executable, "-m", "celery", "--app", "transparency.celery", "worker", "--queues", WORKER_QUEUES,
            "--pool", "prefork", "--concurrency", "1", "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
        ]  # fmt: skip
        self.supervisor.start(Child("worker", command))

    def _start_web(self, host: str, port: int) -> None:
        command = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
            "--workers", "1", "--blocking-threads", "4", "--log-level", "warning", "transparency.wsgi:application",
        ]  # fmt: skip
        self.supervisor.start(Child("web", command, ready=lambda: _answers(f"http://{host}:{port}/healthz")))

    def _watch(self) -> None:
        next_sweep = next_upkeep = 0.0
        while True:
            self.supervisor.watch()
            now = time.monotonic()
            if now >= next_sweep:
                next_sweep = now + settings.JOB_SWEEP_SECONDS
                _guarded(sweep_jobs)
                _guarded(publish_leftovers)
            if now >= next_upkeep:
                next_upkeep = now + UPKEEP_SECONDS
                _guarded(sweep_objects)
                _guarded(sweep_sessions)
            time.sleep(0.5)


def _guarded(sweep: Any) -> None:
    """Weather must not end the supervisor; it is tried again at the next turn."""
    try:
        close_old_connections()
        sweep()
    except (UnavailableError, OperationalError) as error:
        _logger.warning("sweep: %s", error)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address, built above
            return bool(answer.status == 200)  # noqa: PLR2004 - the only answer that means ready
    except OSError:
        return False


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
