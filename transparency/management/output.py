"""What all our commands share: `--json`, exit codes, progress on stderr, and no raw control characters on a terminal."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError

from transparency.errors import EvidenceError, UnavailableError, UnusableInputError, database_weather, sentence_for
from transparency.services.claim_job import error_data

if TYPE_CHECKING:
    from collections.abc import Mapping

EXIT_REFUSED = 1
EXIT_UNUSABLE = 2


class PortalCommand(BaseCommand):
    """`perform` returns (exit code, object): the object is printed as JSON with `--json`, else through `show`."""

    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        try:
            code, answer = self.perform(options)
        except UnusableInputError as error:
            self._fail(error, EXIT_UNUSABLE, as_json=options["json"])
        except (EvidenceError, UnavailableError) as error:
            self._fail(error, EXIT_REFUSED, as_json=options["json"])
        except OperationalError as error:  # a database that is full, locked or away
            self._fail(database_weather(error), EXIT_REFUSED, as_json=options["json"])
        if options["json"]:
            self.stdout.write(json.dumps(answer, sort_keys=True))
        else:
            self.show(answer)
        if code:
            sys.exit(code)

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        raise NotImplementedError

    def show(self, answer: Mapping[str, Any]) -> None:
        for key, value in answer.items():
            self.stdout.write(f"{key}: {printable(value)}")

    def progress(self, text: str) -> None:
        """One line on stderr, rewritten in place on a terminal."""
        end = "\r" if sys.stderr.isatty() else "\n"
        self.stderr.write(printable(text), ending=end)

    def _fail(self, error: EvidenceError | UnavailableError, code: int, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"error": error_data(error)}, sort_keys=True))
        else:
            self.stderr.write(f"{printable(sentence_for(error.code))}\n  {printable(error)}")
        sys.exit(code)


def printable(value: object) -> str:
    """Text from outside with everything that a terminal could obey made visible."""
    return "".join(
        character if character.isprintable() or character == " " else character.encode("unicode_escape").decode()
        for character in str(value)
    )
