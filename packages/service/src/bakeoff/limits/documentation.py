"""How the OpenAPI document describes the answers of the limits, once for all operations."""

from __future__ import annotations

from typing import Any

from bakeoff.limits.probes import is_probed
from bakeoff.problems import declared

_NAMES = {
    400: "BadRequest",
    408: "RequestTimeout",
    429: "TooManyRequests",
    431: "HeadersTooLarge",
}


def components() -> dict[str, Any]:
    """The answers, by the names under which operations refer to them."""
    return {name: declared(status)[status] for status, name in _NAMES.items()}


def responses(path: str) -> dict[str, Any]:
    """The references of an operation, which no setting changes; probes are not counted."""
    return {
        str(status): {"$ref": f"#/components/responses/{name}"}
        for status, name in _NAMES.items()
        if not (status == 429 and is_probed(path))
    }
