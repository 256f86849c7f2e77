"""The commands with which anybody checks a release with public tools alone: those of its dossier, and of the subject's own delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.services.enrol_anchor import product_anchors
from transparency.web.own_checks import OwnCheck, own_checks

if TYPE_CHECKING:
    from transparency.models import Delivery, Release

_INDEX = (
    r"""jq -r '.files | to_entries[] | "\(.value)  \(.key)"' dossier.json | sha256sum --check --quiet && echo whole"""
)


def dossier_checks(release: Release, name: str) -> list[OwnCheck]:
    """In the folder in which the dossier lies."""
    if release.subject is None:
        return []
    checks = [
        OwnCheck(
            "Unpack the dossier, and see that its files are those that its index names",
            f"unzip -q {name} -d dossier && cd dossier\n{_INDEX}",
            "whole",
        ),
        OwnCheck("The source is the one of this page", "sha256sum manifest.txt", release.subject.manifest),
    ]
    if not release.product.is_restricted:
        commands = "sha256sum deliveries/01/record.json && jq -r .digest deliveries/01/leaf.json"
        checks.append(OwnCheck("What is logged is the record in it", commands, "the same digest twice"))
    return checks


def archive_checks(delivery: Delivery) -> list[OwnCheck]:
    """In the folder in which the archive lies, and the signature from the delivery's page beside it."""
    named = delivery.signatures.values("key")
    return own_checks(delivery, product_anchors(delivery.release.product).filter(fingerprint__in=named))
