from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fastapi import FastAPI

from bakeoff import openapi

Service = Callable[..., FastAPI]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation["responses"]


def test_every_operation_refers_to_the_answers_of_the_limits(service: Service) -> None:
    document = openapi.document(service())
    components = document["components"]["responses"]
    for path, responses in operations(document):
        statuses = {"400", "408", "429", "431"}
        if path.startswith("/health/") or path == "/metrics":
            assert "429" not in responses
            statuses.remove("429")
        for status in statuses:
            assert set(responses[status]) == {"$ref"}
            name = responses[status]["$ref"].removeprefix("#/components/responses/")
            assert components[name]["description"]


def test_a_client_reads_from_the_document_that_it_will_be_told_when_to_come_back(
    service: Service,
) -> None:
    component = openapi.document(service())["components"]["responses"]["TooManyRequests"]
    assert "Retry-After" in component["headers"]


def test_no_setting_changes_the_document(service: Service) -> None:
    limited = service(rate_limit="1 per day", allowed_hosts=["a"], security_headers="on")
    assert openapi.render(limited) == openapi.render(service())
