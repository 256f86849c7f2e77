"""What machines send, as OpenAPI says it. The views read it themselves (upload_answers.request_json): unknown members and doubled
ones are refused, nothing is guessed.
"""

from __future__ import annotations

from typing import Any

from transparency.services.receive_debian_source import MAX_FILES

_UUID = {"type": "string", "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"}
_SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_EXAMPLE = "0b9c6ab4-31f0-4a7a-9e0e-3a6f4a7c2f11"


def _json(members: dict[str, Any], *required: str, example: dict[str, Any], description: str = "") -> dict[str, Any]:
    schema = {"type": "object", "properties": members, "additionalProperties": False}
    if required:
        schema["required"] = list(required)
    body = {"required": bool(required), "content": {"application/json": {"schema": schema, "example": example}}}
    return {**body, "description": description} if description else body


BEGIN = _json(
    {
        "id": {**_UUID, "description": "Chosen by you, so that asking again is the same upload."},
        "name": {"type": "string", "description": "The file's name, as it is published."},
        "size": {"type": "integer", "description": "Bytes."},
    },
    "name",
    "size",
    example={"name": "widget-2.0.tar.xz", "size": 20480},
)
FINISH = _json({"sha256": _SHA256}, example={"sha256": "9f" * 32})
CHUNK: dict[str, Any] = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary", "minLength": 1}}},
}
CONTENT_DIGEST: dict[str, Any] = {
    "in": "header",
    "name": "Content-Digest",
    "required": True,
    "description": "SHA-256 of the piece (RFC 9530).",
    "schema": {"type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$"},
    "example": "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
}
DELIVER = _json(
    {
        "release": {"type": "string", "description": "The version."},
        "role": {"type": "string", "description": "`release-archive` where nothing is said."},
        "archive": _UUID,
        "signatures": {"type": "array", "items": {"type": "string", "contentEncoding": "base64", "pattern": _BASE64}},
        "checksums": {**_UUID, "description": "An upload: the signed list that names the archive."},
        "over": {"enum": ["archive", "decompressed"]},
        "dsc": _UUID,
        "files": {"type": "array", "items": _UUID, "maxItems": MAX_FILES},
        "dryRun": {"type": "boolean", "description": "Check everything, keep nothing."},
    },
    "release",
    example={"release": "2.0", "archive": _EXAMPLE, "signatures": ["LS0tLS1CRUdJTg=="], "dryRun": True},
    description="Either `archive` (with `signatures`, `checksums`, `over`, `role`) or `dsc` and its `files`: ids of finished uploads.",
)
