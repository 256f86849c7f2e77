"""Whether the file that somebody has is one of a release: asked by its SHA-256, so that the file itself never leaves them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.models import Artifact, Delivery

if TYPE_CHECKING:
    from transparency.models import Release

_HEX = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
MAX_ASKED = 128


@dataclass(frozen=True, slots=True)
class OwnFile:
    """What was asked and what it is here. `complaint`: nothing could be asked with it."""

    asked: str
    complaint: str = ""
    artifacts: tuple[Artifact, ...] = ()
    archives: tuple[Delivery, ...] = ()

    @property
    def is_known(self) -> bool:
        return bool(self.artifacts or self.archives)


def own_file(release: Release, asked: str) -> OwnFile | None:
    """None when nothing was asked. What is in quarantine is never found."""
    asked = "".join(asked.split())[: MAX_ASKED + 1].lower()
    if not asked:
        return None
    if not _HEX.match(asked):
        return OwnFile(asked[:MAX_ASKED], "A SHA-256 has 64 characters, each one of 0-9 and a-f.")
    artifacts = Artifact.objects.filter(build_list__release=release, sha256=asked).select_related("build_list")
    archives = release.deliveries.exclude(state=Delivery.State.QUARANTINED).filter(archive_sha256=asked)
    return OwnFile(asked, artifacts=tuple(artifacts), archives=tuple(archives.order_by("pk")))
