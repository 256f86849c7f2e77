"""Build the dossier of a release: one canonical zip as of the log's newest checkpoint. Who may have it is the caller's question.

An open product's is public; a restricted product's is restricted: it carries the openings of its commitments and the names
of its files. The same release at the same checkpoint gives the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviews.services.collect_parts import collect_parts
from transparency.proofs import dossier
from transparency.services.publish_log import publish_log

if TYPE_CHECKING:
    from transparency.models import Release


def build_dossier(*, release: Release) -> bytes:
    """Return the zip's bytes; raise `release-without-subject` and what reading the stores raises."""
    return dossier.build_dossier(collect_parts(release=release, head=publish_log()))
