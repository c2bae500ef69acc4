"""The OpenAPI document: one for every backend, to the byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from bakeoff.auth.bearer import bearer
from bakeoff.limits import documentation
from bakeoff_schemas.api import Problem

VERSION = "1.0.0"
SUMMARY = "One bookstore over interchangeable async data layers."
DESCRIPTION = (
    "Whatever backend answers, on whatever database: the same requests get the same answers. "
    "Errors are problems (RFC 9457); text is compared and sorted by code point; "
    "money is a decimal string; time is UTC with six fractional digits."
)


def document(app: FastAPI) -> dict[str, Any]:
    """The document as data; it describes what the application may have switched off as well."""
    return _described(app.state.documented)


def _described(documented: FastAPI) -> dict[str, Any]:
    if documented.openapi_schema is None:
        schema = get_openapi(
            title=documented.title,
            version=VERSION,
            summary=SUMMARY,
            description=DESCRIPTION,
            license_info={"name": "MIT", "identifier": "MIT"},
            routes=documented.routes,
        )
        # What names no scheme needs no token. What names one needs it if the service has
        # authentication switched on; an empty requirement is how the document says "or none".
        schema["security"] = []
        for operation in _operations(schema):
            if "security" in operation:
                operation["security"].append({})
        # FastAPI knows no body of a problem: routes answer with it by reference.
        components = schema["components"]["schemas"] | _problem_schemas()
        schema["components"]["schemas"] = dict(sorted(components.items()))
        # FastAPI's `responses` would write a description of its own beside each reference.
        schema["components"]["responses"] = documentation.components()
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                for status, reference in documentation.responses(path).items():
                    operation["responses"].setdefault(status, reference)
        documented.openapi_schema = schema
    return documented.openapi_schema


def render(app: FastAPI, *, root_path: str = "") -> bytes:
    """The document as it is served below a root path.

    Without one it is what `shared-schemas/openapi.json` keeps.
    """
    return _rendered(app.state.documented, root_path)


@lru_cache(maxsize=16)  # a service has one root path, or a few; a process of tests many services
def _rendered(documented: FastAPI, root_path: str) -> bytes:
    schema = {**_described(documented), "servers": [{"url": root_path or "/"}]}
    schema["components"] = {
        **schema["components"],
        "securitySchemes": {bearer.scheme_name: _scheme(root_path)},
    }
    return (json.dumps(schema, indent=2, ensure_ascii=False) + "\n").encode()


def _operations(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in schema["paths"].values():
        yield from methods.values()


def _scheme(root_path: str) -> dict[str, Any]:
    """The security scheme; a browser would resolve its addresses against the server's own root."""
    scheme = bearer.model.model_dump(mode="json", by_alias=True, exclude_none=True)
    flow = scheme["flows"]["password"]
    for address in ("tokenUrl", "refreshUrl"):
        flow[address] = root_path + flow[address]
    return scheme


def _problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(
        mode="serialization", ref_template="#/components/schemas/{model}"
    )
    inner: dict[str, Any] = schema.pop("$defs")
    return {**inner, "Problem": schema}
