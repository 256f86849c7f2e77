"""Whether a bill of materials is about its release: what the vendor calls it here, and what the package declares, may differ from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.proofs.packages.declared import Package
from transparency.proofs.packages.release import against_release

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from transparency.proofs.sbom.document import DeclaredPackage


def about_release(
    subjects: Sequence[DeclaredPackage], *, names: Iterable[str], version: str, purl: str
) -> list[tuple[str, str]]:
    """(rule, detail) where no subject has the release's name and version, or the package URL that the delivery declares.

    >>> from transparency.proofs.sbom.document import DeclaredPackage
    >>> about_release([DeclaredPackage("pump", "1.0")], names=["pump"], version="1.1", purl="")
    [('sbom-version', 'expected 1.1, found 1.0')]
    """
    if not subjects:
        return [("sbom-subject", "expected what it is about, found nothing")]
    told = [
        [(f.rule.replace("package-", "sbom-"), f.detail) for f in against_release(
            Package("sdist", "", one.name, one.version), names=names, version=version)]
        for one in subjects
    ]  # fmt: skip
    wrong = min(told, key=len)
    purls = [one.purl for one in subjects if one.purl]
    if purl and purls and purl not in purls:
        wrong.append(("sbom-purl", f"expected {purl} as the delivery declares, found {', '.join(purls)[:400]}"))
    return wrong
