"""The OpenAPI document of the machine interface, and a page that reads it to people."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from transparency.web.api import build_api

if TYPE_CHECKING:
    from django.http import HttpRequest

api = build_api()
_METHODS = ("get", "post", "put", "delete")
# Shown with the operations that take them.
_QUERIES = {"AfterName", "AfterNumber", "FileAsked"}
_GROUPS = {
    "products": "Products and releases",
    "verdicts": "Verdicts",
    "builds": "Builds",
    "attestations": "Attestations",
    "log": "The log",
    "deliver": "Deliver",
}


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The document; it is the same until the program changes."""
    found: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")))
    return found


def openapi(request: HttpRequest) -> HttpResponse:
    if request.method != "GET":
        return HttpResponse(status=405, headers={"Allow": "GET"})
    return HttpResponse(json.dumps(document()), content_type="application/json")


def nothing(_request: HttpRequest, rest: str) -> NoReturn:  # noqa: ARG001 - the address is not repeated
    raise Http404


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    groups = [(title, _operations(tag)) for tag, title in _GROUPS.items()]
    schemas = sorted(document()["components"]["schemas"].items())
    shapes = [
        {"name": name, "about": _about(schema), "members": _members(schema)}
        for name, schema in schemas
        if "properties" in schema and name not in _QUERIES
    ]
    address = request.build_absolute_uri("/api/v1/")
    context = {"groups": groups, "shapes": shapes, "address": address, "example": f"curl {address}products"}
    return render(request, "transparency/api.html", context)


def _operations(tag: str) -> list[dict[str, Any]]:
    return [
        {
            "id": operation["operationId"],
            "method": method.upper(),
            "path": path,
            "about": _about(operation),
            "parameters": [
                {**each, "type": _type(each["schema"]), "about": _about(each)}
                for each in operation["parameters"]
                if each["in"] != "path"
            ],
            "body": operation.get("requestBody"),
            "bodies": [_members(schema) for schema in _body_schemas(operation)],
            "answers": [_answer(status, answer) for status, answer in operation["responses"].items() if status < "4"],
            "open": {} in operation.get("security", []),
        }
        for path, item in document()["paths"].items()
        for method, operation in item.items()
        if method in _METHODS and tag in operation["tags"]
    ]


def _answer(status: str, answer: dict[str, Any]) -> dict[str, str]:
    content = answer.get("content", {}).get("application/json", {})
    return {"status": status, "type": _type(content["schema"]) if content else ""}


def _body_schemas(operation: dict[str, Any]) -> list[dict[str, Any]]:
    content = operation.get("requestBody", {}).get("content", {})
    schema: dict[str, Any] = content.get("application/json", {}).get("schema", {})
    found: list[dict[str, Any]] = schema.get("oneOf", [schema] if schema else [])
    return found


def _members(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "type": _type(value),
            "about": _about(value),
            "required": name in required,
        }
        for name, value in schema.get("properties", {}).items()
    ]


def _about(described: dict[str, Any]) -> str:
    """Its description without the marks of Markdown."""
    return str(described.get("description", "")).replace("`", "")


def _type(schema: dict[str, Any]) -> str:
    """A schema in a few words.

    >>> _type({"anyOf": [{"type": "array", "items": {"$ref": "#/components/schemas/Step"}}, {"type": "null"}]})
    'list of Step or null'
    """
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind = str(schema.get("type", "anything"))
    return {"string": "text", "integer": "number"}.get(kind, kind)
