"""File tables made from a few words."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from transparency.proofs.digest import Digest
from transparency.proofs.filetable import FileEntry, FileTable, format_file_table

if TYPE_CHECKING:
    from collections.abc import Mapping


def table_of(files: Mapping[bytes, bytes], modes: Mapping[bytes, int] | None = None) -> FileTable:
    """The table of a tree that has this content at these paths."""
    return FileTable(
        format_file_table(
            [
                FileEntry(
                    path=path,
                    mode=(modes or {}).get(path, 0o100644),
                    sha256=Digest.of(content),
                    sha1=hashlib.sha1(content, usedforsecurity=False).digest(),
                    size=len(content),
                    lines=content.count(b"\n"),
                    binary=b"\0" in content,
                    language="",
                )
                for path, content in sorted(files.items())
            ]
        )
    )
