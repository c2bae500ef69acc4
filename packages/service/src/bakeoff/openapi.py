"""The OpenAPI document: one for every backend, to the byte."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

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
            title="Bakeoff bookstore",
            version=VERSION,
            summary=SUMMARY,
            description=DESCRIPTION,
            license_info={"name": "MIT", "identifier": "MIT"},
            routes=app.routes,
        )
        # Named by every error answer, but the body of none that FastAPI knows of.
        components = schema["components"]["schemas"]
        for name, part in _problem_schemas().items():
            components[name] = part
        schema["components"]["schemas"] = dict(sorted(components.items()))
        app.openapi_schema = schema
    return app.openapi_schema


def render(app: FastAPI) -> bytes:
    """The document as it is served, and as it is kept in `shared-schemas/openapi.json`."""
    return (json.dumps(document(app), indent=2, ensure_ascii=False) + "\n").encode()


def _problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(
        mode="serialization", ref_template="#/components/schemas/{model}"
    )
    inner: dict[str, Any] = schema.pop("$defs")
    return {**inner, "Problem": schema}
