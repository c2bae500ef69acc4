"""Which routes depend on a token: nothing is forgotten, and nothing is added where it is off."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Literal

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

from bakeoff import openapi, routing
from bakeoff.auth.bearer import bearer, bearer_of_websocket
from bakeoff.auth.routes import LARGEST_FORM
from bakeoff.auth.settings import Mode
from bakeoff_contract.logged_in import KEYS, PASSWORD, add_user
from bakeoff_contract.service import application

# What must stay open, or nobody could begin.
OPEN = {
    "POST /users",
    "POST /auth/token",
    "POST /auth/refresh",
    "POST /auth/revoke",
    "GET /health/live",
    "GET /health/ready",
    "GET /info",
    "GET /metrics",
}
PRIVATE = {"GET /users", "GET /users/me", "GET /users/{user_id}"}


def service(mode: Mode = "all", **settings: Any) -> FastAPI:
    return application("memory", auth=mode, auth_keys=KEYS, **settings)


def routes(app: FastAPI) -> Iterator[tuple[str, Any]]:
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute):
            for method in route.methods or ():
                yield f"{method} {route.path}", route


def asks(dependant: Dependant) -> bool:
    return dependant.call is bearer or any(map(asks, dependant.dependencies))


def guarded(mode: Mode) -> set[str]:
    return {name for name, route in routes(service(mode)) if asks(route.dependant)}


def test_when_it_is_off_no_route_knows_of_it() -> None:
    assert guarded("off") == set()


def test_with_writes_everything_that_changes_something_asks_and_customers_are_private() -> None:
    every = {name for name, _ in routes(service("writes"))}
    changes = {name for name in every if not name.startswith("GET ")}
    assert guarded("writes") == (changes - OPEN) | PRIVATE


def test_with_all_everything_asks_but_what_must_be_open() -> None:
    every = {name for name, _ in routes(service("all"))}
    assert every - guarded("all") == OPEN


def test_every_websocket_asks_where_reads_do() -> None:
    def asking(mode: Mode) -> dict[str | None, bool]:
        return {
            route.path: any(
                needed.call is bearer_of_websocket for needed in route.dependant.dependencies
            )
            for route in iter_route_contexts(service(mode).routes)
            if isinstance(route.original_route, APIWebSocketRoute)
        }

    assert asking("off") == asking("writes") == {"/ws/books": False}
    assert asking("all") == {"/ws/books": True}


@pytest.mark.parametrize("mode", ["off", "writes", "all"])
def test_plain_reads_stay_plain(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    plain: set[str] = set()
    make = routing._plain

    def noted(dependant: Any, **more: Any) -> Any:
        plain.add(dependant.call.__name__)
        return make(dependant, **more)

    monkeypatch.setattr(routing, "_plain", noted)
    list(routes(service(mode)))
    assert {"get_book", "list_books", "export_books", "get_order", "get_me"} <= plain


def ask(app: FastAPI, method: str, path: str, **more: Any) -> httpx.Response:
    async def scenario() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=more.pop("client", ("192.0.2.1", 1)))
        async with httpx.AsyncClient(transport=transport, base_url="http://bookstore") as client:
            return await client.request(method, path, **more)

    return asyncio.run(scenario())


def token(app: FastAPI, *, is_admin: bool = False) -> dict[str, str]:
    """A header of somebody who is logged in."""
    name = "tenar" if is_admin else "ged"
    asyncio.run(add_user(app, name, is_admin=is_admin))
    answer = ask(app, "POST", "/auth/token", data={"username": name, "password": PASSWORD})
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


def test_a_token_comes_before_the_fields_of_a_request() -> None:
    app = service()
    for path in ("/books/x", "/books?sort=x", "/orders/x"):
        assert ask(app, "GET", path).status_code == 401
    assert ask(app, "POST", "/books", json={}).status_code == 401


def test_scopes_come_before_the_fields_of_a_request() -> None:
    app = service()
    headers = token(app)
    assert ask(app, "POST", "/books", json={}, headers=headers).status_code == 403
    headers = token(app, is_admin=True)
    assert ask(app, "POST", "/books", json={}, headers=headers).status_code == 422


def test_a_client_without_an_address_can_log_in() -> None:
    app = service()
    asyncio.run(add_user(app, "ged"))
    form = {"username": "ged", "password": PASSWORD}
    assert ask(app, "POST", "/auth/token", data=form, client=None).status_code == 200


def test_a_form_is_bounded_whether_or_not_it_says_its_length() -> None:
    async def chunks() -> Any:
        for _ in range(100):
            yield b"a" * 1000

    headers = {"content-type": "application/x-www-form-urlencoded"}
    for content in (b"a" * (LARGEST_FORM + 1), chunks()):
        answer = ask(service(), "POST", "/auth/token", content=content, headers=headers)
        assert answer.status_code == 413
        assert answer.json()["type"].endswith(":too-large")


@pytest.mark.parametrize("media_type", ["multipart/form-data", "multipart/form-data; boundary=x"])
def test_what_is_no_form_is_a_problem_of_the_body(media_type: str) -> None:
    headers = {"content-type": media_type}
    answer = ask(service(), "POST", "/auth/token", content=b"--y\r\n\r\nx", headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"][0] == "body"


def test_a_page_of_another_origin_may_send_a_token_and_see_why_it_is_refused() -> None:
    app = service(cors_origins=["https://shop.example"])
    origin = {"origin": "https://shop.example"}
    preflight = origin | {
        "access-control-request-method": "GET",
        "access-control-request-headers": "authorization",
    }
    assert ask(app, "OPTIONS", "/books", headers=preflight).status_code == 200
    refused = ask(app, "GET", "/books", headers=origin)
    assert "WWW-Authenticate" in refused.headers["access-control-expose-headers"]


# --- the document ---------------------------------------------------------------------------------


def document(mode: Literal["off", "writes", "all"], *, root_path: str = "") -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(openapi.render(service(mode), root_path=root_path))
    return parsed


def test_the_document_does_not_depend_on_the_setting() -> None:
    assert document("off") == document("writes") == document("all")


def test_the_document_says_which_scopes_an_operation_needs_and_that_it_may_need_none() -> None:
    paths = document("off")["paths"]
    expected = {
        ("get", "/books"): [],
        ("post", "/books"): ["catalogue:write"],
        ("put", "/books/by-isbn/{isbn}"): ["catalogue:write"],
        ("delete", "/authors/{author_id}"): ["catalogue:write"],
        ("post", "/orders"): ["orders:write"],
        ("post", "/orders/{order_id}/cancel"): ["orders:write"],
        ("get", "/users"): ["users:admin"],
        ("get", "/users/{user_id}"): [],
        ("delete", "/users/me"): [],
    }
    for (method, path), scopes in expected.items():
        assert paths[path][method]["security"] == [{"OAuth2": scopes}, {}], path
        assert "401" in paths[path][method]["responses"]
        assert "403" in paths[path][method]["responses"] or not scopes
    for name in OPEN:
        method, path = name.split()
        assert "security" not in paths[path][method.lower()]


def test_the_document_says_where_to_log_in_below_the_root_path() -> None:
    for root_path in ("", "/shop"):
        schemes = document("off", root_path=root_path)["components"]["securitySchemes"]
        flow = schemes["OAuth2"]["flows"]["password"]
        assert flow["tokenUrl"] == f"{root_path}/auth/token"
        assert flow["refreshUrl"] == f"{root_path}/auth/refresh"
        assert set(flow["scopes"]) == {"catalogue:write", "orders:write", "users:admin"}


def test_switched_off_it_imports_neither_of_its_libraries() -> None:
    code = (
        "import sys; from bakeoff.app import create_app; from bakeoff.settings import Settings; "
        "create_app(Settings(_env_file=None, backend='memory')); "
        "assert not {'jwt', 'limits'} & set(sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
