"""Report how long two file tables of the size of Linux take to compare: names, contents by digest, moves.

    python -m tests.bench.comparison --files 80000 --changed 20000

The tables are made here (paths of two to five folders, random digests) and mapped from files, as the portal has them. Every run opens
the tables anew; the best of `--runs` is reported beside all of them.
"""

from __future__ import annotations

import argparse
import mmap
import random
import tempfile
import time
from pathlib import Path

from transparency.proofs.comparisons.tables import compare_tables
from transparency.proofs.digest import Digest
from transparency.proofs.filetable import FileEntry, FileTable, format_file_table

MODES = (0o100644, 0o100755)


def tree(files: int, chance: random.Random) -> dict[bytes, tuple[bytes, int]]:
    """Path -> (digest, mode)."""
    return {
        b"/".join(b"folder%d" % chance.randrange(40) for _ in range(2 + number % 4)) + b"/file_%06d.c" % number: (
            chance.randbytes(32),
            MODES[number % 50 == 0],
        )
        for number in range(files)
    }


def later(first: dict[bytes, tuple[bytes, int]], changed: int, chance: random.Random) -> dict[bytes, tuple[bytes, int]]:
    """The same tree with that many files changed, and a tenth as many each moved, dropped and added."""
    paths = chance.sample(sorted(first), changed + 2 * (changed // 10))
    second = dict(first)
    for path in paths[:changed]:
        second[path] = (chance.randbytes(32), first[path][1])
    for path in paths[changed : changed + changed // 10]:
        second[b"moved/" + path] = second.pop(path)
    for path in paths[changed + changed // 10 :]:
        del second[path]
        second[b"new/" + path] = (chance.randbytes(32), MODES[0])
    return second


def written(files: dict[bytes, tuple[bytes, int]], place: Path) -> Path:
    entries = [
        FileEntry(path, mode, Digest(digest), bytes(20), 1000, 30, binary=False, language="c")
        for path, (digest, mode) in sorted(files.items())
    ]
    place.write_bytes(format_file_table(entries))
    return place


def opened(place: Path) -> FileTable:
    with place.open("rb") as stream:
        return FileTable(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=80_000)
    parser.add_argument("--changed", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    chance = random.Random(5)
    with tempfile.TemporaryDirectory() as folder:
        one = tree(options.files, chance)
        first = written(one, Path(folder) / "first")
        second = written(later(one, options.changed, chance), Path(folder) / "second")
        names, whole = [], []
        for _ in range(options.runs):
            left, right = opened(first), opened(second)
            began = time.perf_counter()
            set(left.paths(0, len(left))) ^ set(right.paths(0, len(right)))
            names.append(time.perf_counter() - began)
            left, right = opened(first), opened(second)
            began = time.perf_counter()
            found = compare_tables(left, right)
            whole.append(time.perf_counter() - began)
    print(f"{options.files} files: {found.counts}")
    for title, seconds in (("names alone", names), ("names, contents, modes, moves", whole)):
        print(f"{title}: best {min(seconds) * 1000:.0f} ms of {', '.join(f'{each * 1000:.0f}' for each in seconds)}")


if __name__ == "__main__":
    main()
