"""The signed object of a repository, as a delivery's row keeps it and as its record says it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from transparency.gateways.git_parsing import Since
from transparency.models import Delivery
from transparency.proofs.digest import Digest
from transparency.proofs.records import RecordedGit
from transparency.proofs.sources.gitobject import MAX_OBJECT_BYTES, TAGS
from transparency.services.enrol_anchor import product_anchors
from transparency.services.enrolled_keys import enrolled_keys
from transparency.services.stores import objects

if TYPE_CHECKING:
    from transparency.gateways.git_parsing import SplitGit
    from transparency.models import Product
    from transparency.proofs.sources.gitobject import Wanted

# Keyrings of a whole distribution are too many to try on every commit; then the product's own keys count.
MAX_KEYS = 300


def kept_git(product: Product, split: SplitGit, commit: bytes) -> dict[str, Any]:
    """What the row says; the commit's bytes go into the store. `range` is null without an earlier tag, or where nothing can be told."""
    return {
        "objectFormat": split.object_format,
        "ref": split.ref,
        "object": split.object,
        "commit": split.commit,
        "tree": split.tree,
        "commitObject": objects().put_bytes(product.store_key, commit).hex,
        "range": asdict(split.commits) if split.commits else None,
    }


def since_earlier(product: Product, wanted: Wanted) -> Since | None:
    """The commit of the last delivery from a repository before this one, and the keys that may have signed what came after it."""
    rows = Delivery.objects.filter(release__product=product, state=Delivery.State.ADMITTED, git__isnull=False)
    same = {"git__ref": f"{TAGS}{wanted.tag}"} if wanted.tag else {"git__object": wanted.commit}
    earlier = rows.exclude(**same).order_by("-pk").first() if product.pk else None
    if earlier is None or not earlier.git:
        return None
    anchors = product_anchors(product)
    own = anchors if anchors.count() <= MAX_KEYS else anchors.filter(product=product)
    return Since(earlier.git["commit"], enrolled_keys(own), timezone.now())


def recorded_git(product: Product, kept: dict[str, Any]) -> RecordedGit:
    """The member `git` of the record."""
    commit = objects().read(product.store_key, Digest.parse(kept["commitObject"]), limit=MAX_OBJECT_BYTES)
    return RecordedGit(
        object_format="sha1" if kept["objectFormat"] == "sha1" else "sha256",
        ref=kept["ref"],
        object=kept["object"],
        commit=kept["commit"],
        tree=kept["tree"],
        commit_object=commit,
    )


def moved_from(product: Product, kept: dict[str, Any]) -> Delivery | None:
    """An earlier delivery of the product, admitted and not withdrawn, in which this reference led to another object."""
    if kept["ref"] is None:
        return None
    rows = Delivery.objects.filter(release__product=product, state=Delivery.State.ADMITTED, git__ref=kept["ref"])
    return rows.exclude(git__object=kept["object"]).order_by("pk").first()
