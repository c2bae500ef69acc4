"""Pieces of the OpenAPI document that several routes share."""

from __future__ import annotations

from typing import Any

_ETAG = {"description": "The version, quoted.", "schema": {"type": "string"}, "example": '"1"'}

CREATED: dict[str, Any] = {
    "description": "Created.",
    "headers": {"Location": {"description": "Where it is.", "schema": {"type": "string"}}},
}
CREATED_BOOK: dict[str, Any] = {
    "description": "Created.",
    "headers": {**CREATED["headers"], "ETag": _ETAG},
}
BOOK: dict[str, Any] = {"description": "The book.", "headers": {"ETag": _ETAG}}
NOT_MODIFIED: dict[str, Any] = {
    "description": "The client has this version already.",
    "headers": {"ETag": _ETAG},
}


def _header(name: str, description: str) -> dict[str, Any]:
    # Read by `preconditions.py`: a header parameter of FastAPI would show only its last line.
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string"},
        "example": '"3"',
    }


_IF_MATCH = _header("If-Match", "Only if this is still the version; `*` for any version.")
_IF_NONE_MATCH = _header(
    "If-None-Match", "Only if this is not the version; `*`: only if there is no such book."
)
IF_NONE_MATCH = {"parameters": [_IF_NONE_MATCH]}
PRECONDITIONS = {"parameters": [_IF_MATCH, _IF_NONE_MATCH]}
