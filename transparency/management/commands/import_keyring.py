"""`manage.py import_keyring`: all certificates of a distribution's keyring, for all products of a vendor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from transparency.management.imports import read_small_file
from transparency.management.output import PortalCommand, printable
from transparency.proofs.keyringfacts import MAX_NAME_CHARACTERS
from transparency.services.import_keyring import MAX_KEYRING_BYTES, import_keyring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser


class Command(PortalCommand):
    help = (
        "Enrol every certificate of binary OpenPGP keyrings, such as /usr/share/keyrings/debian-keyring.gpg and "
        "debian-maintainers.gpg, for all products of a vendor, or bring up to date those that are enrolled. Weak keys are "
        "enrolled as weak and named; what cannot be read is skipped and named."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("keyring", nargs="+", help="a binary OpenPGP keyring")
        parser.add_argument("--vendor", required=True, metavar="SLUG", help="made when it is new")

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        keyrings = [read_small_file(name, MAX_KEYRING_BYTES) for name in options["keyring"]]
        names = [printable(Path(name).name)[:MAX_NAME_CHARACTERS] for name in options["keyring"]]
        found = import_keyring(vendor=options["vendor"], keyrings=keyrings, names=names, enrolled_by=None)
        return 0, {
            "vendor": options["vendor"],
            "enrolled": found.enrolled,
            "updated": found.updated,
            "known": found.known,
            "weak": list(found.weak),
            "skipped": [{"key": key, "code": code} for key, code in found.skipped],
        }

    def show(self, answer: Mapping[str, Any]) -> None:
        for item in answer["skipped"]:
            self.stdout.write(f"skipped: {printable(item['key'])}: {item['code']}")
        for key in answer["weak"]:
            self.stdout.write(f"weak: {printable(key)}: what it signs is never valid")
        super().show({key: value for key, value in answer.items() if key not in {"skipped", "weak"}})
