"""What every link of one dossier is checked against: key ring, opened checkpoint, the file in the checker's hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.signatures.judge import Content, FileDigests

if TYPE_CHECKING:
    from collections.abc import Callable

    from transparency.proofs.digest import Digest
    from transparency.proofs.dossier import DossierIndex
    from transparency.proofs.log.checkpoint import Checkpoint
    from transparency.proofs.signatures.judge import OpenPgpChecker
    from transparency.proofs.trust import KeyRing


@dataclass(frozen=True, slots=True)
class GivenFile:
    """The file that the checker has: its digests, where a gateway finds it, how to have all of it in memory."""

    digests: FileDigests
    path: str | None
    read: Callable[[], bytes]

    def content(self) -> Content:
        """A gateway reads it by its path; formats that sign the whole file have it read into memory, where it is not too large."""
        return Content(path=self.path, data=self.read() if self.path is None else None, read=self.read)

    def is_named(self, sha256: Digest | None) -> bool:
        return sha256 is not None and sha256.raw == self.digests.sha256


@dataclass(frozen=True, slots=True)
class Basis:
    """`trusted` says whether `ring` is from the checker's trust file or only the dossier's own `keys.json`."""

    index: DossierIndex
    ring: KeyRing
    trusted: bool
    checkpoint: Checkpoint
    checkpoint_bytes: bytes
    file: GivenFile | None
    openpgp: OpenPgpChecker | None

    @property
    def key_source(self) -> str:
        return "the trust file" if self.trusted else "keys.json, the dossier's own claim"
