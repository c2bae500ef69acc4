"""The table of docs/threat-model.md, which says who may do what, is what the service does."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

from bakeoff.auth.bearer import authorized, bearer, bearer_of_websocket
from bakeoff.auth.settings import Mode
from bakeoff_contract.logged_in import KEYS, PASSWORD, add_user
from bakeoff_contract.service import application

PAGE = Path(__file__).parents[4] / "docs/threat-model.md"
OPEN, TOKEN = "open", "a token"
ONESELF, ANYBODY = "oneself", "anybody"
# Pages and their files, which no setting closes.
PAGES = {"/", "/docs", "/docs/assets", "/openapi.json"}

ROW = re.compile(r"\| `([A-Z]+ /\S*)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|")


def written() -> dict[str, tuple[str, str, str]]:
    """What the page says of each operation: needed with `writes`, with `all`, and for whom."""
    rows = [row for line in PAGE.read_text("utf-8").splitlines() if (row := ROW.fullmatch(line))]
    table = {row[1]: (_plain(row[2]), _plain(row[3]), _plain(row[4])) for row in rows}
    assert len(table) == len(rows), "an operation stands in the table twice"
    return table


def _plain(cell: str) -> str:
    return cell.strip().replace("`", "")


def needed(mode: Mode) -> dict[str, str]:
    """What the routes of a service ask for: nothing, a token, or a scope."""
    found = {}
    for route in iter_route_contexts(service(mode).routes):
        if isinstance(route.original_route, APIWebSocketRoute):
            found[f"WEBSOCKET {route.path}"] = _asked(route.dependant)
        elif isinstance(route.original_route, APIRoute):
            for method in route.methods or ():
                found[f"{method} {route.path}"] = _asked(route.dependant)
    return found


def _asked(dependant: Dependant) -> str:
    every = list(_all(dependant))
    scopes = {s for one in every if one.call is authorized for s in one.own_oauth_scopes or ()}
    if scopes:
        return " ".join(sorted(scopes))
    asks = any(one.call in (bearer, bearer_of_websocket) for one in every)
    return TOKEN if asks else OPEN


def _all(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for one in dependant.dependencies:
        yield from _all(one)


def service(mode: Mode = "all") -> FastAPI:
    return application("memory", auth=mode, auth_keys=KEYS, auth_attempts="1000 per minute")


def test_the_table_says_of_every_operation_what_it_needs() -> None:
    table = written()
    assert {name: row[0] for name, row in table.items()} == needed("writes")
    assert {name: row[1] for name, row in table.items()} == needed("all")


def test_what_is_no_operation_is_a_page() -> None:
    others = {
        route.path
        for route in iter_route_contexts(service().routes)
        if not isinstance(route.original_route, APIRoute | APIWebSocketRoute)
    }
    assert others == PAGES


# --- for whom -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shop:
    """A bookstore that asks for tokens: a customer with an order, a stranger, an administrator."""

    client: httpx.AsyncClient
    user_id: str
    order_id: str
    tokens: dict[str, str]

    async def ask(self, who: str, operation: str) -> int:
        method, path = operation.split(" ", 1)
        for name, value in {
            "user_id": self.user_id,
            "order_id": self.order_id,
            "report_id": str(uuid.uuid4()),
            "isbn": "9780306406157",
            "book_id": "1",
            "author_id": "1",
        }.items():
            path = path.replace(f"{{{name}}}", value)
        if operation == "GET /orders":
            path += f"?customer_id={self.user_id}"
        body = self._order() if operation == "POST /orders" else {}
        json = body if method in ("POST", "PUT", "PATCH") else None
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        return (await self.client.request(method, path, json=json, headers=headers)).status_code

    def _order(self) -> dict[str, Any]:
        return {"customer_id": self.user_id, "lines": [{"book_id": 1, "quantity": 1}]}


def in_a_shop(scenario: Callable[[Shop], Any]) -> Any:
    app = service()

    async def run() -> Any:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            return await scenario(await _stocked(app, client))

    return asyncio.run(run())


async def _stocked(app: FastAPI, client: httpx.AsyncClient) -> Shop:
    people = {"the owner": "ged", "a stranger": "tenar", "an administrator": "ogion"}
    tokens = {}
    for who, name in people.items():
        await add_user(app, name, is_admin=name == "ogion")
        form = {"username": name, "password": PASSWORD}
        tokens[who] = (await client.post("/auth/token", data=form)).json()["access_token"]
    admin = {"authorization": f"Bearer {tokens['an administrator']}"}
    owner = {"authorization": f"Bearer {tokens['the owner']}"}
    await client.post("/authors", json={"name": "Le Guin"}, headers=admin)
    book = {"title": "Tehanu", "author_id": 1, "price": "1", "stock": 9}
    assert (await client.post("/books", json=book, headers=admin)).status_code == 201
    user_id = (await client.get("/users/me", headers=owner)).json()["id"]
    shop = Shop(client, user_id, "", tokens)
    order = await client.post("/orders", json=shop._order(), headers=owner)
    return Shop(client, user_id, order.json()["id"], tokens)


def operations(whose: str) -> list[str]:
    """All of HTTP; that a WebSocket asks for a token is tested in `cli/test_websockets.py`."""
    return [
        name
        for name, row in written().items()
        if row[2] == whose and not name.startswith("WEBSOCKET ")
    ]


def test_every_operation_is_for_somebody() -> None:
    assert {row[2] for row in written().values()} == {ONESELF, ANYBODY}
    # Where customers and orders are at stake, each is for oneself, but what has a scope for all.
    about_people = [
        name
        for name, row in written().items()
        if re.search(r"/(orders|users)\b", name) and row[1] not in (OPEN, "users:admin")
    ]
    assert operations(ONESELF) == about_people


@pytest.mark.parametrize("operation", operations(ONESELF))
def test_what_is_for_oneself_is_refused_to_a_stranger_and_to_nobody_else(operation: str) -> None:
    # They mean whoever asks, and nobody can be named.
    names_nobody = operation.endswith("/users/me")

    async def scenario(shop: Shop) -> None:
        stranger = await shop.ask("a stranger", operation)
        if names_nobody:
            assert stranger < 300
        else:
            assert stranger == (404 if "{order_id}" in operation else 403)
        assert await shop.ask("an administrator", operation) not in (401, 403, 404)
        assert await shop.ask("the owner", operation) not in (401, 403, 404)

    in_a_shop(scenario)


@pytest.mark.parametrize("operation", operations(ANYBODY))
def test_what_is_for_anybody_asks_for_no_more_than_the_table_says(operation: str) -> None:
    scope = written()[operation][1]
    allowed = scope in (OPEN, TOKEN)

    async def scenario(shop: Shop) -> None:
        stranger = await shop.ask("a stranger", operation)
        assert (stranger not in (401, 403)) == allowed
        assert await shop.ask("an administrator", operation) != 403

    in_a_shop(scenario)
