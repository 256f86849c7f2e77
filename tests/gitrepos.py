"""Git repositories made by stock git, for the vendor and for whoever wants to deceive; objects are written by hand where git would not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

FILES = {"main.c": b"int main;\n", "lib/a.h": b"#define A\n"}
PERSON = "Vera <vera@acme.test> 1770000000 +0000"


class GitSigner(Protocol):
    """Somebody who signs as git has it signed: in the namespace `git`, where there are namespaces."""

    def sign(self, data: bytes, namespace: str = "file") -> bytes: ...


class GitRepo:
    """A bare repository in a folder; every object is written through git's own commands."""

    def __init__(self, folder: Path, object_format: str = "sha1") -> None:
        self.folder, self.object_format = folder, object_format
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--bare", f"--object-format={object_format}", ".")

    def git(self, *arguments: str, stdin: bytes = b"", check: bool = True) -> str:
        return self.run(*arguments, stdin=stdin, check=check).stdout.decode().strip()

    def run(self, *arguments: str, stdin: bytes = b"", check: bool = False) -> subprocess.CompletedProcess[bytes]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, input=stdin, capture_output=True, check=check
        )

    def write(self, kind: str, body: bytes) -> str:
        """Any bytes as an object of a kind."""
        return self.git("hash-object", "-t", kind, "-w", "--literally", "--stdin", stdin=body)

    def tree(self, files: Mapping[str, bytes], more: str = "") -> str:
        """The tree of files; `more` are lines of `git update-index --index-info`."""
        lines = [f"100644 {self.write('blob', data)}\t{name}\n" for name, data in files.items()]
        self.git("update-index", "--index-info", stdin=("".join(lines) + more).encode())
        tree = self.git("write-tree")
        (self.folder / "index").unlink()
        return tree

    def commit(
        self,
        files: Mapping[str, bytes] | str = FILES,
        *,
        parents: tuple[str, ...] = (),
        signer: GitSigner | None = None,
        headers: str = "",
        header: str = "",
        message: str = "A change.\n",
        branch: str = "main",
    ) -> str:
        """A commit, signed or not, on a branch; `headers` stand before the signature."""
        tree = files if isinstance(files, str) else self.tree(files)
        body = commit_body(tree, parents, headers, message)
        if signer:
            name = header or ("gpgsig" if self.object_format == "sha1" else "gpgsig-sha256")
            body = with_header(body, name, signer.sign(body, namespace="git"))
        commit = self.write("commit", body)
        self.git("update-ref", f"refs/heads/{branch}", commit)
        return commit

    def tag(
        self,
        name: str,
        target: str,
        *,
        signer: GitSigner | None = None,
        kind: str = "commit",
        message: str = "A release.\n",
        ref: str = "",
    ) -> str:
        """A tag object and a reference to it, of the same name unless `ref` says another."""
        body = tag_body(name, target, kind=kind, message=message)
        made = self.write("tag", body + (signer.sign(body, namespace="git") if signer else b""))
        self.git("update-ref", f"refs/tags/{ref or name}", made)
        return made

    def bundle(self, *arguments: str) -> bytes:
        """All of it as `git bundle create` writes it."""
        self.git("bundle", "create", "--quiet", "made.bundle", *(arguments or ("--all",)))
        path = Path(self.folder / "made.bundle")
        data = path.read_bytes()
        path.unlink()
        return data


def tag_body(name: str, target: str, *, kind: str = "commit", message: str = "A release.\n", more: str = "") -> bytes:
    return f"object {target}\ntype {kind}\ntag {name}\ntagger {PERSON}\n{more}\n{message}".encode()


def commit_body(tree: str, parents: tuple[str, ...] = (), headers: str = "", message: str = "A change.\n") -> bytes:
    before = "".join(f"parent {parent}\n" for parent in parents)
    return f"tree {tree}\n{before}author {PERSON}\ncommitter {PERSON}\n{headers}\n{message}".encode()


def with_header(body: bytes, name: str, value: bytes) -> bytes:
    """A commit with one more header before its message, continued as git continues them."""
    head, divider, message = body.partition(b"\n\n")
    return head + b"\n" + name.encode() + b" " + value.strip(b"\n").replace(b"\n", b"\n ") + divider + message
