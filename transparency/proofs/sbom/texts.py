"""Members of a document that may be missing, read with their types: what is there and of another type is refused (`json-shape`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.proofs.sbom.document import malformed

if TYPE_CHECKING:
    from transparency.proofs.canonical import Fields


def text_of(fields: Fields, key: str) -> str:
    return fields.text(key) if fields.has(key) else ""


def objects_of(fields: Fields, key: str) -> tuple[Fields, ...]:
    return fields.objects(key) if fields.has(key) else ()


def texts_of(fields: Fields, key: str) -> tuple[str, ...]:
    return fields.texts(key) if fields.has(key) else ()


class Once:
    """Identifiers of a document, each of which names one thing."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def take(self, identity: str) -> str:
        if not identity or identity in self._seen:
            raise malformed("each identifier once, and none empty", repr(identity[:80]))
        self._seen.add(identity)
        return identity
