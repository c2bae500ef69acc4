from __future__ import annotations

import json
import re
from collections.abc import Iterator
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


def test_operation_ids_are_distinct_and_what_a_person_would_call_a_method() -> None:
    ids = [operation["operationId"] for _, operation in operations()]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+){1,3}", name) for name in ids)
    assert {"create_author", "get_book", "list_books", "place_order", "get_metrics"} <= set(ids)


def test_every_enumeration_that_a_client_is_generated_for_has_a_title() -> None:
    def enumerations(part: Any) -> Iterator[dict[str, Any]]:
        if isinstance(part, dict):
            if "enum" in part and len(part["enum"]) > 1:
                yield part
            part = list(part.values())
        for inner in part if isinstance(part, list) else ():
            yield from enumerations(inner)

    titles = {part.get("title") for part in enumerations(json.loads(GOLDEN.read_bytes()))}
    assert titles == {"BookSort", "OrderStatus", "Database", "MetadataSource", "ReportStatus"}


# --- Redocly's recommended rules, as far as they can be told without it -------------------------
# `npx @redocly/cli lint shared-schemas/openapi.json` applies all of them; there are no exceptions.


def test_the_document_names_its_server_its_licence_and_its_security() -> None:
    document = json.loads(GOLDEN.read_bytes())
    assert document["servers"] == [{"url": "/"}]
    assert document["info"]["license"]["identifier"]
    assert document["security"] == []


def test_every_operation_declares_a_success_and_a_refusal() -> None:
    for name, operation in operations():
        statuses = set(operation["responses"])
        assert any(status.startswith("2") for status in statuses), name
        assert any(status.startswith("4") for status in statuses), name


def test_every_path_parameter_is_declared_and_no_two_paths_are_the_same() -> None:
    document = json.loads(GOLDEN.read_bytes())
    shapes = [re.sub(r"\{\w+\}", "{}", path) for path in document["paths"]]
    assert len(set(shapes)) == len(shapes)
    for name, operation in operations():
        declared = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", name)), name
        keys = [(p["name"], p["in"]) for p in operation.get("parameters", ())]
        assert len(set(keys)) == len(keys), name


def test_every_component_is_used_and_every_reference_is_there() -> None:
    text = GOLDEN.read_text()
    references = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', text))
    assert references == set(json.loads(text)["components"]["schemas"])


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
