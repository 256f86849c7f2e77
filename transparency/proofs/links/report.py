"""What a verification answers: links, what people state, and the exit code (docs/formats.md section 12).

Machines' answers and people's statements are kept apart: a link says what was proved, a `StatedReview` what was signed.

>>> Report(links=(LinkReport("container", "failed", "torn"),), unmet=(), checkpoint=None, trusted=True).exit_code
1
>>> Report(links=(LinkReport("container", "ok", "whole"),), unmet=(), checkpoint=None, trusted=False).exit_code
3
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from transparency.proofs.digest import Digest
    from transparency.proofs.dossier import DossierIndex
    from transparency.proofs.errors import EvidenceError

LinkStatus = Literal["ok", "failed", "not claimed", "not checked"]
REQUIREMENTS = "requirements"

EXIT_MET = 0
EXIT_FAILED = 1
EXIT_UNUSABLE = 2
EXIT_NO_TRUST = 3
EXIT_UNMET = 4


@dataclass(frozen=True, slots=True)
class LinkReport:
    """How one link ended. `detail` may quote hostile text: escape it. `code` is that of the error, if there was one."""

    name: str
    status: LinkStatus
    detail: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class CheckpointSeen:
    """The head that the answer is as of: later withdrawals cannot be seen offline."""

    origin: str
    size: int
    time: datetime


@dataclass(frozen=True, slots=True)
class StatedReview:
    """What an attestation says. Only a `status` of ok shows that the authority's key signed it."""

    link: str
    status: LinkStatus
    payload: Digest
    authority: str
    keyid: str
    conclusion: str
    depth: str
    in_scope: int
    read: int
    read_twice: int
    machines_found: str
    people_state: str
    not_shown: str
    limitations: tuple[str, ...]
    logged_at: datetime

    @property
    def is_counted(self) -> bool:
        return self.status == "ok"


@dataclass(frozen=True, slots=True)
class Report:
    """The whole answer. `index` is None when not even that could be read; `trusted`: a trust file was given."""

    links: tuple[LinkReport, ...]
    unmet: tuple[str, ...]
    checkpoint: CheckpointSeen | None
    trusted: bool
    index: DossierIndex | None = None
    reviews: tuple[StatedReview, ...] = ()

    @property
    def failed(self) -> str | None:
        """Name of the link that failed; an unmet requirement is not a failed link."""
        return next((link.name for link in self.links if link.status == "failed" and link.name != REQUIREMENTS), None)

    @property
    def exit_code(self) -> int:
        if self.failed:
            return EXIT_FAILED
        if not self.trusted:
            return EXIT_NO_TRUST
        return EXIT_UNMET if self.unmet else EXIT_MET

    def link(self, name: str) -> LinkReport | None:
        """The link of that name, if it was reached."""
        return next((link for link in self.links if link.name == name), None)


def failed_link(name: str, error: EvidenceError) -> LinkReport:
    """The link that ends the walk."""
    return LinkReport(name, "failed", str(error), error.code)
