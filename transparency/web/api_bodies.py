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


def _object(members: dict[str, Any], *required: str) -> dict[str, Any]:
    """Exactly these members, of which these must be there."""
    schema: dict[str, Any] = {"type": "object", "properties": members, "additionalProperties": False}
    return {**schema, "required": list(required)} if required else schema


def _json(schema: dict[str, Any], *, required: bool = True, **examples: dict[str, Any]) -> dict[str, Any]:
    shown = {name: {"value": value} for name, value in examples.items()}
    return {"required": required, "content": {"application/json": {"schema": schema, "examples": shown}}}


BEGIN = _json(
    _object(
        {
            "id": {**_UUID, "description": "Chosen by you, so that asking again is the same upload."},
            "name": {"type": "string", "description": "The file's name, as it is published."},
            "size": {"type": "integer", "description": "Bytes."},
        },
        "name",
        "size",
    ),
    file={"name": "widget-2.0.tar.xz", "size": 20480},
)
FINISH = _json(_object({"sha256": _SHA256}), required=False, whole={"sha256": "9f" * 32})
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
_RELEASE = {"type": "string", "description": "The version."}
_DRY_RUN = {"type": "boolean", "description": "Check everything, keep nothing."}
_ARCHIVE = _object(
    {
        "release": _RELEASE,
        "archive": {**_UUID, "description": "A finished upload."},
        "role": {"type": "string", "description": "`release-archive` where nothing is said."},
        "signatures": {"type": "array", "items": {"type": "string", "pattern": _BASE64}},
        "checksums": {**_UUID, "description": "A finished upload: the signed list that names the archive."},
        "sbom": {
            **_UUID,
            "description": "A finished upload: a bill of materials, compared once the source is admitted.",
        },
        "over": {"type": "string", "enum": ["archive", "decompressed"]},
        "dryRun": _DRY_RUN,
    },
    "release",
    "archive",
)
_SOURCE = _object(
    {
        "release": _RELEASE,
        "dsc": {**_UUID, "description": "A finished upload; it carries its own signature."},
        "files": {"type": "array", "items": _UUID, "maxItems": MAX_FILES, "description": "What the .dsc names."},
        "dryRun": _DRY_RUN,
    },
    "release",
    "dsc",
)
_REPOSITORY = {
    "release": _RELEASE,
    "repository": {**_UUID, "description": "A finished upload: a git bundle, or a bare repository in a tar."},
    "dryRun": _DRY_RUN,
}
_TAG = {"type": "string", "description": "The name of a signed tag.", "maxLength": 200}
_COMMIT = {
    "type": "string",
    "description": "The whole name of a signed commit.",
    "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$",
}
_SIGNED_TAG = _object({**_REPOSITORY, "tag": _TAG}, "release", "repository", "tag")
_SIGNED_COMMIT = _object({**_REPOSITORY, "commit": _COMMIT}, "release", "repository", "commit")
DELIVER = _json(
    {"oneOf": [_ARCHIVE, _SOURCE, _SIGNED_TAG, _SIGNED_COMMIT]},
    archive={"release": "2.0", "archive": _EXAMPLE, "signatures": ["LS0tLS1CRUdJTg=="], "dryRun": True},
    source={"release": "2.0-1", "dsc": _EXAMPLE, "files": [_EXAMPLE]},
    repository={"release": "2.0", "repository": _EXAMPLE, "tag": "v2.0"},
)
