"""Names of files and folders as a tree, each folder once: what is asked of every name costs its last component, not its whole path.

A path of 4,096 bytes lies in up to 255 folders. Writing each of them out would make of 256 MiB of names some gigabytes.

>>> tree = NameTree([b"a/b/c", b"a/b/d"], folders=[b"e"])
>>> [(tree.component(node), tree.path(node)) for node in tree]
[(b'a', b'a'), (b'b', b'a/b'), (b'c', b'a/b/c'), (b'd', b'a/b/d'), (b'e', b'e')]
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = -1


class NameTree:
    """Nodes are numbers in path order, a folder before what lies in it; each is named by one of the paths and a length."""

    def __init__(self, paths: Iterable[bytes], *, folders: Iterable[bytes] = ()) -> None:
        # With its slash, a folder sorts right before what lies in it.
        self._paths = sorted([*paths, *(folder + b"/" for folder in folders)])
        self._places, self._ends, self._parents = array("Q"), array("Q"), array("q")
        self._above: list[tuple[bytes, int]] = []
        before = b""
        for place, path in enumerate(self._paths):
            folder, _, last = path.rpartition(b"/")
            if folder != before:
                self._descend(place, folder)
                before = folder
            if last:
                self._add(place, len(path), self._above[-1][1] if self._above else ROOT)

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self._places)))

    def __len__(self) -> int:
        return len(self._places)

    def path(self, node: int) -> bytes:
        """The whole path."""
        return self._paths[self._places[node]][: self._ends[node]]

    def component(self, node: int) -> bytes:
        """The last component of the path."""
        parent = self._parents[node]
        start = self._ends[parent] + 1 if parent != ROOT else 0
        return self._paths[self._places[node]][start : self._ends[node]]

    def parent(self, node: int) -> int:
        """The folder that it lies in, ROOT at the top."""
        return self._parents[node]

    def folders(self) -> set[int]:
        """The nodes in which something lies."""
        return set(self._parents) - {ROOT}

    def _descend(self, place: int, folder: bytes) -> None:
        """Leave the folders that are over and enter new ones: all paths of one folder stand together."""
        components = folder.split(b"/") if folder else []
        shared = 0
        while shared < min(len(components), len(self._above)) and components[shared] == self._above[shared][0]:
            shared += 1
        del self._above[shared:]
        end = sum(map(len, components[:shared])) + shared
        for component in components[shared:]:
            end += len(component)
            self._add(place, end, self._above[-1][1] if self._above else ROOT)
            self._above.append((component, len(self._places) - 1))
            end += 1

    def _add(self, place: int, end: int, parent: int) -> None:
        self._places.append(place)
        self._ends.append(end)
        self._parents.append(parent)


def empty_folders(paths: Iterable[bytes], folders: Iterable[bytes]) -> list[bytes]:
    """The folders below which none of the paths lies."""
    full = set()
    for path in paths:
        folder = path.rpartition(b"/")[0]
        while folder and folder not in full:
            full.add(folder)
            folder = folder.rpartition(b"/")[0]
    return [folder for folder in folders if folder not in full]
