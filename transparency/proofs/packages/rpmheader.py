"""What the header of a source RPM declares: name, version with the distribution's release, licence, where its packaging is kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError
from transparency.proofs.packages.declared import (
    Declared,
    Package,
    checked_name,
    checked_version,
    findings_of,
    one_line,
)
from transparency.proofs.packages.purl import PackageUrl, format_purl
from transparency.proofs.sources import rpm

if TYPE_CHECKING:
    from transparency.proofs.sources.rpm import Header

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,199}\Z", re.ASCII)


def recognise_rpm(header: Header, *, spec: str, name: str) -> Package:
    """The package, with what is odd about it; `name` is the archive's."""
    try:
        declared = _declared(header)
        epoch = header.number(rpm.EPOCH)
    except EvidenceError as error:
        told = ("package-malformed", f"expected {error.expected}, found {error.found}")
        return Package("srpm", spec, findings=findings_of(spec, [told]))
    expected = f"{declared.name}-{declared.version}.src.rpm"
    wrong = []
    if name not in {expected, expected.replace(".src.", ".nosrc.")}:
        wrong.append(("package-file-name", f"expected {expected}, found {name}"))
    if not spec:
        wrong.append(("package-missing", "expected one spec file, found none or several"))
    pairs = (("arch", "src"), ("epoch", str(epoch) if epoch else ""))
    return Package(
        "srpm",
        spec,
        declared.name,
        declared.version,
        format_purl(PackageUrl("rpm", "", declared.name, declared.version, pairs)),
        declared.licence,
        declared.repository,
        findings_of(spec, wrong),
    )


def _declared(header: Header) -> Declared:
    name, version, release = (header.text(tag) for tag in (rpm.NAME, rpm.VERSION, rpm.RELEASE))
    return Declared(
        name=checked_name(name, _NAME),
        version=f"{checked_version(version)}-{checked_version(release)}",
        licence=one_line(header.text(rpm.LICENCE)),
        repository=one_line(header.text(rpm.VCS)),
    )
