"""Every table of hostile archives by family, and the part of each that stands for it in the quick run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.hostile import (
    test_git_files,
    test_links,
    test_names,
    test_nested,
    test_streams,
    test_tar_games,
    test_zip_games,
)
from tests.hostile.cases import Case, kept, refused
from tests.proofs.sources.tars import END, file
from transparency.proofs.escaping import escape_path
from transparency.proofs.sources.paths import MAX_PATH_BYTES, normal_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Table = dict[str, Case]


def names() -> Iterator[tuple[str, Case]]:
    """Every name in every dress, each in an archive of its own."""
    for trick, (name, rules) in test_names.FATAL.items():
        told = escape_path(normal_path(name, folder=False)[:MAX_PATH_BYTES])
        for dress, archive in test_names.dress(name).items():
            if "zip" not in dress or not name.endswith(b"/"):
                yield f"{trick}, {dress}", refused(archive, *((told, rule) for rule in rules))
    for trick, (name, flags) in test_names.ODD.items():
        yield trick, kept(file(name, b"one") + file(b"beside") + END, {name: b"one", b"beside": b""}, *flags)
    for trick, name in test_names.PLAIN.items():
        for dress, archive in test_names.dress(name).items():
            yield f"{trick}, {dress}", kept(archive, {name: b"content\n"})


def link_texts() -> Iterator[tuple[str, Case]]:
    texts: Mapping[str, Any] = test_links.TEXTS
    for trick, (name, target, *flags) in texts.items():
        for dress, case in test_links.both(name, target, *flags).items():
            yield f"{trick}, {dress}", case


def together(tables: Mapping[str, Mapping[str, Case]]) -> Table:
    return {f"{table}: {name}": case for table, cases in tables.items() for name, case in cases.items()}


TAR_TABLES = {
    "sizes": test_tar_games.SIZES,
    "kinds": test_tar_games.KINDS,
    "extensions": test_tar_games.EXTENSIONS,
    "headers": test_tar_games.HEADERS,
    "ends": test_tar_games.ENDS,
}
FAMILIES: dict[str, Table] = {
    "names": dict(names()),
    "links": {**test_links.GAMES, **dict(link_texts())},
    "tar": together(TAR_TABLES),
    "zip": together(test_zip_games.TABLES),
    "streams": {**test_streams.EACH, **test_streams.OWN},
    "nested": together(test_nested.TABLES),
    "git": together(test_git_files.TABLES),
}


def quick(table: Mapping[str, Case]) -> Table:
    """One case for each rule that refuses and each that flags, and one that is kept as it is."""
    chosen: dict[frozenset[str], str] = {}
    for name, case in table.items():
        chosen.setdefault(frozenset(rule for _, rule in (*case.refused, *case.flagged)), name)
    return {name: table[name] for name in chosen.values()}
