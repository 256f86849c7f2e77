"""What browsers' scripts and machines are answered alike: an upload, a piece of one, an error, each as JSON."""

from __future__ import annotations

import base64
import json
import re
from functools import wraps
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError

from transparency.errors import EvidenceError, UnavailableError, UnusableInputError, database_weather
from transparency.models import Upload
from transparency.proofs.digest import Digest
from transparency.services.receive_chunk import receive_chunk
from transparency.services.stores import objects
from transparency.web.caching import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Concatenate, ParamSpec

    from django.http import HttpRequest

    Parameters = ParamSpec("Parameters")
    View = Callable[Concatenate[HttpRequest, Parameters], HttpResponse]

RETRY_SECONDS = "5"
# Everything else that is wrong with a request is 422, and weather 503.
_STATUS = {
    "request-malformed": 400,
    "token-missing": 401,
    "token-unknown": 401,
    "token-expired": 401,
    "token-revoked": 401,
    "session-ended": 401,
    "not-allowed": 403,
    "right-ended": 403,
    "upload-quota": 403,
    "not-found": 404,
    "upload-unknown": 404,
    "upload-busy": 409,
    "upload-damaged": 409,
    "upload-exists": 409,
    "upload-mismatch": 409,
    "upload-offset": 409,
    "upload-unfinished": 409,
    "length-missing": 411,
    "chunk-size": 413,
    "object-too-large": 413,
    "request-too-large": 413,
    "token-attempts": 429,
    "disk-full": 507,
}
_UNPROCESSABLE, _UNAVAILABLE = 422, 503
# RFC 9530, with the one algorithm that we take.
_CONTENT_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):\Z")


def as_json(view: View[Parameters]) -> View[Parameters]:
    """The view, whose refusals are JSON; nothing of it is ever kept by a browser or a proxy."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except (EvidenceError, UnavailableError) as error:
            response = error_answer(error)
        except OperationalError as error:  # a database that is full, locked or away
            response = error_answer(database_weather(error))
        except Http404:
            response = error_answer(EvidenceError("not-found", expected="something that you may know of"))
        except PermissionDenied as error:
            response = error_answer(EvidenceError("not-allowed", expected=str(error)))
        except RequestDataTooBig:
            limit = f"at most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes"
            response = error_answer(UnusableInputError("request-too-large", expected=limit, found="more"))
        except UnreadablePostError:
            response = error_answer(UnusableInputError("request-malformed", expected="a whole request", found="part"))
        response.headers["Cache-Control"] = NEVER
        return response

    return answer


def error_answer(error: EvidenceError | UnavailableError) -> JsonResponse:
    status = _STATUS.get(error.code, _UNAVAILABLE if isinstance(error, UnavailableError) else _UNPROCESSABLE)
    found = {"code": error.code, "expected": error.expected, "found": error.found}
    response = JsonResponse({"error": found}, status=status)
    if isinstance(error, UnavailableError):
        response.headers["Retry-After"] = RETRY_SECONDS
    return response


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
