from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bakeoff import openapi
from bakeoff.app import create_app
from bakeoff.backends import installed
from bakeoff.settings import Settings

GOLDEN = Path(__file__).parents[3] / "shared-schemas/openapi.json"


def rendered(backend: str) -> bytes:
    return openapi.render(create_app(Settings(_env_file=None, backend=backend)))  # type: ignore[call-arg]


@pytest.mark.parametrize("backend", list(installed()))
def test_every_backend_serves_the_golden_document_byte_for_byte(backend: str) -> None:
    assert rendered(backend) == GOLDEN.read_bytes(), "nox -s openapi -- --write rewrites it"


def operations() -> list[tuple[str, dict[str, Any]]]:
    document = json.loads(GOLDEN.read_bytes())
    return [
        (f"{method} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_operation_is_described() -> None:
    for name, operation in operations():
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"], name


def test_operation_names_are_distinct() -> None:
    names = [operation["operationId"] for _, operation in operations()]
    assert len(set(names)) == len(names)


def test_every_field_of_an_answer_and_of_a_body_is_typed() -> None:
    document = json.loads(GOLDEN.read_bytes())
    for name, schema in document["components"]["schemas"].items():
        assert schema["type"] == "object", name
        for field, described in schema["properties"].items():
            assert {"type", "anyOf", "$ref"} & set(described), f"{name}.{field}"


def test_a_password_is_write_only() -> None:
    document = json.loads(GOLDEN.read_bytes())
    schemas = document["components"]["schemas"]
    assert schemas["UserBody"]["properties"]["password"]["writeOnly"] is True
    assert "password" not in schemas["User"]["properties"]
