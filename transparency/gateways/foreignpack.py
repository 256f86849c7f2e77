"""A pack of somebody else's, in a fresh repository of ours: only objects are taken, and git's strictest check comes first.

Runs in the sandbox only. The pack and its index stay where they are: the repository has links to descriptors that git inherits, so that
a large one needs no room there. Nothing of the sender's configuration, hooks, references, grafts, replacements or alternates is in it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from typing import IO, TYPE_CHECKING, Self

from transparency.gateways.gitfolder import ENVIRONMENT
from transparency.proofs.errors import EvidenceError, UnavailableError
from transparency.proofs.sources.archive import ArchiveError
from transparency.proofs.sources.gitobject import ObjectFormat, object_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MAX_SAID_BYTES = 64 * 1024
MAX_ANSWER_BYTES = 256 * 1024 * 1024
_CONFIG = "[core]\n\trepositoryformatversion = {version}\n\tbare = true\n\thooksPath = /dev/null\n\tfsmonitor = false\n{extension}"
_SHA256 = "[extensions]\n\tobjectFormat = sha256\n"
_OPTIONS = ("core.bigFileThreshold=16m", "pack.writeReverseIndex=false", "core.attributesFile=/dev/null")
_HEADER = re.compile(rb"([0-9a-f]{40,64}) ([a-z]+) ([0-9]{1,18})\n\Z")
_NAME = "pack-" + 40 * "0"
# What git says when it met a limit and not a fault: the words of git and of the C library, in the locale that is set.
_WEATHER = (("No space left", "limit-output"), ("File too large", "limit-output"), ("ut of memory", "limit-memory"))
_SIGNALS = {signal.SIGXCPU: "limit-cpu", signal.SIGXFSZ: "limit-output"}


class ForeignPack:
    """A bare repository at `folder` (empty) over the pack behind the descriptor `pack`, and its index when it is known."""

    def __init__(self, folder: Path, object_format: ObjectFormat, pack: int, index: int | None = None) -> None:
        self.object_format = object_format
        self._folder = folder
        self._descriptors = [pack] if index is None else [pack, index]
        packs = folder / "objects" / "pack"
        packs.mkdir(parents=True)
        (folder / "refs").mkdir()
        (folder / "HEAD").write_text("ref: refs/heads/none\n")
        is_sha1 = object_format == "sha1"
        config = _CONFIG.format(version=0 if is_sha1 else 1, extension="" if is_sha1 else _SHA256)
        (folder / "config").write_text(config)
        self.index = packs / f"{_NAME}.idx"
        (packs / f"{_NAME}.pack").symlink_to(f"/proc/self/fd/{pack}")
        if index is not None:
            self.index.symlink_to(f"/proc/self/fd/{index}")

    def check(self) -> None:
        """Make the index: every object through git's fsck, every link followed, no known SHA-1 collision (`git-fsck`, `limit-…`)."""
        pack = f"/proc/self/fd/{self._descriptors[0]}"
        done = self._start("index-pack", "--strict", "-o", str(self.index), pack, complains=True)
        _, said = done.communicate()
        if not done.returncode:
            return
        text = said[:MAX_SAID_BYTES].decode(errors="backslashreplace").strip()
        found = " ".join(line for line in text.splitlines() if not line.startswith("warning:"))[:300]
        if limit := _SIGNALS.get(signal.Signals(-done.returncode)) if done.returncode < 0 else None:
            raise ArchiveError(limit, expected="a repository within the limits", found="more")
        for words, limit in _WEATHER:
            if words in text:
                raise ArchiveError(limit, expected="a repository within the limits", found=found)
        raise ArchiveError("git-fsck", expected="what git's fsck accepts", found=found)

    def ask(self, *arguments: str, stdin: str = "") -> bytes:
        """What a command of git says, all of it (`git-answer`); the repository is checked before anything is asked."""
        child = self._start(*arguments)
        said, _ = child.communicate(stdin.encode())
        if child.returncode or len(said) > MAX_ANSWER_BYTES:
            found = f"{arguments[0]}: exit {child.returncode}, {len(said)} bytes"
            raise EvidenceError("git-answer", expected=f"an answer of at most {MAX_ANSWER_BYTES} bytes", found=found)
        return said

    def holds(self, *arguments: str) -> bool:
        """A question that git answers with yes (0) or no (1)."""
        child = self._start(*arguments)
        child.communicate()
        return child.returncode == 0

    def reader(self) -> ObjectReader:
        """Reads objects, in the order in which they are asked for."""
        child = self._start("cat-file", "--batch")
        return ObjectReader(child, self.object_format)

    def _start(self, *arguments: str, complains: bool = False) -> subprocess.Popen[bytes]:
        options = [part for option in _OPTIONS for part in ("-c", option)]
        try:
            return subprocess.Popen(
                ["git", *options, *arguments],
                cwd=self._folder,
                env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "GIT_DIR": str(self._folder), **ENVIRONMENT},
                pass_fds=self._descriptors,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if complains else subprocess.DEVNULL,
            )
        except FileNotFoundError as error:
            raise UnavailableError("git-missing", expected="the git command", found="none") from error


class ObjectReader:
    """An ObjectSource (proofs/sources/gittree.py) over one `git cat-file --batch`."""

    def __init__(self, child: subprocess.Popen[bytes], object_format: ObjectFormat) -> None:
        self._child = child
        self.object_format = object_format

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        self._child.wait()

    def ask(self, names: Sequence[str]) -> None:
        stream = _pipe(self._child.stdin)
        stream.write("".join(f"{name}\n" for name in names).encode())
        stream.flush()

    def head(self, name: str) -> tuple[str, int]:
        """Kind and size of the next object (`git-object-missing`)."""
        line = _pipe(self._child.stdout).readline(200)
        match = _HEADER.match(line)
        if not match or match[1].decode() != name:
            raise ArchiveError("git-object-missing", expected=name, found=ascii(line[:80]))
        return match[2].decode(), int(match[3])

    def read(self, count: int) -> bytes:
        data = _pipe(self._child.stdout).read(count)
        if len(data) != count:
            raise ArchiveError("git-object-missing", expected=f"{count} bytes", found=f"{len(data)}")
        return data

    def end(self) -> None:
        self.read(1)

    def whole(self, name: str, kind: str, limit: int) -> bytes:
        """One object, when it is of this kind and at most so large (`git-object-kind`, `limit-member`, `git-object-differs`)."""
        self.ask([name])
        found, size = self.head(name)
        if found != kind:
            raise EvidenceError("git-object-kind", expected=f"a {kind}", found=f"a {found}")
        if size > limit:
            raise EvidenceError("limit-member", expected=f"a {kind} of at most {limit} bytes", found=str(size))
        body = self.read(size)
        self.end()
        if object_name(self.object_format, kind, body) != name:
            raise EvidenceError("git-object-differs", expected=name, found="another object")
        return body


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise AssertionError("a pipe was asked for")
    return stream
