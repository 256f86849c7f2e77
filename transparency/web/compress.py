"""Pages and JSON go out as gzip to whoever takes it, with ISA-L where its wheel is there: a tenth of the time of zlib.

Beside Django's own GZipMiddleware it is quicker and otherwise alike: a name of random length in the header hides the size of what was
compressed (BREACH), and a strong ETag becomes a weak one.
"""

from __future__ import annotations

import re
import secrets
import struct
import zlib
from typing import TYPE_CHECKING, Any

from django.utils.cache import patch_vary_headers

try:
    from isal import isal_zlib
except ImportError:  # a wheel that not every platform has; the same format, slower
    deflate: Any = zlib
else:
    deflate = isal_zlib
crc32 = deflate.crc32

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

SMALLEST_BYTES = 500
MOST_NAME_BYTES = 100
LEVEL = 1
_KINDS = ("text/html", "application/json", "text/plain")
RAW_DEFLATE = -15
_HEADER = b"\x1f\x8b\x08\x08\0\0\0\0\x04\xff"  # deflate, a name follows, no time
_ACCEPTS = re.compile(r"\bgzip\b")


class Compress:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if response.streaming or kind not in _KINDS or response.has_header("Content-Encoding"):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if len(response.content) < SMALLEST_BYTES or not _ACCEPTS.search(request.headers.get("Accept-Encoding", "")):
            return response
        packed = getattr(response, "gzip", None)
        response.content = packed() if packed else compressed(response.content)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.content))
        if response.headers.get("ETag", "").startswith('"'):
            response.headers["ETag"] = "W/" + response.headers["ETag"]
        return response


def compressed(content: bytes) -> bytes:
    packer = deflate.compressobj(LEVEL, zlib.DEFLATED, RAW_DEFLATE)
    return gzip_member(packer.compress(content) + packer.flush(), content)


def gzip_member(body: bytes, content: bytes) -> bytes:
    """One gzip member (RFC 1952) of `content`, deflated as `body`, whose header holds a name of random length."""
    name = secrets.token_hex(MOST_NAME_BYTES // 2)[: secrets.randbelow(MOST_NAME_BYTES)].encode() + b"\0"
    return _HEADER + name + body + struct.pack("<II", crc32(content), len(content) & 0xFFFFFFFF)
