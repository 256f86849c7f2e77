"""Archives as packages, taken in and recognised in this process; the sandbox has its own tests."""

from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING

from tests.proofs.sources.tars import END, PlainStream, file
from transparency.gateways.decompress import archive_type, open_members
from transparency.proofs.packages.recognise import recognise
from transparency.proofs.packages.tap import MetadataTap
from transparency.proofs.sources.intake import Intake, take_in
from transparency.proofs.sources.membersource import Limits, TarSource

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from transparency.proofs.packages.declared import Package


def package_in(files: Mapping[str, bytes], *, container: str = "gz", name: str = "x.tar.gz") -> Package | None:
    """What an archive of these paths is recognised as."""
    data = b"".join(file(path.encode(), content) for path, content in files.items()) + END
    tap = MetadataTap(TarSource(PlainStream(data), Limits()))
    intake = take_in(tap, io.BytesIO())
    assert intake.refused == ()
    return recognise(tap, prefix=intake.prefix, container=container, name=name)


def package_of_file(path: Path) -> tuple[Intake, Package | None]:
    """What a real file is recognised as, by its own container and name."""
    with path.open("rb") as source:
        container = archive_type(source)
        with open_members(source, Limits()) as members:
            tap = MetadataTap(members)
            intake = take_in(tap, io.BytesIO())
    return intake, recognise(tap, prefix=intake.prefix, container=container, name=path.name)


def rules(package: Package | None) -> list[str]:
    assert package is not None
    assert all(not finding.fatal and finding.path == package.file for finding in package.findings)
    return [finding.rule for finding in package.findings]


def tar_gz(files: Mapping[str, bytes]) -> bytes:
    return gzip.compress(b"".join(file(path.encode(), content) for path, content in files.items()) + END, mtime=0)
