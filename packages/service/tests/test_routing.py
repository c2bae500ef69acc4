from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from fastapi import APIRouter, Cookie, Depends, FastAPI, Header, Query, Request
from fastapi.routing import APIRoute
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.responses import JSONResponse, Response

from bakeoff import problems
from bakeoff.app import create_app
from bakeoff.routing import Route
from bakeoff.settings import Settings
from bakeoff_schemas import api, fields

SETTINGS = Settings(_env_file=None, backend="memory")  # type: ignore[call-arg]
NAMES = ("limit", "offset", "tag", "q", "sort", "in_print", "from", "to", "unheard-of", "")
VALUES = ("", "1", "-1", "id", "true", "a", "2024-05-01T12:00:00Z", "%", "ÿ", "x" * 60)


async def books(
    request: Request, book_id: fields.PathId, query: Annotated[api.BookListQuery, Query()]
) -> Response:
    return JSONResponse([book_id, repr(query)])


async def sales(request: Request, query: Annotated[api.SalesQuery, Query()]) -> Response:
    return JSONResponse(repr(query))


def app(route_class: type[APIRoute]) -> FastAPI:
    router = APIRouter(route_class=route_class)
    router.get("/books/{book_id}/like")(books)
    router.get("/sales")(sales)
    made = FastAPI()
    made.router.routes.extend(router.routes)
    problems.install(made)
    return made


OURS, FASTAPIS = app(Route), app(APIRoute)


def ask(target: FastAPI, path: str, *, method: str = "GET", root_path: str = "") -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(target, root_path=root_path)
        async with httpx.AsyncClient(transport=transport, base_url="http://bookstore") as client:
            return await client.request(method, path)

    return asyncio.run(asked())


@example(
    path="/books/{}/like",
    book_id="1",
    query=[("tag", "b"), ("tag", "a"), ("limit", "1"), ("limit", "2")],
)
@example(path="/sales", book_id="1", query=[("from", "2024-05-01T12:00:00Z"), ("limit", "3")])
@given(
    path=st.sampled_from(["/sales", "/books/{}/like"]),
    book_id=st.sampled_from(["1", "0", "x", "01", "9" * 19, "-1", "1.0", "١", "%20", "a/b"]),
    query=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=6),
)
def test_a_route_answers_what_fastapis_own_would(
    path: str, book_id: str, query: list[tuple[str, str]]
) -> None:
    asked = f"{path.format(quote(book_id))}?{urlencode(query)}"
    ours, expected = ask(OURS, asked), ask(FASTAPIS, asked)
    assert (ours.status_code, ours.content) == (expected.status_code, expected.content)


@pytest.mark.parametrize("parameter", [Depends(lambda: 1), Header(), Cookie()])
def test_a_route_that_needs_more_than_is_made_ready_is_refused_when_it_is_made(
    parameter: Any,
) -> None:
    async def endpoint(request: Request, more: int = parameter) -> Response:
        return Response()

    with pytest.raises(AssertionError, match="its path and its query alone"):
        Route("/books", endpoint)


@pytest.mark.parametrize("root_path", ["", "/shop"])
def test_a_service_below_another_path_finds_its_routes(root_path: str) -> None:
    service = create_app(SETTINGS)
    for path in ("/books", "/authors/1", "/health/live", "/orders?limit=1"):
        answer = ask(service, f"{root_path}{path}", root_path=root_path)
        assert answer.status_code == (404 if path == "/authors/1" else 200)
        assert "x-request-id" in answer.headers


def test_a_path_with_another_method_tells_which_one_it_has() -> None:
    answer = ask(create_app(SETTINGS), "/health/live", method="DELETE")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
