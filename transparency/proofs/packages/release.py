"""Whether a package is the one that its release says: a difference is a finding, since vendors name things as they like.

>>> package = Package("sdist", "PKG-INFO", "six", "1.16.0")
>>> against_release(package, names=("acme-six",), version="1.16.1")[0].rule
'package-version'
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from transparency.proofs.packages.declared import Package, findings_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from transparency.proofs.sources.paths import Finding


def against_release(package: Package, *, names: Iterable[str], version: str) -> tuple[Finding, ...]:
    """Findings where the declared name ends none of the product's `names`, or the declared version is not the release's."""
    wrong = []
    told = list(names)
    if package.name and not any(_same_name(package.name, name) for name in told):
        wrong.append(("package-name", f"expected {' or '.join(told)}, found {package.name}"))
    if package.version and not _same_version(package, version):
        wrong.append(("package-version", f"expected {version}, found {package.version}"))
    return findings_of(package.file, wrong)


def _same_name(declared: str, product: str) -> bool:
    """A slug may begin with its vendor's; a scope or a path may stand before a package's own name."""
    whole, last, known = _plain(declared), _plain(declared.rpartition("/")[2]), _plain(product)
    return known in {whole, last} or known.endswith((f"-{whole}", f"-{last}"))


def _same_version(package: Package, release: str) -> bool:
    """`v1.2` is 1.2; only a distribution puts a number of its own behind upstream's version."""
    one, other = (text.lower().removeprefix("v") for text in (package.version, release))
    return one == other or (package.kind == "srpm" and one.rpartition("-")[0] == other)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
