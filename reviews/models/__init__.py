"""What people say: engagements, notes, read marks, statements, attestations. Rows only."""

from reviews.models.attestation import Attestation, Statement
from reviews.models.engagement import Engagement
from reviews.models.reading import Note, ReadMark

__all__ = ["Attestation", "Engagement", "Note", "ReadMark", "Statement"]
