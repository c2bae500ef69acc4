"""The document is true: whatever is sent, sound or not, only declared answers come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

from bakeoff_contract.api import Api
from bakeoff_contract.logged_in import LoggedIn, logged_in
from bakeoff_contract.schemas import CHECKS, address, known_ids, put_in, served_by
from bakeoff_contract.throwaway import Throwaway

OPERATIONS = [
    "POST /authors",
    "GET /authors",
    "GET /authors/{author_id}",
    "PATCH /authors/{author_id}",
    "DELETE /authors/{author_id}",
    "POST /books",
    "GET /books",
    "POST /books/bulk",
    "GET /books/export",
    "GET /books/changes",
    "PUT /books/by-isbn/{isbn}",
    "GET /books/{book_id}",
    "PUT /books/{book_id}",
    "PATCH /books/{book_id}",
    "DELETE /books/{book_id}",
    "GET /books/{book_id}/metadata",
    "POST /users",
    "GET /users",
    "GET /users/me",
    "DELETE /users/me",
    "GET /users/{user_id}",
    "DELETE /users/{user_id}",
    "POST /orders",
    "GET /orders",
    "GET /orders/{order_id}",
    "POST /orders/{order_id}/cancel",
    "GET /reports/sales-by-author",
    "GET /reports/prices-by-tag",
    "POST /auth/token",
    "POST /auth/refresh",
    "POST /auth/revoke",
    "GET /reports/prices-by-tag/sync",
    "POST /reports/catalogue",
    "GET /reports/catalogue/{report_id}",
    "GET /health/live",
    "GET /health/ready",
    "GET /info",
    "GET /metrics",
]
WITHOUT_INPUT = {
    "GET /books/export",
    "GET /reports/prices-by-tag",
    "GET /users/me",
    "DELETE /users/me",
    "GET /reports/prices-by-tag/sync",
    "POST /reports/catalogue",
    "GET /health/live",
    "GET /health/ready",
    "GET /info",
    "GET /metrics",
}


@pytest.fixture(scope="module")
def schema(api: Api) -> Any:
    """The document that the service under test serves."""
    return served_by(api)


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """One connection for all generated requests."""
    with requests.Session() as made:
        made.trust_env = False
        yield made


def test_the_document_declares_every_operation_of_the_contract_and_no_other(api: Api) -> None:
    paths = api.seen("/openapi.json")["paths"]
    declared = [f"{method.upper()} {path}" for path in paths for method in paths[path]]
    assert sorted(declared) == sorted(OPERATIONS)


@pytest.fixture(scope="module")
def known(api: Api) -> dict[str, Any]:
    """Ids that name something: with random ones every answer would be 404."""
    return known_ids(api, api.user())


@pytest.mark.parametrize("name", OPERATIONS)
def test_sound_requests_get_only_declared_answers(
    api: Api, schema: Any, session: requests.Session, known: dict[str, Any], name: str
) -> None:
    @_EXAMPLES
    @given(case=_operation(schema, name).as_strategy(generation_mode=GenerationMode.POSITIVE))
    def answered_as_declared(case: Any) -> None:
        put_in(case.path_parameters, known)
        put_in(case.body, known)
        case.call_and_validate(base_url=address(api), session=session, checks=CHECKS)

    answered_as_declared()


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in WITHOUT_INPUT])
def test_unsound_requests_are_refused_as_declared(
    api: Api, schema: Any, session: requests.Session, known: dict[str, Any], name: str
) -> None:
    @_EXAMPLES
    @given(case=_operation(schema, name).as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def refused_as_declared(case: Any) -> None:
        put_in(case.path_parameters, known)
        checks = [*CHECKS, negative_data_rejection]
        case.call_and_validate(base_url=address(api), session=session, checks=checks)

    refused_as_declared()


_EXAMPLES = settings(
    max_examples=3, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def _operation(schema: Any, name: str) -> Any:
    operation = schema.find_operation_by_label(name)
    assert operation is not None, f"{name} is not declared"
    return operation


# --- with tokens ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guarded(pytestconfig: pytest.Config, database: Throwaway | None) -> Iterator[LoggedIn]:
    """A service of the same backend that asks for tokens."""
    url = database.url if database else None
    with logged_in(pytestconfig.getoption("--backend"), url) as made:
        yield made


@pytest.fixture(scope="module")
def known_to_administrator(guarded: LoggedIn) -> dict[str, Any]:
    """Ids of what the administrator made; who has orders cannot be removed, not even by oneself."""
    return known_ids(guarded.administrator.api, guarded.administrator.user)


@pytest.mark.needs("settings")
@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("caller", ["administrator", "nobody"])
def test_sound_requests_get_only_declared_answers_with_a_token_and_without(
    guarded: LoggedIn,
    schema: Any,
    session: requests.Session,
    known_to_administrator: dict[str, Any],
    caller: str,
    name: str,
) -> None:
    someone = guarded.administrator if caller == "administrator" else None
    headers = {"Authorization": f"Bearer {someone.tokens['access_token']}"} if someone else {}

    @settings(_EXAMPLES, max_examples=2)
    @given(case=_operation(schema, name).as_strategy(generation_mode=GenerationMode.POSITIVE))
    def answered_as_declared(case: Any) -> None:
        put_in(case.path_parameters, known_to_administrator)
        put_in(case.body, known_to_administrator)
        case.call_and_validate(
            base_url=address(guarded.anonymous), session=session, headers=headers, checks=CHECKS
        )

    answered_as_declared()
