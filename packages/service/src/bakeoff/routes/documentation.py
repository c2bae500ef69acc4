"""Pieces of the OpenAPI document that several routes share."""

from __future__ import annotations

from typing import Any

_ETAG = {"description": "The version, quoted.", "schema": {"type": "string"}, "example": '"1"'}

CREATED: dict[str, Any] = {
    "description": "Created.",
    "headers": {"Location": {"description": "Where it is.", "schema": {"type": "string"}}},
}


def links(parameter: str, *operations: str, **others: str) -> dict[str, Any]:
    """How a client goes on from an answer: these operations take its `id` for this parameter.

    `others` are parameters besides, each with a runtime expression of OpenAPI.
    """
    parameters = {parameter: "$response.body#/id", **others}
    return {name: {"operationId": name, "parameters": parameters} for name in operations}


CREATED_BOOK: dict[str, Any] = {
    "description": "Created.",
    "headers": {**CREATED["headers"], "ETag": _ETAG},
    "links": {
        **links("book_id", "get_book", "get_metadata"),
        **links(
            *("book_id", "replace_book", "update_book", "delete_book"),
            **{"If-Match": "$response.header.ETag"},
        ),
    },
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
