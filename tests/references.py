"""What the rows say must lie in the object store, asked without the code that sweeps: kept beside it, it would share its mistakes."""

from __future__ import annotations

from django.conf import settings

from transparency.models import Artifact, BuildList, Delivery, SignatureFile, Snapshot, SnapshotPack


def referenced() -> set[str]:
    """Names of all objects that a delivery, a snapshot or a build list names."""
    names = {*Delivery.objects.values_list("archive_sha256", flat=True)}
    names |= {cover["sha256"] for cover in Delivery.objects.values_list("cover", flat=True) if cover}
    for components in Delivery.objects.values_list("components", flat=True):
        names |= {component["sha256"] for component in components}
    for row in Snapshot.objects.values_list("manifest", "file_table"):
        names |= set(row)
    for row in SnapshotPack.objects.values_list("pack", "index"):
        names |= set(row)
    for model in (SignatureFile, Artifact, BuildList):
        names |= set(model._default_manager.values_list("sha256", flat=True))
    return names - {""}


def stored() -> set[str]:
    """Names of all objects that lie there."""
    return {path.name for path in settings.OBJECT_ROOT.glob("p*/??/*")}


def unfinished() -> list[str]:
    """Files that nobody finished."""
    return sorted(path.name for path in settings.OBJECT_ROOT.glob("p*/incoming/*"))
