"""Report what a catalogue of build tools' packages knows of the files in real release archives.

    python -m tests.bench.catalogue --tools FOLDER … --archives FOLDER …

Tools are .deb packages and source archives as `manage.py fill_catalogue` reads them; archives are NAME-VERSION.tar.* (or .orig.tar.*).
For each archive: files called like copied ones that are known, known but for comments, unlike every known version, of unknown name.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from transparency.proofs.catalogue.packages import read_package
from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from transparency.proofs.catalogue.packages import KnownCopy

ENDINGS = (".deb", ".tar.gz", ".tar.bz2", ".tar.xz")


def packages(folders: Iterable[str]) -> Iterator[tuple[str, list[KnownCopy]]]:
    """Each package by its file name; what cannot be read is said and passed over."""
    for place in sorted(each for folder in folders for each in Path(folder).iterdir() if each.name.endswith(ENDINGS)):
        try:
            yield place.name, read_package(place.read_bytes(), file_name=place.name)
        except EvidenceError as error:
            print(f"{place.name}: {error}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tools", nargs="+", required=True)
    parser.add_argument("--archives", nargs="+", required=True)
    options = parser.parse_args()
    began = time.perf_counter()
    held: dict[str, list[KnownCopy]] = defaultdict(list)
    tools = list(packages(options.tools))
    for _, copies in tools:
        for each in copies:
            held[each.name].append(each)
    contents = len({(each.name, each.sha256) for rows in held.values() for each in rows})
    print(f"{len(tools)} packages, {contents} files in {time.perf_counter() - began:.1f} s")
    for name, copies in packages(options.archives):
        counts = Counter(judge(each, held[each.name]) for each in copies)
        told = ", ".join(
            f"{counts[kind]} {kind}" for kind in ("known", "but for comments", "unlike", "of unknown name")
        )
        print(f"{name}: {told}")


def judge(each: KnownCopy, held: list[KnownCopy]) -> str:
    if not held:
        return "of unknown name"
    if any(row.sha256 == each.sha256 for row in held):
        return "known"
    close = any(each.stripped and (row.serial, row.stripped) == (each.serial, each.stripped) for row in held)
    return "but for comments" if close else "unlike"


if __name__ == "__main__":
    main()
