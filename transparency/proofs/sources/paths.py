"""Path policy: which names are fatal for a delivery and which are kept and flagged (EDGES, Names and trees).

| fatal rule | name has |
|---|---|
| path-empty, path-absolute, path-dot, path-dotdot | no component at all, a leading or doubled slash, a `.` or `..` component |
| path-control | NUL, another C0 control, DEL |
| path-git | a component that git takes for `.git` (case, trailing dots and spaces, `git~1`, ignorable code points, after a backslash) |
| path-component-long, path-long, path-deep | more than 255 bytes a component, 4,096 in all, 256 components |

| flag | name has |
|---|---|
| name-c1, name-invisible, name-separator | C1 controls; bidirectional and other invisible characters; U+2028 or U+2029 |
| name-backslash, name-drive, name-reserved, name-trailing | a backslash, `C:`, a reserved Windows name, a trailing dot or space |
| name-utf8 | bytes that are not UTF-8 |
| name-collision | the same name after NFC and case folding as another file or folder |

>>> judge_path(b"src/main.c")
()
>>> [finding.rule for finding in judge_path(b"a/.GIT /x")]
['path-git', 'name-trailing']
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, TypeAlias

from transparency.proofs.escaping import escape_path
from transparency.proofs.sources.nametree import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from transparency.proofs.sources.nametree import NameTree

MAX_COMPONENT_BYTES = 255
MAX_PATH_BYTES = 4096
MAX_DEPTH = 256
# As many links as Linux follows in one path, and twice as many steps as the longest path has.
MAX_LINKS = 40
MAX_STEPS = 8192
# Nothing in these needs a second look, unless they have to do with git: short, no dot or space at the end, not reserved on Windows.
_SOUND = re.compile(
    rb"(?!(?i:con|prn|aux|nul|conin\$|conout\$|com[1-9]|lpt[1-9])(?:[. ]|\Z))"
    rb"[A-Za-z0-9_+=@,#%()\[\]{}!$&';^`~-](?:[A-Za-z0-9_+=@,#%()\[\]{}!$&';^`~. -]{0,253}[A-Za-z0-9_+=@,#%()\[\]{}!$&';^`~-])?\Z"
)
# git's path.c, is_ntfs_dotgit, after every backslash.
_NTFS_GIT = re.compile(rb"(?:\A|\\)(?:\.git|git~1)[. ]*(?:\Z|[\\:])", re.IGNORECASE)
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[1-9\u00b9\u00b2\u00b3])(?:\..*)?\Z")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
# What HFS+ ignores when it compares names (git's utf8.c, next_hfs_char).
_HFS_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
# Where git's utf8.c stops reading a name: what is not UTF-8, and two code points that it takes for malformed.
_HFS_STOP = re.compile("[\udc80-\udcff\ufffe\uffff].*", re.DOTALL)
_MALFORMED = re.compile("[\udc80-\udcff]")
_HFS_SPECIAL = frozenset({b".gitmodules", b".gitattributes"})
_SEPARATORS = frozenset("\u2028\u2029")
# Drawn as nothing though not of category Cf: joiner, fillers, variation selectors (Unicode, Default_Ignorable_Code_Point).
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)


def _ntfs_special(name: bytes, short: bytes) -> bytes:
    """Spellings that git's path.c, is_ntfs_dot_generic, takes for `.name`: `short` begins the 8.3 name of last resort."""
    numbered = [re.escape(short[:kept]) + b"~[1-9]" + b"[0-9]" * (6 - kept) for kept in range(7)]
    return b"|".join((rb"\." + name, name[:6] + b"~[1-4]", *numbered))


_NTFS_SPECIAL = re.compile(
    rb"(?:\A|\\)(?:%b|%b)[. ]*(?:\Z|:)"
    % (_ntfs_special(b"gitmodules", b"gi7eba"), _ntfs_special(b"gitattributes", b"gi7d29")),
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A member and the rule it met; `path` is escaped as in the manifest."""

    path: str
    rule: str
    detail: str = ""
    fatal: bool = False

    def as_json(self) -> dict[str, str]:
        return {"path": self.path, "rule": self.rule, "detail": self.detail}


# A rule and the finding, which is written out when somebody is to read it.
Flag: TypeAlias = "tuple[str, Callable[[], Finding]]"


def normal_path(path: bytes, *, folder: bool) -> bytes:
    """Drop leading `./` and a folder's trailing slash; everything else is the policy's business."""
    while path.startswith(b"./"):
        path = path[2:]
    if folder:
        path = path[:-1] if path.endswith(b"/") and path != b"/" else path
        path = b"" if path == b"." else path
    return path


def leaves_tree(path: bytes, target: bytes, links: Mapping[bytes, bytes]) -> bool:
    """Whether a symbolic link at `path` leads outside when it is followed through the tree's `links` (path to target).

    What is not there is taken for a folder. More than MAX_LINKS, which no system follows, lead nowhere; a way too long to walk leads out.
    """
    at = path.split(b"/")[:-1]
    ahead = target.split(b"/")[::-1]
    followed = steps = 0
    outside = target.startswith(b"/")
    while ahead and not outside and followed <= MAX_LINKS:
        component = ahead.pop()
        steps += 1
        if component == b"..":
            outside = not at
            del at[-1:]
        elif component not in {b"", b"."}:
            at.append(component)
            further = links.get(b"/".join(at)) if len(at) <= MAX_DEPTH else None
            if further is not None:
                at.pop()
                ahead += further.split(b"/")[::-1]
                followed += 1
                outside = further.startswith(b"/")
        outside = outside or steps > MAX_STEPS
    return outside


def judge_path(path: bytes) -> tuple[Finding, ...]:
    """Findings about one path (leading `./` and a folder's trailing slash already dropped), fatal ones first."""
    found = _judge(path)
    if not found:
        return ()
    name = escape_path(path)
    return tuple(
        Finding(name, rule, detail, fatal) for rule, detail, fatal in sorted(found, key=lambda item: not item[2])
    )


def fatal_rules(path: bytes) -> list[tuple[str, str]]:
    """The fatal rules that a path meets, each with its detail; the path is not written out for them."""
    return [(rule, detail) for rule, detail, fatal in _judge(path) if fatal]


def judge_names(tree: NameTree) -> Iterator[Flag]:
    """What is kept and flagged in the last component of each name."""
    for node in tree:
        component = tree.component(node)
        if not _is_sound(component):
            for rule, detail, fatal in _judge_component(component):
                if not fatal:
                    yield rule, partial(_named, tree, node, rule, detail)


def collisions(tree: NameTree) -> Iterator[Flag]:
    """Files and folders that differ only by case or normal form; each is flagged and names one other."""
    for alike in _alike(tree):
        first, *others = alike
        yield "name-collision", partial(_collided, tree, first, others[0])
        for other in others:
            yield "name-collision", partial(_collided, tree, other, first)


def _named(tree: NameTree, node: int, rule: str, detail: str) -> Finding:
    return Finding(escape_path(tree.path(node)), rule, detail)


def _collided(tree: NameTree, node: int, other: int) -> Finding:
    return _named(tree, node, "name-collision", f"like {escape_path(tree.path(other))}")


def _alike(tree: NameTree) -> Iterator[list[int]]:
    """Nodes whose paths fold to one, two or more at a time, in path order.

    Folders that fold to one are looked at together; "/" never joins with what follows it, so that a path folds as its components do.
    """
    merged = _merged_folders(tree)
    inside: dict[int, array[int]] = defaultdict(lambda: array("Q"))
    for node in tree:
        inside[merged.get(tree.parent(node), ROOT)].append(node)
    for nodes in inside.values():
        together = len({tree.parent(node) for node in nodes}) > 1
        groups: dict[bytes, dict[tuple[int, bytes], int]] = defaultdict(dict)
        plain = array("Q")
        for node in nodes:
            component = tree.component(node)
            key = fold(component)
            if together or key != component:
                groups[key].setdefault((tree.parent(node), component), node)
            else:
                plain.append(node)
        for node in plain if groups else ():
            component = tree.component(node)
            if component in groups:
                groups[component].setdefault((tree.parent(node), component), node)
        yield from (sorted(alike.values()) for alike in groups.values() if len(alike) > 1)


def _merged_folders(tree: NameTree) -> dict[int, int]:
    """For each folder the first one that folds to the same."""
    first: dict[tuple[int, bytes], int] = {}
    merged: dict[int, int] = {ROOT: ROOT}
    for node in sorted(tree.folders()):
        merged[node] = first.setdefault((merged[tree.parent(node)], fold(tree.component(node))), node)
    return merged


def fold(path: bytes) -> bytes:
    """Key under which names collide: NFC, then case folding."""
    if path.isascii():
        return path.lower()
    text = unicodedata.normalize("NFC", path.decode("utf-8", "surrogateescape")).casefold()
    return unicodedata.normalize("NFC", text).encode("utf-8", "surrogateescape")


def concerns_git_rules(path: bytes) -> bool:
    """Whether git's fsck looks into a file of this name (`.gitmodules`, `.gitattributes` in any spelling)."""
    return any(map(_is_special, path.split(b"/")))


def _judge_shape(path: bytes) -> Iterator[tuple[str, str]]:
    components = path.split(b"/")
    if not path:
        yield "path-empty", ""
        return
    if path.startswith(b"/"):
        yield "path-absolute", ""
    elif b"" in components:
        yield "path-empty", "a doubled or trailing slash"
    if b"." in components:
        yield "path-dot", ""
    if b".." in components:
        yield "path-dotdot", ""
    if _CONTROL.search(path):
        yield "path-control", ""
    if len(path) > MAX_PATH_BYTES:
        yield "path-long", f"{len(path)} bytes"
    if len(components) > MAX_DEPTH:
        yield "path-deep", f"{len(components)} components"
    if longest := max(map(len, components)) > MAX_COMPONENT_BYTES and max(map(len, components)):
        yield "path-component-long", f"{longest} bytes"


def _judge(path: bytes) -> list[tuple[str, str, bool]]:
    """(rule, detail, whether fatal) of the whole path and of each component."""
    folder, slash, last = path.rpartition(b"/")
    if len(path) <= MAX_PATH_BYTES and _is_sound(last) and (not slash or _is_sound_folder(folder)):
        return []
    found = [(rule, detail, True) for rule, detail in _judge_shape(path)]
    for component in path.split(b"/"):
        found += _judge_component(component)
    return found


def _is_sound(component: bytes) -> bool:
    """Whether there is nothing to say about a component by itself, seen at a glance."""
    return bool(_SOUND.match(component)) and b"git" not in component.lower()


@lru_cache(maxsize=4096)
def _is_sound_folder(path: bytes) -> bool:
    """Whether there is nothing to say about a folder, nor will be because of it about what lies in it."""
    components = path.split(b"/")
    return (
        len(components) < MAX_DEPTH
        and all(_is_sound(component) or not _judge_component(component) for component in components)
        and not any(_judge_shape(path))
    )


@lru_cache(maxsize=65_536)
def _judge_component(component: bytes) -> tuple[tuple[str, str, bool], ...]:
    if component in {b"", b".", b".."}:
        return ()
    fatal = (("path-git", "", True),) if _is_git(component) else ()
    return *fatal, *((rule, detail, False) for rule, detail in _flags(component))


def _flags(component: bytes) -> Iterator[tuple[str, str]]:
    text = component.decode("utf-8", "surrogateescape")
    hidden = {mark for mark in text if unicodedata.category(mark) == "Cf" or _UNSEEN.match(mark)}
    flags = {
        "name-utf8": _MALFORMED.search(text),
        "name-c1": re.search("[\x80-\x9f]", text),
        "name-separator": _SEPARATORS & set(text),
        "name-invisible": hidden,
        "name-backslash": "\\" in text,
        "name-drive": re.match("[A-Za-z]:", text),
        "name-reserved": _RESERVED.match(text.rstrip(" .")),
        "name-trailing": text[-1] in ". ",
    }
    for rule, found in flags.items():
        if found:
            yield (
                rule,
                " ".join(sorted(f"U+{ord(mark):04X}" for mark in hidden)[:8]) if rule == "name-invisible" else "",
            )


def _is_git(component: bytes) -> bool:
    """What git's fsck calls `.git`."""
    return bool(_NTFS_GIT.search(component)) or _hfs_name(component) == b".git"


def _is_special(component: bytes) -> bool:
    if component.isascii() and b"~" not in component and b"git" not in component.lower():
        return False
    return bool(_NTFS_SPECIAL.search(component)) or _hfs_name(component) in _HFS_SPECIAL


def _hfs_name(component: bytes) -> bytes:
    """The name as git's utf8.c reads it for HFS+: without what is ignored, up to the first malformed byte, in lower case."""
    if component.isascii():
        return component.lower()
    text = _HFS_STOP.sub("", component.decode("utf-8", "surrogateescape"))
    return _HFS_IGNORED.sub("", text).encode().lower()
