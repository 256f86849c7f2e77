"""Files that were received and lie in their product's compartment, with the digests that signatures are checked against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from transparency.proofs.digest import Digest
from transparency.proofs.signatures.judge import FileDigests
from transparency.services.stores import objects

if TYPE_CHECKING:
    from transparency.models import Product

MAX_NAME_CHARACTERS = 255


@dataclass(frozen=True, slots=True)
class Received:
    """A file as it came: its name (the last component) and a stream of its bytes."""

    name: str
    stream: BinaryIO


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Name, size in bytes, digests in hex; as they stand in a job's payload."""

    name: str
    size: int
    sha256: str
    sha512: str
    blake2b512: str

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> StoredFile:
        return cls(**{key: value[key] for key in ("name", "size", "sha256", "sha512", "blake2b512")})

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "size": self.size,
            "sha256": self.sha256,
            "sha512": self.sha512,
            "blake2b512": self.blake2b512,
        }

    @property
    def digest(self) -> Digest:
        return Digest.parse(self.sha256)

    @property
    def digests(self) -> FileDigests:
        """What signatures are judged against."""
        sha256, sha512, blake2b = (bytes.fromhex(text) for text in (self.sha256, self.sha512, self.blake2b512))
        return FileDigests(size=self.size, sha256=sha256, sha512=sha512, blake2b512=blake2b)


def store_file(*, product: Product, received: Received | StoredFile, limit: int) -> StoredFile:
    """Put a file into the product's compartment; one that lies there already is returned as it is (`object-too-large`)."""
    if isinstance(received, StoredFile):
        return received
    stored = objects().put_file(product.store_key, received.stream, limit=limit)
    return StoredFile(
        name=received.name[-MAX_NAME_CHARACTERS:],
        size=stored.size,
        sha256=stored.digest.hex,
        sha512=stored.sha512.hex(),
        blake2b512=stored.blake2b512.hex(),
    )
