"""The OpenAPI document: one for every backend, to the byte."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

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
    """The document as data."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=VERSION,
            summary=SUMMARY,
            description=DESCRIPTION,
            license_info={"name": "MIT", "identifier": "MIT"},
            routes=app.routes,
        )
        # There is no authentication, and the document says so.
        schema["security"] = []
        # FastAPI knows no body of a problem: routes answer with it by reference.
        components = schema["components"]["schemas"] | _problem_schemas()
        schema["components"]["schemas"] = dict(sorted(components.items()))
        # FastAPI's `responses` would write a description of its own beside each reference.
        schema["components"]["responses"] = documentation.components()
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                for status, reference in documentation.responses(path).items():
                    operation["responses"].setdefault(status, reference)
        app.openapi_schema = schema
    return app.openapi_schema


def render(app: FastAPI, *, root_path: str = "") -> bytes:
    """The document as it is served below a root path.

    Without one it is what `shared-schemas/openapi.json` keeps.
    """
    schema = {**document(app), "servers": [{"url": root_path or "/"}]}
    return (json.dumps(schema, indent=2, ensure_ascii=False) + "\n").encode()


def _problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(
        mode="serialization", ref_template="#/components/schemas/{model}"
    )
    inner: dict[str, Any] = schema.pop("$defs")
    return {**inner, "Problem": schema}
