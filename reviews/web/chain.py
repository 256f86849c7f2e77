"""The chain of a release for its page: the very links that `transparency verify` would print about its dossier."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from django.utils import timezone

from reviews.services.collect_parts import collect_parts
from transparency.models import Release
from transparency.proofs.dossier import members_of
from transparency.proofs.verification import verify_members
from transparency.queries import log_head
from transparency.services.judge_files import openpgp_checker

if TYPE_CHECKING:
    from transparency.proofs.links.report import LinkReport, Report

KEPT_CHAINS = 64
# Links in which a person states something; everything else is a machine's.
_STATED = "attestations/"
_TITLES = {
    "index": "The dossier lists exactly what it holds",
    "log": "The log's checkpoint is signed by the log's key",
    "manifest": "The manifest names this snapshot",
    "file": "A file on a machine",
    "rebuild": "Rebuilt from the snapshot by others",
    "requirements": "What you require",
}
_KINDS = {"deliveries": "Source snapshot", "builds": "Published builds", "attestations": "Attestation"}


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link in the words of a page: `look` is proved, stated, failed, or nothing."""

    title: str
    word: str
    look: str
    detail: str


def chain_of(release: Release) -> Report:
    """The report as of the newest checkpoint; made once for each head."""
    return _chain(release.pk, log_head().size)


def shown(link: LinkReport) -> ShownLink:
    stated = link.name.startswith(_STATED)
    if link.status == "ok":
        word, look = ("stated", "stated") if stated else ("proved", "proved")
    elif link.status == "failed":
        word, look = "failed", "failed"
    elif link.name == "rebuild":
        word, look = "not attempted", ""
    else:
        word, look = link.status, ""
    return ShownLink(_title(link.name), word, look, link.detail)


@lru_cache(maxsize=KEPT_CHAINS)
def _chain(release: int, size: int) -> Report:
    head = log_head()
    if head.size < size:
        raise AssertionError("the log's head went backwards")
    row = Release.objects.select_related("product__vendor", "subject").get(pk=release)
    members = members_of(collect_parts(release=row, head=head))
    return verify_members(members, now=timezone.now(), openpgp=openpgp_checker())


def _title(name: str) -> str:
    if name in _TITLES:
        return _TITLES[name]
    kind, _, rest = name.partition("/")
    number, _, what = rest.partition("/")
    base = f"{_KINDS.get(kind, kind)} {int(number) if number.isdigit() else number}".strip()
    return f"{base}: signed by the vendor" if what == "signature" else f"{base}: recorded and logged"
