"""What browsers' scripts and machines are answered alike: an upload, a piece of one, each as JSON."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.http import JsonResponse

from transparency.errors import UnusableInputError
from transparency.models import Upload
from transparency.proofs.digest import Digest
from transparency.services.receive_chunk import receive_chunk
from transparency.services.stores import objects

if TYPE_CHECKING:
    from django.http import HttpRequest

# RFC 9530, with the one algorithm that we take.
_CONTENT_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):\Z")


def upload_json(upload: Upload, *, head: bool = False) -> dict[str, Any]:
    """An upload as it stands; `head` adds the digest of its beginning, by which a sender knows whether it is the same file."""
    begins = None
    if head and upload.state == Upload.State.RECEIVING and upload.received:
        count = min(upload.received, settings.UPLOAD_CHUNK_BYTES)
        digest = objects().upload_prefix(upload.product.store_key, upload.pk.hex, count)
        begins = {"bytes": count, "sha256": digest.hex}
    return {
        "id": str(upload.pk),
        "product": upload.product.slug,
        "name": upload.name,
        "size": upload.size,
        "received": upload.received,
        "state": upload.state,
        "chunkBytes": settings.UPLOAD_CHUNK_BYTES,
        "begins": begins,
        "sha256": upload.stored["sha256"] if upload.stored else None,
    }


def take_chunk(request: HttpRequest, upload: Upload, offset: int) -> JsonResponse:
    """Read one piece from the request and keep it. What is longer than a piece is refused before any of it is read."""
    sha256 = _content_digest(request)
    length = request.META.get("CONTENT_LENGTH") or ""
    if not (length.isascii() and length.isdigit()):
        raise UnusableInputError("length-missing", expected="a Content-Length", found=length[:40])
    if int(length) > settings.UPLOAD_CHUNK_BYTES:
        raise UnusableInputError("chunk-size", expected=f"1 to {settings.UPLOAD_CHUNK_BYTES} bytes", found=length)
    data = request.read(int(length))
    if len(data) != int(length):
        raise UnusableInputError("chunk-size", expected=f"{length} bytes", found=f"{len(data)}")
    return JsonResponse(upload_json(receive_chunk(upload=upload, offset=offset, data=data, sha256=sha256)))


def _content_digest(request: HttpRequest) -> Digest:
    said = request.headers.get("Content-Digest", "")
    found = _CONTENT_DIGEST.match(said)
    if found is None:
        raise UnusableInputError(
            "request-malformed", expected="Content-Digest: sha-256=:<base64>: (RFC 9530)", found=ascii(said[:80])
        )
    return Digest(base64.b64decode(found[1]))


def request_json(request: HttpRequest, *known: str) -> dict[str, Any]:
    """The request's JSON object, of these members and no others, none of them twice (`request-malformed`, `request-too-large`)."""
    try:
        value = json.loads(request.body or b"{}", object_pairs_hook=_once)
    except ValueError as error:
        raise UnusableInputError("request-malformed", expected="JSON", found=ascii(str(error)[:80])) from error
    if not isinstance(value, dict) or set(value) - set(known):
        expected = f"an object of {', '.join(known)}"
        found = ", ".join(sorted(set(value) - set(known))) if isinstance(value, dict) else type(value).__name__
        raise UnusableInputError("request-malformed", expected=expected, found=ascii(found[:200]))
    return value


def begin_request(request: HttpRequest) -> tuple[UUID | None, str, int]:
    """Identity, name and size. The sender chooses the identity, so that asking again after a lost answer is the same upload."""
    asked = request_json(request, "id", "name", "size")
    name, size = asked.get("name"), asked.get("size")
    if not isinstance(name, str) or not isinstance(size, int) or isinstance(size, bool):
        raise UnusableInputError("request-malformed", expected="name and size", found=ascii(asked)[:80])
    return (parse_identity(asked["id"]) if "id" in asked else None), name, size


def parse_identity(text: object) -> UUID:
    """A UUID in its one canonical spelling (`request-malformed`)."""
    try:
        identity = UUID(text) if isinstance(text, str) else None
    except ValueError:
        identity = None
    if identity is None or str(identity) != text:
        raise UnusableInputError("request-malformed", expected="a UUID in lower case", found=ascii(text)[:80])
    return identity


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a member twice")
    return value
