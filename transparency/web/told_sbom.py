"""What of a bill of materials somebody may be told: it names paths and parts of the source, like the source itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transparency.permissions import Right, may

if TYPE_CHECKING:
    from transparency.models import Sbom
    from transparency.permissions import Someone


@dataclass(frozen=True, slots=True)
class ToldSbom:
    """Lists as this reader may have them. `untold`: paths that are kept from them; `whole`: whether packages and subjects are told."""

    absent: list[str]
    undeclared: list[str]
    differences: list[dict[str, str]]
    untold: int
    whole: bool
    packages: list[dict[str, str]]
    subjects: list[dict[str, str]]
    findings: list[dict[str, str]]


def told_sbom(person: Someone, row: Sbom) -> ToldSbom:
    """Everything about an open product; of a restricted one what lies where the person reads, and the rest to who reads all of it."""
    opened = not row.release.product.is_restricted

    def is_told(path: str) -> bool:
        return opened or may(person, Right.READ_SOURCE, row.release, path=path)

    tree: dict[str, Any] = row.tree
    whole = is_told("")
    absent = [path for path in tree["absentPaths"] if whole]
    undeclared = [path for path in tree["undeclaredPaths"] if is_told(path)]
    differences = [item for item in tree["differences"] if is_told(item["path"])]
    listed = len(tree["absentPaths"]) + len(tree["undeclaredPaths"]) + len(tree["differences"])
    return ToldSbom(
        absent,
        undeclared,
        differences,
        untold=listed - len(absent) - len(undeclared) - len(differences),
        whole=whole,
        packages=row.packages if whole else [],
        subjects=row.subjects if whole else [],
        findings=row.findings if whole else [],
    )
