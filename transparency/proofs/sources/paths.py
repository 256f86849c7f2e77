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
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from transparency.proofs.escaping import escape_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_COMPONENT_BYTES = 255
MAX_PATH_BYTES = 4096
MAX_DEPTH = 256
# Nothing in these needs a second look, unless it is `git~1`, has a trailing dot, or is reserved on Windows.
_ORDINARY = re.compile(rb"[A-Za-z0-9_+=@,#%()\[\]{}!$&';^`~-][A-Za-z0-9_+=@,#%()\[\]{}!$&';^`~. -]*\Z")
_NTFS_GIT = re.compile(rb"(?:\A|\\)(?:\.git|git~1)[. ]*(?:\Z|[\\:])", re.IGNORECASE)
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:\..*)?\Z")
# What HFS+ ignores when it compares names (git's utf8.c, next_hfs_char).
_HFS_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_SEPARATORS = frozenset("\u2028\u2029")
_SPECIAL_GIT = re.compile(rb"(?:\A|\\)(?:\.git(?:modules|attributes)|gitmod~|gitatt~|gi7eba~|gi7d29~)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """A member and the rule it met; `path` is escaped as in the manifest."""

    path: str
    rule: str
    detail: str = ""
    fatal: bool = False

    def as_json(self) -> dict[str, str]:
        return {"path": self.path, "rule": self.rule, "detail": self.detail}


def judge_path(path: bytes) -> tuple[Finding, ...]:
    """Findings about one path (leading `./` and a folder's trailing slash already dropped), fatal ones first."""
    found = [(rule, detail, True) for rule, detail in _judge_shape(path)]
    for component in path.split(b"/"):
        found += _judge_component(component)
    if not found:
        return ()
    name = escape_path(path)
    return tuple(
        Finding(name, rule, detail, fatal) for rule, detail, fatal in sorted(found, key=lambda item: not item[2])
    )


def collisions(paths: Iterable[bytes]) -> Iterator[Finding]:
    """Files and folders that differ only by case or normal form; each is flagged and names one other."""
    folded: dict[str, set[bytes]] = defaultdict(set)
    seen: set[bytes] = set()
    for path in paths:
        while path and path not in seen:
            seen.add(path)
            folded[fold(path)].add(path)
            path = path.rpartition(b"/")[0]  # noqa: PLW2901 - walks up to the root
    for alike in folded.values():
        if len(alike) > 1:
            first, *others = sorted(alike)
            yield Finding(escape_path(first), "name-collision", f"like {escape_path(others[0])}")
            for other in others:
                yield Finding(escape_path(other), "name-collision", f"like {escape_path(first)}")


def fold(path: bytes) -> str:
    """Key under which names collide: NFC, then case folding."""
    if path.isascii():
        return path.decode("ascii").lower()
    return unicodedata.normalize(
        "NFC", unicodedata.normalize("NFC", path.decode("utf-8", "surrogateescape")).casefold()
    )


def concerns_git_rules(path: bytes) -> bool:
    """Whether git's fsck looks into a file of this name (`.gitmodules`, `.gitattributes` in any spelling)."""
    return any(_SPECIAL_GIT.search(_without_ignored(component)) for component in path.split(b"/"))


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
    if any(byte < 0x20 or byte == 0x7F for byte in path):
        yield "path-control", ""
    if len(path) > MAX_PATH_BYTES:
        yield "path-long", f"{len(path)} bytes"
    if len(components) > MAX_DEPTH:
        yield "path-deep", f"{len(components)} components"
    if longest := max(map(len, components)) > MAX_COMPONENT_BYTES and max(map(len, components)):
        yield "path-component-long", f"{longest} bytes"


@lru_cache(maxsize=65_536)
def _judge_component(component: bytes) -> tuple[tuple[str, str, bool], ...]:
    if component in {b"", b".", b".."}:
        return ()
    ordinary = _ORDINARY.match(component) and b"git" not in component.lower() and component[-1] not in b". "
    if ordinary and not _RESERVED.match(component.decode("ascii")):
        return ()
    found: list[tuple[str, str, bool]] = []
    if _is_git(component):
        found.append(("path-git", "", True))
    text = component.decode("utf-8", "surrogateescape")
    if any("\udc80" <= character <= "\udcff" for character in text):
        found.append(("name-utf8", "", False))
    if any("\x80" <= character <= "\x9f" for character in text):
        found.append(("name-c1", "", False))
    if _SEPARATORS & set(text):
        found.append(("name-separator", "", False))
    if hidden := sorted({f"U+{ord(character):04X}" for character in text if unicodedata.category(character) == "Cf"}):
        found.append(("name-invisible", " ".join(hidden[:8]), False))
    if "\\" in text:
        found.append(("name-backslash", "", False))
    if re.match(r"[A-Za-z]:", text):
        found.append(("name-drive", "", False))
    if _RESERVED.match(text.rstrip(" .")):
        found.append(("name-reserved", "", False))
    if text[-1] in ". ":
        found.append(("name-trailing", "", False))
    return tuple(found)


def _is_git(component: bytes) -> bool:
    """What git's fsck calls `.git`: is_ntfs_dotgit after every backslash, and is_hfs_dotgit."""
    if _NTFS_GIT.search(component):
        return True
    plain = _without_ignored(component)
    # git stops comparing at malformed UTF-8, so `.git` before it is `.git`.
    return plain.lower() == b".git" or (
        plain[:4].lower() == b".git" and plain[4:5] >= b"\x80" and not _is_utf8(plain[4:])
    )


def _without_ignored(component: bytes) -> bytes:
    if component.isascii():
        return component
    return _HFS_IGNORED.sub("", component.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _is_utf8(data: bytes) -> bool:
    """Whether the first character is well formed."""
    return not "\udc80" <= data.decode("utf-8", "surrogateescape")[0] <= "\udcff"
