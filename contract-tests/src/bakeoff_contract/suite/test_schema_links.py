"""The links of the document are true: what was made is read, changed and removed by them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import requests
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import ensure_resource_availability, use_after_free

from bakeoff_contract.api import Api, Json, new_isbn, order_body
from bakeoff_contract.logged_in import LoggedIn, logged_in
from bakeoff_contract.schemas import CHECKS, address, known_ids, put_in, served_by
from bakeoff_contract.throwaway import Throwaway

_OF_A_BOOK = ["get_book", "replace_book", "update_book", "delete_book", "get_metadata"]
LINKS = {
    "create_author": ["get_author", "update_author", "delete_author", "list_books"],
    "create_book": _OF_A_BOOK,
    "upsert_book": _OF_A_BOOK,
    "create_user": ["get_user", "delete_user", "list_orders"],
    "place_order": ["get_order", "cancel_order"],
    "request_catalogue": ["get_catalogue"],
}
# Of features that are off by default.
_OFF = ["get_metadata", "request_catalogue", "get_catalogue"]
FOLLOWED = [(made, next_) for made in LINKS for next_ in LINKS[made] if next_ not in _OFF]


# --- one by one -----------------------------------------------------------------------------------


def _links(api: Api) -> dict[str, dict[str, Any]]:
    """The links of each operation that has some."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for path in api.seen("/openapi.json")["paths"].values():
        for operation in path.values():
            for answer in operation["responses"].values():
                found[operation["operationId"]] |= answer.get("links", {})
    return {name: links for name, links in found.items() if links}


def test_the_document_links_what_is_made_to_what_can_be_done_with_it(api: Api) -> None:
    declared = {name: sorted(links) for name, links in _links(api).items()}
    assert declared == {name: sorted(links) for name, links in LINKS.items()}


_MADE: dict[str, Callable[[Api], httpx.Response]] = {
    "create_author": lambda api: api.post("/authors", json={"name": "Jane Austen"}),
    "create_book": lambda api: api.post("/books", json=api.book_body()),
    "upsert_book": lambda api: api.put(f"/books/by-isbn/{new_isbn()}", json=api.book_body()),
    "create_user": lambda api: api.post("/users", json=api.user_body()),
    "place_order": lambda api: api.post(
        "/orders", json=order_body(api.user(), (api.book(stock=5), 1))
    ),
}
_BODIES: dict[str, Callable[[Api], Any]] = {
    "update_author": lambda api: {"born": "1775-12-16"},
    "update_book": lambda api: {"stock": 3},
    "replace_book": Api.book_body,
}


@pytest.mark.parametrize(("made", "followed"), FOLLOWED)
def test_a_link_leads_to_an_operation_that_succeeds(api: Api, made: str, followed: str) -> None:
    link = _links(api)[made][followed]
    answer = _MADE[made](api)
    assert answer.status_code == 201, answer.text
    values = {
        "$response.body#/id": str(answer.json()["id"]),
        "$response.header.ETag": answer.headers.get("etag"),
    }
    parameters = {name: values[written] for name, written in link["parameters"].items()}
    method, path, declared = _operation(api, link["operationId"])
    request: dict[str, Any] = {"params": {}, "headers": {}}
    for parameter in declared:
        if (name := parameter["name"]) not in parameters:
            continue
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", parameters[name])
        else:
            request["params" if parameter["in"] == "query" else "headers"][name] = parameters[name]
    if followed in _BODIES:
        request["json"] = _BODIES[followed](api)
    assert {one["name"] for one in declared}.issuperset(parameters)
    followed_to = api.request(method, path, **request)
    assert followed_to.is_success, followed_to.text


def _operation(api: Api, name: str) -> tuple[str, str, list[dict[str, Any]]]:
    for path, methods in api.seen("/openapi.json")["paths"].items():
        for method, operation in methods.items():
            if operation["operationId"] == name:
                return method, path, operation.get("parameters", [])
    raise AssertionError(f"no operation is called {name}")


# --- in scenarios ---------------------------------------------------------------------------------

# In CI the examples are the same each time: Hypothesis has a profile of its own for that.
_SCENARIOS = settings(
    max_examples=8,
    stateful_step_count=12,
    deadline=None,
    database=None,
    # Shrinking asks hundreds of times.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# What is gone is gone, and what was made is there.
_OF_SCENARIOS = [use_after_free, ensure_resource_availability]


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """One connection for all generated requests."""
    with requests.Session() as made:
        made.trust_env = False
        yield made


@pytest.fixture(scope="module")
def guarded(pytestconfig: pytest.Config, database: Throwaway | None) -> Iterator[LoggedIn]:
    """A service of the same backend that asks for tokens."""
    url = database.url if database else None
    with logged_in(pytestconfig.getoption("--backend"), url) as made:
        yield made


def _make_distinct(api: Api, case: Any) -> None:
    """Whether something is made must not depend on what is there: Hypothesis would lose its way."""
    body = case.body if isinstance(case.body, dict) else {}
    if isinstance(body.get("isbn"), str):
        body["isbn"] = new_isbn()
    if case.operation.label == "PUT /books/by-isbn/{isbn}":
        case.path_parameters["isbn"] = new_isbn()
        body.pop("isbn", None)
    if case.operation.label == "POST /users":
        body.update({name: api.user_body()[name] for name in ("username", "email") if name in body})
    if case.operation.label == "POST /orders":
        case.headers.pop("Idempotency-Key", None)


def _statuses(
    api: Api, session: requests.Session, *, maker: Api, customer: Json
) -> dict[str, set[int]]:
    """Make requests that follow from each other; the statuses of each operation.

    They are sent with the headers of `api`. `maker` may make what they need, for this customer.
    """
    statuses: dict[str, set[int]] = defaultdict(set)
    known = known_ids(maker, customer)
    token = api.headers.get("authorization")
    headers = {"Authorization": token} if token else {}
    requested = {"base_url": address(api), "session": session, "headers": headers}
    machine: Any = served_by(api).exclude(operation_id=_OFF).as_state_machine()

    class Scenario(machine):  # type: ignore[misc]
        def before_call(self, case: Any) -> None:
            put_in(case.body, known)
            _make_distinct(api, case)

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return dict(requested)

        def after_call(self, response: Any, case: Any) -> None:
            super().after_call(response, case)
            statuses[case.operation.label].add(response.status_code)

        def validate_response(self, response: Any, case: Any, *_: Any, **kwargs: Any) -> None:
            case.validate_response(
                response,
                checks=[*CHECKS, *_OF_SCENARIOS],
                transport_kwargs=kwargs,
                recorder=self.recorder,
            )

    Scenario.run(settings=_SCENARIOS)
    return statuses


def _assert_something_was_done(statuses: dict[str, set[int]]) -> None:
    """In so many steps something is made and read, whatever is drawn."""
    done = {name.split()[0] for name, seen in statuses.items() if seen & {200, 201}}
    assert {"POST", "GET"} <= done, statuses


def test_requests_that_follow_from_each_other_get_only_declared_answers(
    api: Api, session: requests.Session
) -> None:
    statuses = _statuses(api, session, maker=api, customer=api.user())
    _assert_something_was_done(statuses)


@pytest.mark.needs("settings")
def test_requests_of_an_administrator_that_follow_from_each_other_get_only_declared_answers(
    guarded: LoggedIn, session: requests.Session
) -> None:
    someone = guarded.administrator
    statuses = _statuses(someone.api, session, maker=someone.api, customer=someone.user)
    _assert_something_was_done(statuses)


@pytest.mark.needs("settings")
def test_whoever_has_no_token_can_add_a_customer_and_go_on_from_there_to_nothing(
    guarded: LoggedIn, session: requests.Session
) -> None:
    someone = guarded.administrator
    statuses = _statuses(guarded.anonymous, session, maker=someone.api, customer=someone.user)
    done = {name for name, seen in statuses.items() if any(status < 400 for status in seen)}
    assert done <= {"POST /users"}, statuses
    assert any(401 in seen for seen in statuses.values()), statuses
