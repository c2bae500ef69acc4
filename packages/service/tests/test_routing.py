"""`Route` beside FastAPI's own: fails when FastAPI changes what `Route` relies on."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Query, Request
from fastapi.routing import APIRoute
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.responses import JSONResponse, Response

from bakeoff import problems, routing
from bakeoff.app import create_app
from bakeoff.routing import Route
from bakeoff.settings import Settings
from bakeoff_schemas import api, fields

SETTINGS = Settings(_env_file=None, backend="memory")  # type: ignore[call-arg]
NAMES = ("limit", "offset", "tag", "q", "sort", "in_print", "from", "to")
VALUES = ("", "1", "-1", "id", "true", "a", "2024-05-01T12:00:00Z", "%", "ÿ", "x" * 60)


async def get_method(request: Request) -> str:
    return request.method


async def books(
    method: Annotated[str, Depends(get_method)],
    book_id: fields.PathId,
    query: Annotated[api.BookListQuery, Query()],
) -> Response:
    return JSONResponse([method, book_id, repr(query)])


async def sales(request: Request, query: Annotated[api.SalesQuery, Query()]) -> Response:
    return JSONResponse([request.url.path, repr(query)])


def app(route_class: type[APIRoute]) -> FastAPI:
    router = APIRouter(route_class=route_class)
    router.get("/books/{book_id}/like")(books)
    router.get("/sales")(sales)
    made = FastAPI()
    made.include_router(router)
    problems.install(made)
    return made


OURS, FASTAPIS = app(Route), app(APIRoute)


def ask(target: FastAPI, path: str, *, method: str = "GET", **more: Any) -> httpx.Response:
    async def scenario() -> httpx.Response:
        transport = httpx.ASGITransport(target, root_path=more.pop("root_path", ""))
        async with httpx.AsyncClient(transport=transport, base_url="http://bookstore") as client:
            return await client.request(method, path, **more)

    return asyncio.run(scenario())


def queries() -> st.SearchStrategy[list[tuple[str, str]]]:
    pairs = st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES))
    return st.lists(pairs, max_size=6, unique_by=lambda pair: pair[0] == "tag" or pair[0])


@example(path="/books/{}/like", book_id="1", query=[("tag", "b"), ("tag", "a"), ("limit", "1")])
@example(path="/sales", book_id="1", query=[("from", "2024-05-01T12:00:00Z"), ("limit", "3")])
@given(
    path=st.sampled_from(["/sales", "/books/{}/like"]),
    book_id=st.sampled_from(["1", "0", "x", "01", "9" * 19, "-1", "1.0", "١", "%20", "a/b"]),
    query=queries(),
)
def test_a_route_answers_what_fastapis_own_would(
    path: str, book_id: str, query: list[tuple[str, str]]
) -> None:
    target = f"{path.format(quote(book_id))}?{urlencode(query)}"
    ours, expected = ask(OURS, target), ask(FASTAPIS, target)
    if ours.status_code == 422 and "unknown parameter" in ours.text:
        # FastAPI's own ignores it.
        known = NAMES[:6] if "like" in path else ("limit", "from", "to")
        assert any(name not in known for name, _ in query)
    else:
        assert (ours.status_code, ours.content) == (expected.status_code, expected.content)


def test_the_short_way_is_taken_where_it_should_be(monkeypatch: pytest.MonkeyPatch) -> None:
    plain: list[str] = []
    make = routing._plain

    def noted(dependant: Any, **more: Any) -> Any:
        plain.append(dependant.call.__name__)
        return make(dependant, **more)

    monkeypatch.setattr(routing, "_plain", noted)
    ask(create_app(SETTINGS), "/books")
    assert {"get_book", "list_books", "get_order", "list_users", "export_books"} <= set(plain)
    assert not {"create_book", "update_book", "place_order", "get_metrics"} & set(plain)
    assert "get_prices_synchronously" not in plain


def deny(authorization: Annotated[str | None, Header()] = None) -> None:
    if authorization is None:
        raise HTTPException(401)


async def deny_plainly(request: Request) -> None:
    deny(request.headers.get("authorization"))


@pytest.mark.parametrize("dependency", [deny, deny_plainly])
@pytest.mark.parametrize("where", ["route", "router", "inclusion", "application"])
def test_a_dependency_runs_wherever_it_was_declared(dependency: Any, where: str) -> None:
    def declared(at: str) -> list[Any]:
        return [Depends(dependency)] if at == where else []

    router = APIRouter(route_class=Route, dependencies=declared("router"))
    router.get("/sales", dependencies=declared("route"))(sales)
    made = FastAPI(dependencies=declared("application"))
    made.include_router(router, dependencies=declared("inclusion"))
    assert ask(made, "/sales").status_code == 401
    assert ask(made, "/sales", headers={"authorization": "yes"}).status_code == 200


def test_a_dependency_can_be_overridden() -> None:
    made = app(Route)

    async def overriding() -> str:
        return "overridden"

    made.dependency_overrides[get_method] = overriding
    assert ask(made, "/books/1/like").json()[0] == "overridden"


def test_a_dependency_that_was_declared_later_is_not_missed() -> None:
    """FastAPI makes the handlers of an included router anew when the router has changed."""
    router = APIRouter(route_class=Route)
    made = FastAPI()
    made.include_router(router)
    router.get("/sales", dependencies=[Depends(deny_plainly)])(sales)
    assert ask(made, "/sales").status_code == 401


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/books?limt=1", {"limt"}),
        ("/books?limit=1&limit=2", {"limit"}),
        ("/books?sort=id&sort=id&more=1", {"sort", "more"}),
        ("/books/1?limit=1", {"limit"}),
        ("/metrics?name=x", {"name"}),
        ("/health/live?x", {"x"}),
    ],
)
def test_an_unknown_or_repeated_parameter_is_named(path: str, names: set[str]) -> None:
    answer = ask(create_app(SETTINGS), path)
    assert answer.status_code == 422
    assert {tuple(error["loc"]) for error in answer.json()["errors"]} == {
        ("query", name) for name in names
    }


def test_what_may_be_repeated_may_be() -> None:
    service = create_app(SETTINGS)
    assert ask(service, "/books?tag=a&tag=b").status_code == 200
    assert ask(service, "/metrics?name[]=bakeoff_connections&name[]=x").status_code == 200


@pytest.mark.parametrize("root_path", ["", "/shop"])
def test_a_service_below_another_path_finds_its_routes(root_path: str) -> None:
    service = create_app(SETTINGS)
    for path in ("/books", "/authors/1", "/health/live", "/orders?limit=1"):
        answer = ask(service, f"{root_path}{path}", root_path=root_path)
        assert answer.status_code == (404 if path == "/authors/1" else 200)
        assert "x-request-id" in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/health/live", "GET, HEAD"),
        ("DELETE", "/books", "GET, HEAD, POST"),
        ("POST", "/books/1", "GET, HEAD, PUT, PATCH, DELETE"),
        ("POST", "/books/export", "GET, HEAD, PUT, PATCH, DELETE"),
        ("OPTIONS", "/books", "GET, HEAD, POST"),
        ("HEAD", "/orders/1/cancel", "POST"),
    ],
)
def test_a_path_with_another_method_names_all_it_has(method: str, path: str, allowed: str) -> None:
    answer = ask(create_app(SETTINGS), path, method=method)
    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed
