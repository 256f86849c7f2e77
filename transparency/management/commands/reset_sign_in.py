"""`manage.py reset_sign_in`: for somebody who lost the passkey, after who they are was proved in another way (docs/operate.md)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from transparency.errors import UnusableInputError
from transparency.management.output import PortalCommand
from transparency.models import Person
from transparency.services.reset_sign_in import reset_sign_in

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(PortalCommand):
    help = (
        "Remove all passkeys and recovery codes of a person, revoke their API tokens and end their sessions. The next sign-in is by "
        "password alone; where passkeys are required it leads to making one. Pipelines need new tokens. Make sure who it is first: two "
        "officers, face to face or by a channel that both know."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="the person's sign-in name")
        parser.add_argument(
            "--reason", metavar="TEXT", help="who made sure of the person, and how; asked for when not given"
        )
        parser.add_argument(
            "--new-password", action="store_true", help="the password is lost too: print one to begin with"
        )

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        person = Person.objects.filter(username=options["name"]).first()
        if person is None:
            raise UnusableInputError(
                "person-unknown", expected="the sign-in name of a person", found=options["name"][:80]
            )
        reason = options["reason"] if options["reason"] is not None else self._asked()
        done = reset_sign_in(person=person, reason=reason, new_password=options["new_password"])
        answer: dict[str, Any] = {"person": person.username, "passkeys": done.passkeys, "tokens": done.tokens}
        return 0, answer if done.password is None else {**answer, "password": done.password}

    def _asked(self) -> str:
        if not sys.stdin.isatty():
            return ""
        self.stderr.write("Who made sure that this is the person, and how? ", ending="")
        self.stderr.flush()
        return sys.stdin.readline()
