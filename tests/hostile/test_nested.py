"""Archives in archives and archives of themselves: bytes like any others. Nothing of them is opened."""

from __future__ import annotations

import bz2
import gzip
import lzma
from typing import TYPE_CHECKING

from tests.hostile.cases import OUT, Case, check, each, kept, meet, refused
from tests.hostile.quines import gzip_quine
from tests.proofs.sources.tars import END, file, folder, symlink
from tests.proofs.sources.zips import DEFLATE, STORED, Entry, make_zip

if TYPE_CHECKING:
    from pathlib import Path

SLIP_TAR = file(b"../../" + OUT, b"x") + symlink(b"l", b"/etc") + file(b"l/" + OUT) + END
SLIP_ZIP = make_zip(Entry(b"../../" + OUT, b"x"), Entry(b".git/hooks/post-checkout", b"touch " + OUT, mode=0o100755))
QUINE = gzip_quine()
ZEROS = bytes(64 * 1024)


def forty_two(depth: int = 3, width: int = 4) -> bytes:
    """42.zip in small: zips of zips of zips, each the same, with a file of zeros at the bottom."""
    inner = make_zip(Entry(b"0.dll", ZEROS, DEFLATE))
    for _ in range(depth):
        inner = make_zip(*(Entry(b"lib %d.zip" % number, inner, DEFLATE) for number in range(width)))
    return inner


def beside(name: bytes, inner: bytes) -> dict[str, Case]:
    """The inner file in a tar, a tar.gz and a zip, stored and packed."""
    files = {b"f": b"", b"d/" + name: inner}
    tar = file(b"f") + file(b"d/" + name, inner) + END
    return {
        "in a tar": kept(tar, files),
        "in a tar.gz": kept(gzip.compress(tar, mtime=0), files),
        "stored in a zip": kept(make_zip(Entry(b"f"), Entry(b"d/" + name, inner, STORED)), files),
        "packed in a zip": kept(make_zip(Entry(b"f"), Entry(b"d/" + name, inner, DEFLATE)), files),
    }


INNER = {
    "a tar that slips": (b"slip.tar", SLIP_TAR),
    "a tar.gz that slips": (b"slip.tar.gz", gzip.compress(SLIP_TAR, mtime=0)),
    "a tar.xz that slips": (b"slip.tar.xz", lzma.compress(SLIP_TAR)),
    "a tar.bz2 that slips": (b"slip.tar.bz2", bz2.compress(SLIP_TAR)),
    "a zip that slips": (b"slip.zip", SLIP_ZIP),
    "a jar that slips": (b"slip.jar", SLIP_ZIP),
    "42.zip": (b"42.zip", forty_two()),
    "a bomb": (b"bomb.gz", gzip.compress(bytes(8 * 1024 * 1024), mtime=0)),
    "a gzip file that holds itself": (b"r.gz", QUINE),
    "a torn zip": (b"torn.zip", SLIP_ZIP[:-5]),
    "a git bundle": (b"r.bundle", b"# v2 git bundle\n" + bytes(40)),
}  # fmt: skip

NESTED = {f"{what} {where}": case for what, inner in INNER.items() for where, case in beside(*inner).items()} | {
    "a repository's own folder": refused(file(b"f") + file(b"sub/.git/config", b"[core]\n\tfsmonitor = touch\n") + END, (b"sub/.git/config", "path-git")),
    "a bare repository": kept(
        file(b"bare/HEAD", b"ref: refs/heads/main\n") + file(b"bare/config", b"[core]\n\tfsmonitor = touch " + OUT) + folder(b"bare/objects/") + END,
        {b"bare/HEAD": b"ref: refs/heads/main\n", b"bare/config": b"[core]\n\tfsmonitor = touch " + OUT},
    ),
    "a tar in a tar, to its last block": kept(file(b"in.tar", SLIP_TAR) + END, {b"in.tar": SLIP_TAR}),
}  # fmt: skip

# What holds itself is decompressed once, and is then no tar.
QUINES = {
    "r.gz as the archive": refused(QUINE, ("", "tar-end-missing")),
    "r.gz twice": refused(QUINE + QUINE, ("", "tar-end-missing")),
    "r.gz in gz": refused(gzip.compress(QUINE, mtime=0), ("", "tar-end-missing")),
}

TABLES = {"nested": NESTED, "quines": QUINES}


@each(NESTED | QUINES)
def test_what_is_inside_stays_inside(tmp_path: Path, case: Case) -> None:
    check(meet(tmp_path, case.archive), case)


def test_the_quine_is_one() -> None:
    assert gzip.decompress(QUINE) == QUINE


def test_a_tree_of_zips_costs_what_its_outermost_file_costs(tmp_path: Path) -> None:
    found = meet(tmp_path, forty_two(depth=6))
    assert (found.files, found.refused) == (4, ())
    assert found.bytes < 64 * 1024
