"""What people say: engagements, notes, read marks, statements, attestations. Rows only."""

from reviews.models.attestation import Attestation, Statement
from reviews.models.engagement import Acceptance, Engagement
from reviews.models.reading import LastPlace, Note, NoteEdit, ReadMark

__all__ = ["Acceptance", "Attestation", "Engagement", "LastPlace", "Note", "NoteEdit", "ReadMark", "Statement"]
