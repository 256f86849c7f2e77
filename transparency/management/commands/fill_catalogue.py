"""`manage.py fill_catalogue`: know the files that build tools copy into releases, from distribution packages, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from transparency.errors import EvidenceError, UnusableInputError
from transparency.management.output import EXIT_REFUSED, PortalCommand, printable
from transparency.services.fill_catalogue import Filled, fill_catalogue
from transparency.services.stored_files import Received

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.core.management.base import CommandParser

_ENDINGS = (".deb", ".tar.gz", ".tar.bz2", ".tar.xz")


class Command(PortalCommand):
    help = (
        "Enter files of autoconf, automake, libtool, gettext, gnulib, autoconf-archive and the like, by digest, from .deb packages and "
        "source archives (NAME-VERSION.tar.*), given one by one or as folders. Exit 1 when one of them could not be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("packages", nargs="+", metavar="FILE_OR_FOLDER")

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        read: list[dict[str, Any]] = []
        refused: list[dict[str, str]] = []
        for place in _files(options["packages"]):
            self.progress(f"Reading {place.name}")
            try:
                read.append({"file": place.name, **_told(_fill(place))})
            except EvidenceError as error:
                refused.append({"file": place.name, "code": error.code})
        new = sum(each["new"] for each in read)
        return (EXIT_REFUSED if refused else 0), {"read": read, "refused": refused, "new": new}

    def show(self, answer: Mapping[str, Any]) -> None:
        for each in answer["read"]:
            self.stdout.write(f"{printable(each['file'])}: {each['files']} files, {each['new']} of them new")
        for each in answer["refused"]:
            self.stdout.write(f"{printable(each['file'])}: not read ({each['code']})")


def _files(names: list[str]) -> Iterator[Path]:
    for name in names:
        place = Path(name)
        if place.is_dir():
            yield from sorted(each for each in place.iterdir() if each.name.endswith(_ENDINGS) and each.is_file())
        elif place.is_file():
            yield place
        else:
            raise UnusableInputError("file-unreadable", expected="a file or a folder", found=name[:200])


def _fill(place: Path) -> Filled:
    with place.open("rb") as stream:
        return fill_catalogue(package=Received(place.name, stream))


def _told(filled: Filled) -> dict[str, Any]:
    return {"sha256": filled.sha256, "packages": filled.packages, "files": filled.files, "new": filled.new}
